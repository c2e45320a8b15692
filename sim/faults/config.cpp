#include "sim/faults/config.h"

#include "sim/config/units.h"

namespace headroom::faults {
namespace {

std::string print(const Distribution<Duration>& d) {
  const auto* constant = std::get_if<law::Constant>(&d.law);
  return (constant == nullptr ? "about " : "") + config::print(d.mean());
}

void check_times_of_moment(const FaultConfig& f, Complaints& complaints) {
  if (f.mttf || f.mttr)
    complaints.add(f.mttf ? "mttf" : "mttr",
                   "this is over at once and needs no repair, expected at or every");
  else if (f.length)
    complaints.add("for", "this is over at once, expected at and every only");
  else if (!f.at && !f.every)
    complaints.add("", "nothing says when this strikes, expected at or every");
}

void check_times(const FaultConfig& f, Complaints& complaints) {
  const bool scheduled = f.at || f.every || f.length;
  if (f.mttf.has_value() != f.mttr.has_value())
    complaints.add(f.mttf ? "mttf" : "mttr", "expected mttf and mttr, got only one of them");
  else if (f.mttf && scheduled)
    complaints.add("mttf",
                   "this fault strikes on a schedule and at random, expected at, every and for, or mttf and "
                   "mttr");
  else if (!f.mttf && !f.at && !f.every)
    complaints.add("", "nothing says when this strikes, expected at, every and for, or mttf and mttr");
  else if (f.every && !f.length)
    complaints.add("every", "a fault that strikes again must end before, expected for");
  else if (f.every && *f.length > *f.every)
    complaints.add("for", "it strikes again before it is over, expected no more than every");
}

void check_times_of_push(const FaultConfig& f, Complaints& complaints) {
  if (f.mttf || f.mttr)
    complaints.add(f.mttf ? "mttf" : "mttr",
                   "somebody pushes a configuration at some date, expected at or every");
  else if (f.length)
    complaints.add("for",
                   "a push lasts until it is rolled back, expected detect_after and roll_back instead");
  else if (!f.at && !f.every)
    complaints.add("", "nothing says when this strikes, expected at or every");
  else if (f.every && !f.lasts())
    complaints.add("every", "a push that comes again must be rolled back before, expected detect_after");
  else if (f.every && *f.lasts() > *f.every)
    complaints.add(
        "every", "it strikes again before it is rolled back, expected at least " + config::print(*f.lasts()));
}

void check_times_of_bug(const FaultConfig& f, Complaints& complaints) {
  if (f.mttf || f.mttr)
    complaints.add(f.mttf ? "mttf" : "mttr",
                   "the bug's trigger says when it fires, expected at and for only");
  else if (f.every)
    complaints.add("every", "a bug fires once, trigger after at, expected at and for only");
}

}  // namespace

void FaultConfig::check(const FaultConfig& f, Complaints& complaints) {
  std::visit(
      [&]<class K>(const K&) {
        if constexpr (Momentary<K>)
          check_times_of_moment(f, complaints);
        else if constexpr (Lasting<K>)
          check_times_of_push(f, complaints);
        else if constexpr (Triggered<K>)
          check_times_of_bug(f, complaints);
        else
          check_times(f, complaints);
      },
      f.kind);
  if (f.mttf && f.mttr && f.mttf->mean() + f.mttr->mean() < Duration::us(10))
    complaints.add("mttf", "it fails and is repaired again and again within " +
                               config::print(f.mttf->mean() + f.mttr->mean()) +
                               ", expected at least 10us for mttf and mttr together");
  if (f.common_cause && !f.stochastic())
    complaints.add("common_cause", "it is a share of a failure rate, expected mttf and mttr");
  else if (f.common_cause && !std::holds_alternative<law::Exponential>(f.mttf->law))
    complaints.add("common_cause",
                   "it is a share of a failure rate, and only one that is always the same can be shared, "
                   "expected mttf: {exponential: {mean: …}}");
}

TimePoint FaultConfig::first() const {
  const TimePoint date = due();
  return std::visit(
      [&]<class K>(const K& k) {
        if constexpr (Triggered<K>)
          return date + k.trigger.least();
        else
          return date;
      },
      kind);
}

Duration FaultConfig::recovery() const {
  return std::visit([](const auto& k) { return k.recovery(); }, kind);
}

std::optional<Duration> FaultConfig::lasts() const {
  return std::visit(
      [&]<class K>(const K& k) -> std::optional<Duration> {
        if constexpr (Momentary<K>)
          return Duration();
        else if constexpr (Lasting<K>)
          return k.length();
        else
          return length;
      },
      kind);
}

Duration onset(const Kind& kind) {
  return std::visit(
      []<class K>(const K& k) {
        if constexpr (Gradual<K>)
          return k.onset();
        else
          return Duration();
      },
      kind);
}

MoreLoad more_load(const Kind& kind) {
  return std::visit(
      []<class K>(const K& k) {
        if constexpr (Loading<K>)
          return k.more_load();
        else
          return MoreLoad();
      },
      kind);
}

std::string name_of(const Kind& kind) {
  return std::visit([](const auto& k) { return std::string(k.tag) + " " + k.subject(); }, kind);
}

std::string describe_fault(const FaultConfig& f) {
  std::string text = name_of(f.kind) + ": ";
  if (f.stochastic()) {
    text += "fails after " + print(*f.mttf) + ", repaired after " + print(*f.mttr);
    if (f.common_cause) text += ", " + config::print(*f.common_cause) + " of it all at once";
  } else {
    text += "at " + config::print(f.due().since_start());
    std::visit(
        [&]<class K>(const K& k) {
          if constexpr (Triggered<K>) text += ", fires " + print(k.trigger) + " later";
        },
        f.kind);
    const auto lasts = f.lasts();
    if (lasts != Duration()) text += lasts ? ", for " + config::print(*lasts) : ", to the end";
    if (f.every) text += ", every " + config::print(*f.every);
  }
  if (f.probability) text += ", each with probability " + config::print(*f.probability);
  const Duration recovery = f.recovery();
  const bool ends = f.stochastic() || f.lasts();
  if (ends && recovery > Duration()) text += "; then " + config::print(recovery) + " to come up again";
  return text;
}

void check_faults(const std::vector<FaultConfig>& faults, const Names& names, TimePoint end,
                  Complaints& complaints) {
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const FaultConfig& fault = faults[i];
    const std::string path = std::to_string(i);
    std::visit(
        [&](const auto& kind) { kind.check_targets(path + "." + std::string(kind.tag), names, complaints); },
        fault.kind);
    const std::size_t alone =
        std::visit([&](const auto& kind) { return kind.parts(names.topology).size(); }, fault.kind);
    if (fault.common_cause && alone < 2)
      complaints.add(path + ".common_cause",
                     name_of(fault.kind) +
                         " fails as a whole, so there is nothing to have in common, expected a group/… or a "
                         "list of targets");
    if (!fault.stochastic() && fault.first() >= end)
      complaints.add(path + (fault.at      ? ".at"
                             : fault.every ? ".every"
                                           : ""),
                     "this fault begins after the end of the run, expected less than " +
                         config::print(end.since_start()) + " (run.warmup + run.duration)");
  }
}

}  // namespace headroom::faults
