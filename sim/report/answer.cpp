#include "sim/report/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "sim/report/numbers.h"
#include "sim/report/verdicts.h"

namespace headroom::report {
namespace {

/// "about 40 min"
std::string about(double seconds) {
  static constexpr std::array<std::pair<double, const char*>, 3> kUnits = {
      {{86400, "d"}, {3600, "h"}, {60, "min"}}};
  for (const auto& [length, unit] : kUnits)
    if (seconds >= 2 * length) return fmt::format("about {} {}", significant(seconds / length, 2), unit);
  return fmt::format("about {} s", significant(seconds, 2));
}

std::string with_unit(const Readable& r) {
  return r.unit.empty() ? r.value : r.value + " " + r.unit;
}

/// "yield 99.93 % (objective ≥ 99.9 %)", "latency.p99_ms of images below 1MB 310 ms (…)"
std::string judged(const Run& run, const metrics::Verdict& v) {
  const std::string name =
      v.of.empty() ? v.metric : v.objective.substr(0, v.objective.find(' ')) + " of " + v.of;
  const auto unit = unit_of(run.catalogue, v.metric);
  const bool at_least = v.objective.find(">=") != std::string::npos;
  const std::string bound = with_unit(readable(v.bound, std::nullopt, unit));
  if (!v.value)
    return fmt::format("{} was not observed (objective {} {})", name, at_least ? "≥" : "≤", bound);
  std::string text = fmt::format("{} {} ({} {} {})", name, with_unit(readable(v.value, v.ci95, unit)),
                                 v.met ? "objective" : "misses", at_least ? "≥" : "≤", bound);
  if (!v.ci95)
    text += ", too little was observed to be sure";
  else if (!metrics::apart(v.bound, v.ci95))
    text += ", too close to be sure";
  return text;
}

/// Missed by more than chance: what has not settled may become worse, but an objective that is missed by its
/// interval is not met.
bool surely_missed(const metrics::Verdict& v) {
  return !v.met && v.value && metrics::apart(v.bound, v.ci95);
}

}  // namespace

Answer answer(const Run& run) {
  if (run.slo.empty())
    return {Answer::Kind::open, "no objectives were set; the numbers stand for themselves"};
  const bool yes = std::all_of(run.slo.begin(), run.slo.end(), [](const auto& v) { return v.met && v.sure; });
  const bool no = std::any_of(run.slo.begin(), run.slo.end(), surely_missed);
  const bool observed =
      std::any_of(run.slo.begin(), run.slo.end(), [](const auto& v) { return v.value.has_value(); });
  if (!observed) return {Answer::Kind::open, "nothing was observed that the objectives speak of"};
  std::string text = yes ? "yes: " : no ? "no: " : "cannot be told: ";
  if (is_unsettled(run)) text += unsettled(run) + "; ";
  // What is missed first.
  bool first = true;
  for (const bool met : {false, true}) {
    for (const auto& verdict : run.slo) {
      if (verdict.met != met) continue;
      text += (first ? "" : "; ") + judged(run, verdict);
      first = false;
    }
  }
  return {yes ? Answer::Kind::yes : no ? Answer::Kind::no : Answer::Kind::open, text};
}

Line line(const Run& run, const metrics::StudyMetric& metric) {
  const auto* info = metrics::find(run.catalogue, metric.name);
  Readable r = readable(metric.mean, metric.ci95, unit_of(run.catalogue, metric.name));
  return {metric.name, std::move(r.value), std::move(r.spread), std::move(r.unit),
          info != nullptr ? std::string(info->definition) : std::string()};
}

std::span<const std::string_view> key_metric_names() {
  static constexpr std::array<std::string_view, 25> kOrder = {"yield",
                                                              "harvest",
                                                              "uptime",
                                                              "throughput_rps",
                                                              "latency.p50_ms",
                                                              "latency.p99_ms",
                                                              "latency.p99_9_ms",
                                                              "retry_amplification",
                                                              "queue.wait_mean_ms",
                                                              "queue.depth_max",
                                                              "queue.leaderless_s",
                                                              "election.mean_ms",
                                                              "election.p99_ms",
                                                              "election.max_ms",
                                                              "processing.wait_mean_ms",
                                                              "processing.wait_probability",
                                                              "processing.utilization",
                                                              "api.utilization",
                                                              "usage.billing_error",
                                                              "store.read_p99_9_ms",
                                                              "store.write_p99_9_ms",
                                                              "store.consistent_at_0ms",
                                                              "store.t_99_9_ms",
                                                              "cost.usd_per_hour",
                                                              "cost.usd_per_million_requests"};
  return kOrder;
}

std::vector<Line> key_metrics(const Run& run) {
  std::vector<Line> lines;
  for (const auto name : key_metric_names()) {
    const auto* metric = run.result.find(name);
    if (metric != nullptr && metric->mean) lines.push_back(line(run, *metric));
  }
  for (const auto& metric : run.result.metrics)  // what the scenario watches
    if (metric.name.starts_with("availability.") && metric.mean) lines.push_back(line(run, metric));
  return lines;
}

std::string failures(const Run& run) {
  static constexpr std::string_view kOutcome = "outcome.";
  const auto* offered = run.result.find("requests.offered");
  if (offered == nullptr || !offered->mean || *offered->mean == 0) return {};
  std::vector<std::pair<double, std::string>> shares;
  for (const auto& metric : run.result.metrics) {
    if (!metric.name.starts_with(kOutcome) || !metric.mean || *metric.mean == 0) continue;
    const std::string kind = metric.name.substr(kOutcome.size());
    if (kind != "complete" && kind != "partial") shares.emplace_back(*metric.mean / *offered->mean, kind);
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < shares.size() && i < 4; ++i) {
    text += fmt::format("{}{} {} %", i == 0 ? "" : ", ", shares[i].second, percent(shares[i].first, 2));
  }
  return text;
}

std::string healed(const Run& run) {
  const auto* heal = run.result.find("heal_s");
  const auto* watched = run.result.find("heal_watched_s");
  if (heal == nullptr || watched == nullptr) return {};
  if (!watched->mean) return "cannot be told: the window has too little time before the first fault";
  const std::string within = fmt::format("within {} after the last fault", time_in_words(*watched->mean, 3));
  const auto count = std::count_if(heal->values.begin(), heal->values.end(),
                                   [](const auto& value) { return value.has_value(); });
  const auto all = static_cast<std::ptrdiff_t>(heal->values.size());
  // Where yield was not back and something that had died was still to come.
  std::ptrdiff_t open = 0;
  if (const auto* starting = run.result.find("heal_starting"))
    for (std::size_t r = 0; r < heal->values.size() && r < starting->values.size(); ++r)
      open += !heal->values[r] && starting->values[r].value_or(0) > 0 ? 1 : 0;
  const std::string starting_still = "some of what had failed was still booting when the window ended";
  if (open == all)
    return fmt::format("cannot be told: {}, {}", starting_still,
                       time_in_words(*watched->mean, 3) + " after the last fault");
  if (count == 0 || !heal->mean) {
    return "no: yield was not back " + within +
           (open > 0 ? fmt::format(" (in {} of {} replications {})", open, all, starting_still) : "");
  }
  const std::string when = *heal->mean == 0
                               ? "as soon as the last fault was over"
                               : fmt::format("{} after the last fault", time_in_words(*heal->mean, 3));
  if (count == all) return "yes: yield was back " + when;
  return fmt::format("in {} of {} replications, where yield was back {}; else {}", count, all, when,
                     open == all - count ? "it cannot be told: " + starting_still : "not " + within);
}

std::string too_short(const Run& run) {
  std::string names;
  double window_s = 0;
  const auto add = [&](const metrics::StudyMetric& metric, const std::string& name) {
    if (!metric.would_do_s) return;
    names += (names.empty() ? "" : ", ") + name;
    window_s = std::max(window_s, *metric.would_do_s);
  };
  constexpr std::string_view kOnly = "only.";
  for (const auto& verdict : run.slo) {
    const auto* metric = run.result.find(verdict.metric);
    if (metric == nullptr) continue;
    const bool only = !verdict.of.empty() && metric->name.starts_with(kOnly);
    add(*metric, only ? metric->name.substr(kOnly.size()) + " of " + verdict.of : metric->name);
  }
  for (const auto name : key_metric_names()) {
    const auto* metric = run.result.find(name);
    const bool judged =
        std::any_of(run.slo.begin(), run.slo.end(), [&](const auto& v) { return v.metric == name; });
    if (metric != nullptr && !judged) add(*metric, metric->name);
  }
  if (names.empty()) return {};
  return fmt::format("{}: {} would do, or {} replications", names, about(window_s),
                     metrics::kEnoughReplications);
}

std::string interval_note(const Run& run) {
  std::string text =
      "95 % Student-t intervals over " + std::to_string(run.result.replications) + " replications";
  if (run.result.intervals == metrics::IntervalSource::batch_means)
    text = run.result.replications == 1
               ? std::string("95 % intervals from the batches of a single replication")
               : fmt::format("95 % intervals from the batches of {} replications, pooled",
                             run.result.replications);
  if (run.precision) {
    const auto percent_of = [](double share) { return significant(100 * share, 3) + " %"; };
    text += fmt::format("; {} {} ({} was asked for{})", run.precision->metric,
                        run.precision->got ? "± " + percent_of(*run.precision->got) : "has none",
                        percent_of(run.precision->asked),
                        run.precision->reached() ? "" : ", and not reached: run.until.at_most ended it");
  }
  return text;
}

}  // namespace headroom::report
