#include "sim/metrics/statistics.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace headroom::metrics {

double student_t_quantile(double degrees, double p) {
  return boost::math::quantile(boost::math::students_t(degrees), p);
}

Estimate across_replications(std::span<const std::optional<double>> values) {
  Moments moments;
  for (const auto& value : values) {
    if (value) moments.add(*value);
  }
  Estimate estimate;
  estimate.samples = static_cast<int>(moments.count());
  if (estimate.samples == 0) return estimate;
  estimate.mean = moments.mean();
  if (estimate.samples >= 2) {
    const auto n = static_cast<double>(estimate.samples);
    const double half = student_t_quantile(n - 1, 0.975) * std::sqrt(moments.variance() / n);
    estimate.ci95 = Interval{moments.mean() - half, moments.mean() + half};
  }
  return estimate;
}

}  // namespace headroom::metrics
