#include "sim/metrics/settled.h"

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "sim/base/random.h"

namespace headroom::metrics {
namespace {

/// Mean number of customers of an M/M/1 queue in each second, from empty; rate 10/s of service.
std::vector<double> mm1(double load, int seconds, std::uint64_t seed) {
  Engine draw = (StreamKey(seed) / "mm1").engine();
  std::vector<double> number(static_cast<std::size_t>(seconds), 0.0);
  double t = 0;
  int customers = 0;
  while (t < seconds) {
    const double rate = 10 * load + (customers > 0 ? 10 : 0);
    const double step = boost::random::exponential_distribution<double>(rate)(draw);
    for (double from = t; from < std::min(t + step, static_cast<double>(seconds));) {
      const double to = std::min({t + step, std::floor(from) + 1, static_cast<double>(seconds)});
      number[static_cast<std::size_t>(from)] += customers * (to - from);
      from = to;
    }
    t += step;
    customers += uniform01(draw) * rate < 10 * load ? 1 : -1;
  }
  return number;
}

int with_trend(double load, int seconds, int runs) {
  int found = 0;
  for (int run = 0; run < runs; ++run)
    found += trend(mm1(load, seconds, static_cast<std::uint64_t>(run))) != Trend::none;
  return found;
}

SeriesTable table(const std::string& name, const std::vector<double>& values) {
  SeriesTable t;
  t.slot = Duration::s(1);
  t.rows = values.size();
  t.columns.push_back({name, false, values});
  return t;
}

Window all_of(std::size_t seconds) {
  return {TimePoint(), Duration::s(static_cast<std::int64_t>(seconds))};
}

TEST_CASE("MSER-5 cuts off what is not like the rest") {
  std::vector<double> y(200, 0.0);
  Engine draw = StreamKey(5).engine();
  for (double& v : y) v = 1 + .1 * (uniform01(draw) - .5);
  for (std::size_t i = 0; i < 50; ++i) y[i] += 1 - static_cast<double>(i) / 50;
  // A slope of 50 values, 10 groups, of which the last ones are within the noise.
  CHECK(mser5(y) >= 7);
  CHECK(mser5(y) <= 12);
  CHECK(mser5({1, 2, 3}) == 0);
  // By hand: groups 9, 1, 1, 1, 1, 1, 1 have the least sum of squares from the second on.
  std::vector<double> step(35, 1.0);
  for (std::size_t i = 0; i < 5; ++i) step[i] = 9;
  CHECK(mser5(step) == 1);
}

TEST_CASE("a queue that cannot keep up has a trend; one that can is very seldom said to have one") {
  CHECK(with_trend(1.2, 200, 100) >= 95);  // the others are found because the server is full
  CHECK(with_trend(2, 30, 100) >= 98);
  // No more than one alarm in a hundred, also where excursions are long against the run (at a load of 0.9
  // they last 1/(10 (1 - sqrt(0.9))^2) = 38 s).
  CHECK(with_trend(.5, 100, 400) <= 4);
  CHECK(with_trend(.8, 400, 400) <= 4);
  CHECK(with_trend(.9, 1000, 200) <= 2);
}

TEST_CASE("fewer than 20 values, a drift of less than a tenth and noise are no trend") {
  std::vector<double> line;
  for (int i = 0; i < 60; ++i) line.push_back(i);
  CHECK(trend(line) == Trend::up);
  for (double& v : line) v = -v;
  CHECK(trend(line) == Trend::down);
  for (double& v : line) v = 1000 + v;
  CHECK(trend(line) == Trend::none);
  CHECK(trend({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) == Trend::none);
}

TEST_CASE("what grows is named, and what it means") {
  std::vector<double> growing;
  for (int i = 0; i < 60; ++i) growing.push_back(10 + i);
  const auto found = settled(table("queue.depth", growing), all_of(60), std::nullopt, false);
  REQUIRE(found);
  CHECK_FALSE(found->settled);
  CHECK(found->why == "queue.depth still grows at the end: this load is not sustained");
  // Only the window is looked at.
  std::vector<double> flat(60, 10.0);
  flat.insert(flat.begin(), growing.begin(), growing.end());
  const Window later(TimePoint::at(Duration::s(60)), Duration::s(60));
  CHECK(settled(table("queue.depth", flat), later, std::nullopt, false)->settled);
  // Latency that falls: caches that fill.
  std::vector<double> falling(growing.rbegin(), growing.rend());
  CHECK_THAT(settled(table("latency.p50_ms", falling), all_of(60), std::nullopt, false)->why,
             Catch::Contains("falls at the end: the warm-up is too short"));
}

TEST_CASE("a full tier is not sustained, unless its excess is turned away or users wait for it") {
  SeriesTable t = table("queue.depth", std::vector<double>(60, 10.0));
  t.columns.push_back({"offered", true, std::vector<double>(60, 100.0)});
  t.columns.push_back({"answered", true, std::vector<double>(60, 100.0)});
  const std::optional<std::string> api = "api";
  CHECK_FALSE(settled(t, all_of(60), api, false)->settled);
  CHECK_THAT(settled(t, all_of(60), api, false)->why, Catch::StartsWith("api is full"));
  CHECK(settled(t, all_of(60), api, true)->settled);
  t.columns[2].values.assign(60, 80.0);
  CHECK(settled(t, all_of(60), api, false)->settled);
}

TEST_CASE("too short a window cannot be told, but for what is full") {
  const SeriesTable t = table("queue.depth", std::vector<double>(15, 10.0));
  CHECK_FALSE(settled(t, all_of(15), std::nullopt, false).has_value());
  CHECK_FALSE(settled(t, all_of(15), "api", false)->settled);
}

}  // namespace
}  // namespace headroom::metrics
