#include "sim/study/until.h"

#include <algorithm>
#include <cmath>

namespace headroom::study {

std::optional<double> relative_ci(const metrics::StudyMetric* metric) {
  if (metric == nullptr || !metric->mean || !metric->ci95 || *metric->mean == 0) return std::nullopt;
  return std::max(metric->ci95->high - *metric->mean, *metric->mean - metric->ci95->low) /
         std::abs(*metric->mean);
}

int next_replications(const UntilConfig& until, int first, int done, Duration each,
                      const metrics::StudyMetric* metric) {
  if (done == 0) return first;
  const auto width = relative_ci(metric);
  if (width && *width <= until.relative_ci.value) return done;
  constexpr int kMost = 10'000;
  const double limit = std::min<double>(kMost, std::floor(until.at_most.seconds() / each.seconds()));
  double wanted = 2.0 * done;
  if (width) {
    const double ratio = *width / until.relative_ci.value;
    wanted = std::clamp(std::ceil(done * ratio * ratio), done + 1.0, 2.0 * done);
  }
  return std::max(done, static_cast<int>(std::min(wanted, limit)));
}

}  // namespace headroom::study
