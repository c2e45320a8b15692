#include "models/client/arrivals.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "models/client/expected_requests.h"

namespace headroom::client {
namespace {

/// All arrivals before `end`, in seconds.
std::vector<double> times(const Arrivals& arrivals, double end, std::uint64_t seed = 1) {
  const auto process = make_arrivals(arrivals, StreamKey(seed));
  std::vector<double> all;
  while (const auto t = process->next()) {
    const double s = t->since_start().seconds();
    if (s >= end) break;
    all.push_back(s);
  }
  REQUIRE(std::is_sorted(all.begin(), all.end()));
  return all;
}

int between(const std::vector<double>& all, double from, double to) {
  return static_cast<int>(std::lower_bound(all.begin(), all.end(), to) -
                          std::lower_bound(all.begin(), all.end(), from));
}

/// Variance / mean of the counts in slots of a length: 1 for a Poisson process.
double dispersion(const std::vector<double>& all, double end, double slot) {
  double sum = 0;
  double squares = 0;
  const int n = static_cast<int>(end / slot);
  for (int i = 0; i < n; ++i) {
    const double count = between(all, i * slot, (i + 1) * slot);
    sum += count;
    squares += count * count;
  }
  const double mean = sum / n;
  return (squares / n - mean * mean) / mean;
}

/// Whether a count is within 4.5 standard deviations of a Poisson variable's mean.
bool poisson_like(double count, double mean) {
  return std::abs(count - mean) < 4.5 * std::sqrt(mean);
}

TEST_CASE("Poisson: the mean rate, exponential intervals that know nothing of each other") {
  const auto all = times(Poisson{Rate{100}}, 1000);
  CHECK(poisson_like(static_cast<double>(all.size()), 100'000));
  CHECK(dispersion(all, 1000, 1) == Approx(1).margin(.2));
  std::vector<double> gaps;
  for (std::size_t i = 1; i < all.size(); ++i) gaps.push_back(all[i] - all[i - 1]);
  const auto n = static_cast<double>(gaps.size());
  double mean = 0;
  for (const double g : gaps) mean += g / n;
  double variance = 0;
  double covariance = 0;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    variance += (gaps[i] - mean) * (gaps[i] - mean) / n;
    if (i > 0) covariance += (gaps[i] - mean) * (gaps[i - 1] - mean) / n;
  }
  CHECK(variance / (mean * mean) == Approx(1).margin(.03));
  CHECK(covariance / variance == Approx(0).margin(4.5 / std::sqrt(n)));
  // Kolmogorov–Smirnov against the exponential law.
  std::sort(gaps.begin(), gaps.end());
  double ks = 0;
  for (std::size_t i = 0; i < gaps.size(); ++i)
    ks = std::max(ks, std::abs(static_cast<double>(i + 1) / n - (1 - std::exp(-100 * gaps[i]))));
  CHECK(ks < 2 / std::sqrt(n));
}

TEST_CASE("constant: equal intervals, without drift") {
  const auto process = make_arrivals(Constant{Rate{3}}, StreamKey(1));
  for (std::int64_t n = 1; n <= 3'000'000; ++n) {
    const auto t = process->next();
    if (n % 300'000 == 0) CHECK(t->since_start() == Duration::s(n / 3));
  }
}

TEST_CASE("bursts: the mean rate of both states, and more variable than Poisson") {
  Bursts bursts;
  bursts.calm = Rate{50};
  bursts.burst = Rate{500};
  bursts.mean_calm = Duration::s(8);
  bursts.mean_burst = Duration::s(2);
  const auto all = times(bursts, 100'000);
  const double rate = (50. * 8 + 500. * 2) / 10;
  CHECK(static_cast<double>(all.size()) / 100'000 == Approx(rate).epsilon(.04));
  // Asymptotic index of dispersion of an on-off modulated process (Fischer & Meier-Hellstern 1993):
  // 1 + 2 (λ1 − λ2)² r1 r2 / ((r1 + r2)² (λ1 r2 + λ2 r1)), r1 = 1/8, r2 = 1/2.
  const double r1 = 1. / 8;
  const double r2 = 1. / 2;
  const double index = 1 + 2 * 450. * 450 * r1 * r2 / (std::pow(r1 + r2, 2) * (50 * r2 + 500 * r1));
  CHECK(dispersion(all, 100'000, 100) == Approx(index).epsilon(.2));
  CHECK(between(all, 0, .01) <= 5);  // begins calm
}

TEST_CASE("bursts: nothing comes in a silent calm") {
  Bursts bursts;
  bursts.calm = Rate{0};
  bursts.burst = Rate{1000};
  bursts.mean_calm = Duration::s(9);
  bursts.mean_burst = Duration::s(1);
  CHECK(static_cast<double>(times(bursts, 20'000).size()) / 20'000 == Approx(100).epsilon(.1));
}

Profile points(std::vector<ProfilePoint> p) {
  Profile profile;
  profile.points = std::move(p);
  return profile;
}

TEST_CASE("profile: rates between points are linear, and the last one holds") {
  const auto all = times(
      points({{Duration::s(100), Rate{100}}, {Duration::s(300), Rate{500}}, {Duration::s(400), Rate{0}}}),
      1000);
  CHECK(poisson_like(between(all, 0, 100), 100 * 100));  // before the first point its rate holds
  CHECK(poisson_like(between(all, 100, 200), 200 * 100));
  CHECK(poisson_like(between(all, 200, 300), 400 * 100));
  CHECK(poisson_like(between(all, 300, 350), 375 * 50));
  CHECK(poisson_like(between(all, 350, 400), 125 * 50));
  CHECK(between(all, 400, 1000) == 0);
  const auto held = times(points({{Duration(), Rate{10}}, {Duration::s(10), Rate{200}}}), 110);
  CHECK(poisson_like(between(held, 10, 110), 200 * 100));
}

TEST_CASE("profile: steps") {
  Profile profile =
      points({{Duration(), Rate{0}}, {Duration::s(50), Rate{400}}, {Duration::s(80), Rate{100}}});
  profile.between = Between::step;
  const auto all = times(profile, 200);
  CHECK(between(all, 0, 50) == 0);
  CHECK(poisson_like(between(all, 50, 80), 400 * 30));
  CHECK(poisson_like(between(all, 80, 200), 100 * 120));
}

TEST_CASE("profile: repeats") {
  Profile steps = points({{Duration(), Rate{300}}, {Duration::s(10), Rate{0}}});
  steps.between = Between::step;
  steps.repeat = Duration::s(20);
  const auto all = times(steps, 400);
  for (int k = 0; k < 20; ++k) {
    CHECK(poisson_like(between(all, 20 * k, 20 * k + 10), 3000));
    CHECK(between(all, 20 * k + 10, 20 * k + 20) == 0);
  }
  Profile ramps = points({{Duration(), Rate{0}}, {Duration::s(10), Rate{600}}});
  ramps.repeat = Duration::s(20);  // and back to 0
  const auto triangle = times(ramps, 200);
  for (int k = 0; k < 10; ++k) CHECK(poisson_like(between(triangle, 20 * k, 20 * k + 20), 6000));
}

TEST_CASE("profile: a day follows its cosine") {
  Profile profile;
  profile.diurnal = Diurnal{};
  profile.diurnal->mean = Rate{10};
  profile.diurnal->peak = Rate{18};
  const auto all = times(profile, 2 * 86'400.);
  const double pi = std::acos(-1.);
  const auto integral = [&](double from, double to) {
    const double w = 2 * pi / 86'400;
    const double peak = 14 * 3600.;
    return 10 * (to - from) + 8 / w * (std::sin(w * (to - peak)) - std::sin(w * (from - peak)));
  };
  for (double h = 0; h < 48; h += 3)
    CHECK(poisson_like(between(all, h * 3600, (h + 3) * 3600), integral(h * 3600, (h + 3) * 3600)));
  CHECK(poisson_like(static_cast<double>(all.size()), 2 * 864'000.));
}

TEST_CASE("a trace is replayed as it is") {
  Trace trace;
  trace.rows = {{Duration::s(1), {}, {}}, {Duration::s(1), {}, {}}, {Duration::s(4), {}, {}}};
  const Arrivals arrivals = trace;
  CHECK(times(arrivals, 100) == std::vector<double>{1, 1, 4});
}

TEST_CASE("how many requests there will be is known beforehand") {
  const auto between = [](const Arrivals& arrivals, double from, double to) {
    const auto at = [](double s) { return TimePoint::at(Duration::from_seconds(s)); };
    return requests_between(arrivals, at(from), at(to)).value_or(-1);
  };
  const auto first = [](const Arrivals& arrivals) {
    const auto at = earliest_request(arrivals);
    return at ? at->since_start().seconds() : -1;
  };
  CHECK(between(Poisson{Rate{100}}, 10, 70) == Approx(6000));
  // Sent at 10, 20, 30 …; the window's end does not belong to it.
  const Arrivals constant = Constant{Rate{0.1}};
  CHECK(between(constant, 0, 10) == 0);
  CHECK(between(constant, 0, 10.5) == 1);
  CHECK(between(constant, 10, 30) == 2);
  CHECK(first(constant) == Approx(10));
  // 8 s of 50/s, 2 s of 500/s.
  CHECK(between(Bursts{Rate{50}, Rate{500}, Duration::s(8), Duration::s(2)}, 0, 10) == Approx(1400));
  const Profile ramp =
      points({{Duration::s(10), Rate{0}}, {Duration::s(20), Rate{100}}, {Duration::s(30), Rate{0}}});
  CHECK(between(ramp, 0, 15) == Approx(0.5 * 5 * 50));
  CHECK(between(ramp, 15, 100) == Approx(0.5 * 5 * (50 + 100) + 0.5 * 10 * 100));
  CHECK(between(ramp, 30, 100) == Approx(0).margin(1e-9));
  CHECK(first(ramp) == 10);
  Profile again = ramp;
  again.repeat = Duration::s(40);
  CHECK(between(again, 30, 80) == Approx(1000));
  CHECK(between(again, 0, 400) == Approx(10'000));
  Profile day;
  day.diurnal = Diurnal{};
  day.diurnal->mean = Rate{10};
  day.diurnal->peak = Rate{18};
  CHECK(between(day, 0, 86'400) == Approx(864'000).epsilon(1e-6));
  Trace trace;
  trace.rows = {{Duration::s(1), {}, {}}, {Duration::s(1), {}, {}}, {Duration::s(4), {}, {}}};
  CHECK(between(trace, 0, 4) == 2);
  CHECK(between(trace, 1, 5) == 3);
  CHECK(first(trace) == 1);
  CHECK(between(NoArrivals{}, 0, 10) == 0);
  CHECK(first(NoArrivals{}) == -1);
  CHECK(between(Closed{}, 0, 10) == -1);
}

TEST_CASE("the same seed gives the same arrivals, another one others") {
  Bursts bursts{Rate{50}, Rate{500}, Duration::s(8), Duration::s(2)};
  Profile profile = points({{Duration(), Rate{10}}, {Duration::s(50), Rate{400}}});
  for (const Arrivals& arrivals : {Arrivals(Poisson{Rate{100}}), Arrivals(bursts), Arrivals(profile)}) {
    CHECK(times(arrivals, 50, 5) == times(arrivals, 50, 5));
    CHECK(times(arrivals, 50, 5) != times(arrivals, 50, 6));
  }
  CHECK(make_arrivals(Closed{}, StreamKey(1)) == nullptr);
}

}  // namespace
}  // namespace headroom::client
