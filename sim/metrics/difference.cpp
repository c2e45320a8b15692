#include "sim/metrics/difference.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "sim/base/check.h"
#include "sim/metrics/statistics.h"

namespace headroom::metrics {
namespace {

/// Differences that small, relative to what is compared, are rounding.
constexpr double kRounding = 1e-12;

double two_sided(double degrees, double t) {
  return 2 * boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), std::abs(t)));
}

/// `error`: standard error of the mean difference; `size`: of what is compared.
Difference judged(double mean, double error, double degrees, double size) {
  if (!std::isfinite(mean) || !std::isfinite(error)) return {};  // numbers too large to be told apart
  if (std::abs(mean) <= kRounding * size) mean = 0;
  if (error <= kRounding * size) return {mean, Interval{mean, mean}, mean == 0 ? 1.0 : 0.0};
  const double half = student_t_quantile(degrees, 0.975) * error;
  return {mean, Interval{mean - half, mean + half}, two_sided(degrees, mean / error)};
}

Moments moments(std::span<const std::optional<double>> values) {
  Moments all;
  for (const auto& value : values)
    if (value) all.add(*value);
  return all;
}

}  // namespace

Difference paired_difference(std::span<const std::optional<double>> a,
                             std::span<const std::optional<double>> b) {
  HEADROOM_CHECK(a.size() == b.size(), "pairs have two members");
  Moments differences;
  double size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i] || !b[i]) continue;
    differences.add(*b[i] - *a[i]);
    size = std::max({size, std::abs(*a[i]), std::abs(*b[i])});
  }
  const auto n = static_cast<double>(differences.count());
  if (n == 0) return {};
  if (n < 2) return {differences.mean(), std::nullopt, std::nullopt};
  return judged(differences.mean(), std::sqrt(differences.variance() / n), n - 1, size);
}

Difference sample_difference(std::span<const std::optional<double>> a,
                             std::span<const std::optional<double>> b) {
  const Moments of_a = moments(a);
  const Moments of_b = moments(b);
  if (of_a.count() == 0 || of_b.count() == 0) return {};
  const double mean = of_b.mean() - of_a.mean();
  if (of_a.count() < 2 || of_b.count() < 2) return {mean, std::nullopt, std::nullopt};
  const auto n_a = static_cast<double>(of_a.count());
  const auto n_b = static_cast<double>(of_b.count());
  const double v_a = of_a.variance() / n_a;
  const double v_b = of_b.variance() / n_b;
  const double size = std::max(std::abs(of_a.mean()), std::abs(of_b.mean()));
  const double sum = v_a + v_b;
  const double share = sum > 0 ? v_a / sum : 0;
  const double degrees = 1 / (share * share / (n_a - 1) + (1 - share) * (1 - share) / (n_b - 1));
  return judged(mean, std::sqrt(sum), degrees, size);
}

Difference interval_difference(double a, std::optional<Interval> a_ci95, double b,
                               std::optional<Interval> b_ci95) {
  if (!a_ci95 || !b_ci95) return {b - a, std::nullopt, std::nullopt};
  constexpr double kNormal95 = 1.959963984540054;  // quantile of the normal distribution at 97.5 %
  const double size = std::max(std::abs(a), std::abs(b));
  const double half = std::hypot((a_ci95->high - a_ci95->low) / 2, (b_ci95->high - b_ci95->low) / 2);
  const double mean = std::abs(b - a) <= kRounding * size ? 0 : b - a;
  if (!std::isfinite(mean) || !std::isfinite(half)) return {};
  if (half <= kRounding * size) return {mean, Interval{mean, mean}, mean == 0 ? 1.0 : 0.0};
  return {mean, Interval{mean - half, mean + half},
          std::erfc(std::abs(mean) / half * kNormal95 / std::sqrt(2.0))};
}

std::vector<bool> holm(const std::vector<double>& p, double level) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<bool> rejected(p.size(), false);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (p[order[i]] > level / static_cast<double>(p.size() - i)) break;
    rejected[order[i]] = true;
  }
  return rejected;
}

}  // namespace headroom::metrics
