#include "sim/study/decision.h"

#include <cmath>

#include "sim/metrics/interval.h"

namespace headroom::study {
namespace {

using metrics::Better;
using metrics::Interval;

const metrics::MetricValue* find(const metrics::ReplicationResult& run, const std::string& name) {
  for (const metrics::MetricValue& metric : run.metrics)
    if (metric.name == name) return &metric;
  return nullptr;
}

/// Distances to the bound, positive on the right side.
double good_by(const metrics::Objective& o, double value) {
  return o.better == Better::higher ? value - o.bound : o.bound - value;
}

}  // namespace

int replications_at(int look) {
  return (look % 2 == 1 ? 4 : 6) << ((look - 1) / 2);
}

double error_at(double alpha, std::size_t point) {
  const auto j = static_cast<double>(point);
  return alpha / (j * (j + 1)) / kLastLook;
}

namespace {
double distance_to_perfect(const metrics::Objective& o, bool is_share) {
  if (!is_share) return std::abs(o.bound);
  return o.better == Better::higher ? 1 - o.bound : o.bound;
}
}  // namespace

double indifference(const metrics::Objective& objective, bool is_share, std::optional<double> part) {
  return part.value_or(is_share ? 0.1 : 0.01) * distance_to_perfect(objective, is_share);
}

Judgement judge(const metrics::Objective& objective, const std::vector<metrics::ReplicationResult>& runs,
                double error_holds, double error_misses, std::optional<double> part) {
  std::vector<metrics::Observed> observed, latencies;
  for (const metrics::ReplicationResult& run : runs) {
    if (const auto* metric = find(run, objective.metric); metric != nullptr && metric->value)
      observed.push_back({*metric->value, &metric->evidence});
    if (const auto* clumps = find(run, "latency.p99_ms"); clumps != nullptr && clumps->value)
      latencies.push_back({*clumps->value, &clumps->evidence});
  }
  Judgement judgement;
  if (observed.empty()) {
    judgement.told = Told::misses;
    judgement.margin = -1;
    return judgement;
  }
  const bool is_share = observed.front().evidence->range == metrics::Range::share;
  const double clumps = metrics::clumping(latencies);
  // One side counts. Where nothing was seen to vary, the interval has but one.
  const auto estimated = [&](double error) {
    const metrics::Estimated both = metrics::estimate(observed, clumps, 2 * error);
    const bool one_sided =
        both.interval && (both.interval->low == both.mean || both.interval->high == both.mean);
    return one_sided ? metrics::estimate(observed, clumps, error) : both;
  };
  const metrics::Estimated strict = estimated(error_holds);
  judgement.value = strict.mean;
  judgement.interval = strict.interval;
  const double distance = distance_to_perfect(objective, is_share);
  const double good = good_by(objective, *strict.mean);
  judgement.margin = good / (distance > 0 ? distance : 1);
  const double zone = indifference(objective, is_share, part);
  const auto worst = [&](const Interval& i) {
    return good_by(objective, objective.better == Better::higher ? i.low : i.high);
  };
  const auto best = [&](const Interval& i) {
    return good_by(objective, objective.better == Better::higher ? i.high : i.low);
  };
  if (strict.interval && good >= 0 && worst(*strict.interval) >= -zone) {
    judgement.told = Told::holds;
    judgement.indifferent = worst(*strict.interval) < 0;
    return judgement;
  }
  const metrics::Estimated wide = estimated(error_misses);
  if (wide.interval && good < 0 && best(*wide.interval) <= zone) {
    judgement.told = Told::misses;
    judgement.indifferent = best(*wide.interval) > 0;
  }
  return judgement;
}

}  // namespace headroom::study
