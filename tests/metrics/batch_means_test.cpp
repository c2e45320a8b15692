#include "sim/metrics/batch_means.h"

#include <boost/random/normal_distribution.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "sim/base/random.h"
#include "sim/metrics/statistics.h"

namespace headroom::metrics {
namespace {

TEST_CASE("t quantiles agree with the tables") {
  CHECK(student_t_quantile(1, 0.975) == Approx(12.7062).epsilon(1e-5));
  CHECK(student_t_quantile(2, 0.975) == Approx(4.30265).epsilon(1e-5));
  CHECK(student_t_quantile(9, 0.975) == Approx(2.26216).epsilon(1e-5));
  CHECK(student_t_quantile(63, 0.975) == Approx(1.99834).epsilon(1e-5));
  CHECK(student_t_quantile(9, 0.5) == Approx(0).margin(1e-12));
}

TEST_CASE("the interval over replications is the textbook one, and needs two observations") {
  const std::optional<double> values[] = {10.0, 12.0, 17.0};
  const Estimate e = across_replications(values);
  CHECK(*e.mean == Approx(13));
  // s = √13, t(2) = 4.30265
  CHECK(e.ci95->high - *e.mean == Approx(4.30265 * std::sqrt(13.0 / 3)).epsilon(1e-5));
  CHECK(*e.mean - e.ci95->low == Approx(e.ci95->high - *e.mean));

  const std::optional<double> one[] = {std::nullopt, 12.0};
  CHECK(*across_replications(one).mean == 12);
  CHECK_FALSE(across_replications(one).ci95);
  const std::optional<double> none[] = {std::nullopt, std::nullopt};
  CHECK_FALSE(across_replications(none).mean);
  const std::optional<double> some[] = {4.0, std::nullopt, 6.0};
  CHECK(*across_replications(some).mean == 5);
  CHECK(across_replications(some).samples == 2);
}

/// x_{k+1} = φ·x_k + noise, mean 10; φ = 0 is independent. Batches of `per_batch` values each.
Batches autoregressive(double phi, int per_batch, std::uint64_t seed) {
  Engine engine = (StreamKey(1) / "autoregressive").engine_for(seed);
  boost::random::normal_distribution<double> noise;
  Batches data;
  double x = noise(engine) / std::sqrt(1 - phi * phi);
  for (std::size_t b = 0; b < kBatches; ++b) {
    for (int k = 0; k < per_batch; ++k) {
      data.numerator[b] += 10 + x;
      x = phi * x + noise(engine);
    }
    data.denominator[b] = per_batch;
  }
  return data;
}

struct Coverage {
  double share;
  double mean_half_width;
};

Coverage coverage(double phi, int per_batch, int runs) {
  int covered = 0;
  double width = 0;
  for (int run = 0; run < runs; ++run) {
    const auto interval = batch_means_ratio(autoregressive(phi, per_batch, static_cast<std::uint64_t>(run)));
    covered += interval->low <= 10 && 10 <= interval->high;
    width += (interval->high - interval->low) / 2;
  }
  return {covered / static_cast<double>(runs), width / runs};
}

TEST_CASE("the intervals of independent values cover the truth 95 % of the time") {
  // 2000 runs: standard error of the share 0.0049.
  const Coverage c = coverage(0, 50, 2000);
  CHECK(c.share > 0.95 - 4 * 0.0049);
  CHECK(c.share < 0.95 + 4 * 0.0049);
  // Theory: t(63)/√(64·50).
  CHECK(c.mean_half_width == Approx(1.99834 / std::sqrt(64 * 50.0)).epsilon(0.03));
}

TEST_CASE("correlated values: batches are merged until the interval is honest") {
  // φ = 0.9: the variance of a mean of n is (1 + φ)/(1 − φ) / (1 − φ²) / n = 100/n.
  const Coverage long_batches = coverage(0.9, 1000, 1000);
  CHECK(long_batches.share > 0.95 - 4 * 0.0069);
  CHECK(long_batches.share < 0.95 + 4 * 0.0069);
  CHECK(long_batches.mean_half_width == Approx(2 * std::sqrt(100.0 / 64'000)).epsilon(0.06));

  // A run of only 30 times the correlation's length: no method is perfect then, but 64 batches would be much
  // worse.
  const Coverage short_batches = coverage(0.95, 20, 1000);
  CHECK(short_batches.share > 0.86);
  int covered_by_64 = 0;
  for (std::uint64_t run = 0; run < 1000; ++run) {
    Moments batches;
    for (double sum : autoregressive(0.95, 20, run).numerator) batches.add(sum / 20);
    covered_by_64 += std::abs(batches.mean() - 10) <= 1.99834 * std::sqrt(batches.variance() / 64);
  }
  CHECK(covered_by_64 < 800);
  int merged = 0;
  for (std::uint64_t run = 0; run < 100; ++run) {
    merged += uncorrelated_batches(autoregressive(0.95, 20, run).numerator) < kBatches;
  }
  CHECK(merged > 90);
}

TEST_CASE("batches that do not correlate are left alone") {
  int merged = 0;
  for (std::uint64_t run = 0; run < 1000; ++run) {
    merged += uncorrelated_batches(autoregressive(0, 5, run).numerator) < kBatches;
  }
  CHECK(merged < 25);  // about 1 %
}

TEST_CASE("a share that never varies has an interval of no width; without observations there is none") {
  Batches data;
  CHECK_FALSE(batch_means_ratio(data));
  data.numerator.fill(7);
  data.denominator.fill(14);
  const auto interval = batch_means_ratio(data);
  CHECK(interval->low == 0.5);
  CHECK(interval->high == 0.5);
}

TEST_CASE("the interval of a ratio takes the correlation of both parts into account") {
  // Twice as many requests in a batch, twice as many answers: the ratio is known exactly.
  Batches data;
  for (std::size_t b = 0; b < kBatches; ++b) {
    data.denominator[b] = 100 + static_cast<double>(b * 37 % 64);
    data.numerator[b] = 0.25 * data.denominator[b];
  }
  const auto interval = batch_means_ratio(data);
  CHECK(interval->low == Approx(0.25).epsilon(1e-12));
  CHECK(interval->high == Approx(0.25).epsilon(1e-12));
}

TEST_CASE("the interval of a total is 64 times that of the batches' mean") {
  Batches data;
  for (std::size_t b = 0; b < kBatches; ++b) data.numerator[b] = b % 2 == 0 ? 9 : 11;
  const Interval interval = batch_means_total(data);
  // s² = 64/63
  const double half = 1.99834 * std::sqrt(64.0 / 63) * 8;
  CHECK(interval.low == Approx(640 - half).epsilon(1e-5));
  CHECK(interval.high == Approx(640 + half).epsilon(1e-5));
}

}  // namespace
}  // namespace headroom::metrics
