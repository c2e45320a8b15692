#include "sim/metrics/batch_means.h"

#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "sim/metrics/statistics.h"

namespace headroom::metrics {
namespace {

constexpr int kFewestBatches = 8;
constexpr double kSignificant = 2.326;  // Φ⁻¹(0.99): one-sided test at 1 %

std::vector<double> merged(const std::array<double, kBatches>& values, int batches) {
  std::vector<double> sums(static_cast<std::size_t>(batches), 0.0);
  for (std::size_t b = 0; b < values.size(); ++b) {
    sums[b * static_cast<std::size_t>(batches) / kBatches] += values[b];
  }
  return sums;
}

/// Whether neighbours are positively correlated: C = 1 − Σ(y_{b+1} − y_b)² / (2·Σ(y_b − ȳ)²) is, for
/// independent values, about normal with mean 0 and variance (B − 2)/(B² − 1).
bool correlated(const std::vector<double>& y) {
  const auto n = static_cast<double>(y.size());
  const double mean = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double deviations = 0;
  double differences = 0;
  for (std::size_t b = 0; b < y.size(); ++b) {
    deviations += (y[b] - mean) * (y[b] - mean);
    if (b > 0) differences += (y[b] - y[b - 1]) * (y[b] - y[b - 1]);
  }
  if (deviations == 0) return false;
  const double c = 1 - differences / (2 * deviations);
  return c * std::sqrt((n * n - 1) / (n - 2)) > kSignificant;
}

/// t·s·√B of the merged values: the half-width of their sum.
double half_width_of_sum(const std::array<double, kBatches>& values) {
  const int batches = uncorrelated_batches(values);
  Moments moments;
  for (double y : merged(values, batches)) moments.add(y);
  return student_t_quantile(batches - 1, 0.975) * std::sqrt(moments.variance() * batches);
}

double sum(const std::array<double, kBatches>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

int uncorrelated_batches(const std::array<double, kBatches>& values) {
  int batches = kBatches;
  while (batches > kFewestBatches && correlated(merged(values, batches))) batches /= 2;
  return batches;
}

std::optional<Interval> batch_means_ratio(const Batches& data) {
  const double denominator = sum(data.denominator);
  if (denominator == 0) return std::nullopt;
  const double ratio = sum(data.numerator) / denominator;
  std::array<double, kBatches> residuals{};
  for (std::size_t b = 0; b < residuals.size(); ++b) {
    residuals[b] = data.numerator[b] - ratio * data.denominator[b];
  }
  const double half = half_width_of_sum(residuals) / std::abs(denominator);
  return Interval{ratio - half, ratio + half};
}

Interval batch_means_total(const Batches& data) {
  const double total = sum(data.numerator);
  const double half = half_width_of_sum(data.numerator);
  return Interval{total - half, total + half};
}

}  // namespace headroom::metrics
