#include "sim/metrics/batch_means.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "sim/base/check.h"

namespace headroom::metrics {
namespace {

using Rows = std::vector<std::vector<double>>;  // by replication, then batch

/// Degrees of freedom where batches are barely long enough: less than the 15 of 16 batches. By simulation
/// (tests/validation/README.md).
constexpr double kDegrees = 8;
constexpr double kTooCorrelated = 0.25;
constexpr double kStillCorrelated = 0.1;
constexpr double kDoubtful = 0.125;
/// Batches that many times as long as the memory: few runs are refused then.
constexpr double kComfortable = 4;

Rows merged(std::span<const PerBatch> z, int batches) {
  Rows rows(z.size(), std::vector<double>(static_cast<std::size_t>(batches), 0.0));
  for (std::size_t r = 0; r < z.size(); ++r)
    for (std::size_t b = 0; b < z[r].size(); ++b)
      rows[r][b * static_cast<std::size_t>(batches) / kBatches] += z[r][b];
  return rows;
}

struct Variance {
  double of_mean = 0;
  double degrees = 0;  // by Satterthwaite (1946), for batches that stray differently
};

Variance variance(const Rows& rows) {
  const auto n = static_cast<double>(rows.size());
  const std::size_t batches = rows.front().size();
  const auto b = static_cast<double>(batches);
  if (rows.size() == 1) {
    const double mean = std::accumulate(rows.front().begin(), rows.front().end(), 0.0) / b;
    double squares = 0;
    for (double y : rows.front()) squares += (y - mean) * (y - mean);
    return {squares / (b - 1) * b, b - 1};
  }
  double sum = 0, of_squares = 0;
  for (std::size_t i = 0; i < batches; ++i) {
    double squares = 0;
    for (const auto& row : rows) squares += row[i] * row[i];
    const double s2 = squares / (n - 1);
    sum += s2;
    of_squares += s2 * s2;
  }
  // E[s⁴] is σ⁴·(n + 1)/(n − 1).
  return {sum / n, of_squares > 0 ? sum * sum * (n + 1) / of_squares : b * (n - 1)};
}

std::vector<double> ranks(const Rows& rows) {
  std::vector<double> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  std::vector<double> sorted = all;
  std::sort(sorted.begin(), sorted.end());
  for (double& y : all) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), y);
    // Equals share their ranks.
    y = static_cast<double>((first - sorted.begin()) + (last - sorted.begin())) / 2;
  }
  return all;
}

/// 1 − (mean squared difference of neighbours' ranks) / (2 · their variance).
double correlation(const Rows& rows) {
  const std::vector<double> rank = ranks(rows);
  const auto n = static_cast<double>(rank.size());
  const double mean = std::accumulate(rank.begin(), rank.end(), 0.0) / n;
  const std::size_t batches = rows.front().size();
  double deviations = 0, differences = 0;
  for (std::size_t i = 0; i < rank.size(); ++i) {
    deviations += (rank[i] - mean) * (rank[i] - mean);
    if (i % batches != 0) differences += (rank[i] - rank[i - 1]) * (rank[i] - rank[i - 1]);
  }
  if (deviations == 0) return 0;
  const double pairs = n - static_cast<double>(rows.size());
  return 1 - (differences / pairs) / (2 * deviations / n);
}

/// How much longer batches must be whose neighbours correlate so much, were the process one that forgets
/// exponentially: then ρ(a) = (1 − e^−a)² / (2·(a − 1 + e^−a)) with batches a times as long as its memory.
double longer(double correlated) {
  double low = 0.01, high = kComfortable;
  for (int i = 0; i < 40; ++i) {
    const double a = (low + high) / 2;
    const double gone = 1 - std::exp(-a);
    (gone * gone / (2 * (a - gone)) > correlated ? low : high) = a;
  }
  return kComfortable / low;
}

int power_of_two(double at_least) {
  return static_cast<int>(std::bit_ceil(static_cast<unsigned>(std::ceil(std::max(1.0, at_least)))));
}

}  // namespace

double sum(const PerBatch& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

Spread spread(std::span<const PerBatch> z) {
  HEADROOM_CHECK(!z.empty(), "a spread needs a run");
  const auto n = static_cast<int>(z.size());
  std::vector<PerBatch> about(z.begin(), z.end());
  if (n > 1)
    for (std::size_t b = 0; b < kBatches; ++b) {
      double course = 0;
      for (const PerBatch& row : about) course += row[b] / n;
      for (PerBatch& row : about) row[b] -= course;
    }
  const auto at = [&about](int batches) { return variance(merged(about, batches)); };
  Spread s;
  if (n >= kEnoughReplications) {
    s.variance = at(1).of_mean;
    s.degrees = n - 1;
    return s;
  }
  const int sixteen = n == 1 ? 16 : power_of_two(15.0 / (n - 1));
  const Variance middle = at(sixteen);
  const double largest = std::max(
      {middle.of_mean, at(std::max(1, sixteen / 2)).of_mean, 2 * middle.of_mean - at(kBatches).of_mean});
  const int sixty_four = power_of_two(static_cast<double>(kBatches) / n);
  s.correlation = correlation(merged(about, sixty_four));
  // In a long run 16 batches are right as they are; the more it looks like a short one, the more is added.
  const double doubt = std::clamp(s.correlation / kDoubtful, 0.0, 1.0);
  s.variance = (middle.of_mean + doubt * (largest - middle.of_mean)) * (1 + doubt);
  s.degrees = std::max(1.0, std::min(kDegrees + (1 - doubt) * (15 - kDegrees), middle.degrees));
  // Chance alone makes 64 independent batches look too correlated once in forty; what a process remembers is
  // still there when neighbours are put together, what chance did is not.
  s.enough = s.correlation < kTooCorrelated ||
             (sixty_four > 1 && correlation(merged(about, sixty_four / 2)) < kStillCorrelated);
  if (!s.enough) s.longer = std::max(2.0, longer(s.correlation));
  return s;
}

}  // namespace headroom::metrics
