#include "sim/metrics/slo.h"

#include <fmt/format.h>

namespace headroom::metrics {

std::string to_text(const Objective& objective) {
  return fmt::format("{} {} {}", objective.metric,
                     objective.better == Better::higher ? ">=" : "<=", objective.bound);
}

bool apart(double bound, const std::optional<Interval>& ci95) {
  return ci95 && (bound <= ci95->low || bound >= ci95->high);
}

std::vector<Verdict> evaluate(const std::vector<Objective>& objectives, const StudyResult& result,
                              bool unsettled) {
  std::vector<Verdict> verdicts;
  for (const Objective& objective : objectives) {
    Verdict verdict;
    verdict.objective = to_text(objective);
    verdict.metric = objective.metric;
    verdict.bound = objective.bound;
    if (const StudyMetric* metric = result.find(objective.metric)) {
      verdict.value = metric->mean;
      verdict.ci95 = metric->ci95;
    }
    if (verdict.value) {
      verdict.met = objective.better == Better::higher ? *verdict.value >= objective.bound
                                                       : *verdict.value <= objective.bound;
      verdict.sure = !unsettled && apart(verdict.bound, verdict.ci95);
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace headroom::metrics
