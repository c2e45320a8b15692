#include "sim/faults/config.h"

#include "sim/config/units.h"

namespace headroom::faults {
namespace {

std::string print(const Distribution<Duration>& d) {
  const auto* constant = std::get_if<law::Constant>(&d.law);
  return (constant == nullptr ? "about " : "") + config::print(d.mean());
}

}  // namespace

void FaultConfig::check(const FaultConfig& f, Complaints& complaints) {
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
  else if (f.every && *f.length >= *f.every)
    complaints.add("for", "it strikes again before it is over, expected less than every");
}

std::string name_of(const Kind& kind) {
  return std::visit([](const auto& k) { return std::string(k.tag) + " " + k.subject(); }, kind);
}

std::string describe_fault(const FaultConfig& f) {
  std::string text = name_of(f.kind) + ": ";
  if (f.stochastic()) {
    text += "fails after " + print(*f.mttf) + ", repaired after " + print(*f.mttr);
  } else {
    text += "at " + config::print(f.first().since_start());
    text += f.length ? ", for " + config::print(*f.length) : ", to the end";
    if (f.every) text += ", every " + config::print(*f.every);
  }
  const Duration recovery = std::visit([](const auto& k) { return k.recovery(); }, f.kind);
  const bool ends = f.stochastic() || f.length;
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
    if (!fault.stochastic() && fault.first() >= end)
      complaints.add(path + (fault.at ? ".at" : ".every"),
                     "this fault begins after the end of the run, expected less than " +
                         config::print(end.since_start()) + " (run.warmup + run.duration)");
  }
}

}  // namespace headroom::faults
