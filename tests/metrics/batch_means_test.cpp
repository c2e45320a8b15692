#include "sim/metrics/batch_means.h"

#include <boost/random/normal_distribution.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "sim/base/random.h"
#include "sim/metrics/interval.h"
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

/// A single run, or several, of which a metric has that evidence.
Estimated estimated(const std::vector<Batches>& runs, Range range = Range::any,
                    Evidence::Kind kind = Evidence::Kind::ratio, double clumping = 1) {
  std::vector<Evidence> evidence(runs.size());
  std::vector<Observed> observed;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    evidence[r].kind = kind;
    evidence[r].range = range;
    evidence[r].counts = true;
    evidence[r].batches = runs[r];
    double numerator = 0, denominator = 0;
    for (std::size_t b = 0; b < kBatches; ++b) {
      numerator += runs[r].numerator[b];
      denominator += runs[r].denominator[b];
    }
    observed.push_back({kind == Evidence::Kind::total ? numerator : numerator / denominator, &evidence[r]});
  }
  return estimate(observed, clumping);
}

Batches all_alike(double numerator, double denominator) {
  Batches data;
  data.numerator.fill(numerator);
  data.denominator.fill(denominator);
  return data;
}

/// The share of `seeds` in which the interval holds 10, of those that have one; at least `least` have one.
double coverage(double phi, int per_batch, int replications, double least) {
  constexpr int kSeeds = 400;
  int covered = 0, printed = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::vector<Batches> runs;
    for (int r = 0; r < replications; ++r)
      runs.push_back(autoregressive(phi, per_batch, static_cast<std::uint64_t>(seed * 100 + r)));
    const Estimated e = estimated(runs);
    if (!e.interval) continue;
    ++printed;
    covered += e.interval->low <= 10 && 10 <= e.interval->high;
  }
  CHECK(printed >= least * kSeeds);
  return covered / static_cast<double>(printed);
}

TEST_CASE("intervals cover the truth, of one replication and of many, correlated or not") {
  // 400 seeds: standard error 1.1 %. Largest of three variances, 8 degrees of freedom: above 95 %.
  for (const int replications : {1, 2, 3, 5, 20}) {
    INFO(replications << " replications");
    CHECK(coverage(0, 5, replications, 0.9) > 0.93);
    // Correlated over 10: 5120 values are 270 independent ones.
    CHECK(coverage(0.9, 5120 / 64 / replications, replications, 0.6) > 0.93);
  }
}

TEST_CASE("a run that is short against what it remembers has no interval, and says what would do") {
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Estimated e = estimated({autoregressive(0.99, 5, seed)});  // three memories
    if (e.interval) continue;
    ++refused;
    CHECK(*e.longer > 5);
  }
  CHECK(refused > 95);
}

TEST_CASE("what happens at the same time in all replications is no spread") {
  // A fault in the middle halves the yield of each; chance moves it by 1 in 1000.
  std::vector<Batches> runs;
  for (int r = 0; r < 3; ++r) {
    Batches data = all_alike(1000, 1000);
    for (std::size_t b = 20; b < 30; ++b) data.numerator[b] = 500 + static_cast<double>((b * 7 + 13 * r) % 5);
    runs.push_back(data);
  }
  const Estimated e = estimated(runs, Range::share);
  REQUIRE(e.interval);
  CHECK(e.interval->high - e.interval->low < 0.002);
  CHECK(*e.mean == Approx(0.9219).margin(0.001));
}

TEST_CASE("a share stays a share, and nothing failed is not ± 0") {
  // None of 6400 failed: 1 − 0.05^(1/6400), the rule of three.
  const Estimated all = estimated({all_alike(100, 100)}, Range::share);
  CHECK(all.interval->high == 1);
  CHECK(1 - all.interval->low == Approx(3.0 / 6400).epsilon(0.01));
  // What goes wrong comes in clumps of 10: a tenth of the sample.
  const Estimated clumps = estimated({all_alike(100, 100)}, Range::share, Evidence::Kind::ratio, 10);
  CHECK(1 - clumps.interval->low == Approx(30.0 / 6400).epsilon(0.01));
  CHECK(estimated({all_alike(0, 100)}, Range::share).interval->low == 0);
  // Of three replications: all their requests.
  const Batches one = all_alike(100, 100);
  CHECK(1 - estimated({one, one, one}, Range::share).interval->low == Approx(1.0 / 6400).epsilon(0.01));

  // One of 6400: the exact limits are 0.025 and 5.6 of it; wider, as the variance is but estimated.
  Batches failed = all_alike(100, 100);
  failed.numerator[17] = 99;
  const Estimated e = estimated({failed}, Range::share);
  CHECK(e.interval->high < 1);
  CHECK(e.interval->high > 1 - 0.1 / 6400);
  CHECK(1 - e.interval->low > 5.5 / 6400);
  CHECK(1 - e.interval->low < 10.0 / 6400);

  // Most of it lost in one stretch: wide, but no less than 0.
  Batches wild;
  for (std::size_t b = 0; b < kBatches; ++b) {
    wild.denominator[b] = 100;
    wild.numerator[b] = b % 13 == 5 ? 100 : 0;
  }
  const Estimated w = estimated({wild}, Range::share);
  CHECK(w.interval->low > 0);
  CHECK(w.interval->high < 1);
}

TEST_CASE("a count is not negative, and none seen is at most three") {
  Batches few;
  few.numerator[3] = 1;
  few.numerator[40] = 1;
  const Estimated e = estimated({few}, Range::not_negative, Evidence::Kind::total);
  // Exact limits of 2: 0.242 and 7.225 (Garwood 1936).
  CHECK(e.interval->low > 0);
  CHECK(e.interval->low < 0.25);
  CHECK(e.interval->high > 7.2);
  CHECK(e.interval->high < 11);
  const Estimated none = estimated({Batches{}}, Range::not_negative, Evidence::Kind::total);
  CHECK(none.interval->low == 0);
  CHECK(none.interval->high == Approx(2.9957).epsilon(1e-4));
  CHECK(estimated({Batches{}, Batches{}}, Range::not_negative, Evidence::Kind::total).interval->high ==
        Approx(2.9957 / 2).epsilon(1e-4));
  // Attempts per request are at least one.
  const Estimated attempts = estimated({all_alike(100, 100)}, Range::at_least_one);
  CHECK(attempts.interval->low == 1);
  CHECK(attempts.interval->high == Approx(1 + 3.0 / 6400).epsilon(1e-4));
}

TEST_CASE("a ratio that never varies is exact; without observations there is none") {
  CHECK_FALSE(estimate({}).mean);
  const Estimated e = estimated({all_alike(7, 14)}, Range::share);
  CHECK(e.interval->low == 0.5);
  CHECK(e.interval->high == 0.5);
}

TEST_CASE("the interval of a ratio takes the correlation of both parts into account") {
  // Twice as many requests in a batch, twice as many answers: the ratio is known exactly.
  Batches data;
  for (std::size_t b = 0; b < kBatches; ++b) {
    data.denominator[b] = 100 + static_cast<double>(b * 37 % 64);
    data.numerator[b] = 0.25 * data.denominator[b];
  }
  const Estimated e = estimated({data});
  CHECK(e.interval->low == Approx(0.25).epsilon(1e-12));
  CHECK(e.interval->high == Approx(0.25).epsilon(1e-12));
}

TEST_CASE("many replications: Student's t") {
  std::vector<Batches> runs;
  Moments moments;
  for (int r = 0; r < kEnoughReplications; ++r) {
    runs.push_back(all_alike(100 + (r * 7) % 20, 1));
    moments.add(100 + (r * 7) % 20);
  }
  const Estimated e = estimated(runs);
  // t(19) = 2.09302
  const double half = 2.09302 * std::sqrt(moments.variance() / kEnoughReplications);
  CHECK(e.interval->high - *e.mean == Approx(half).epsilon(1e-5));
  CHECK(*e.mean - e.interval->low == Approx(half).epsilon(1e-5));
}

}  // namespace
}  // namespace headroom::metrics
