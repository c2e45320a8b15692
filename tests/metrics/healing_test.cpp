#include "sim/metrics/healing.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "sim/base/random.h"

namespace headroom::metrics {
namespace {

constexpr std::size_t kRows = 100;

TimePoint at(double seconds) {
  return TimePoint::at(Duration::from_seconds(seconds));
}

/// 100 slots of a second with `offered` requests each, answered as told.
SeriesTable table(const std::function<double(std::size_t)>& yield, double offered = 1000) {
  SeriesTable t;
  t.slot = Duration::s(1);
  t.rows = kRows;
  t.columns = {{"offered", true, std::vector<double>(kRows, offered)}, {"answered", true, {}}};
  for (std::size_t i = 0; i < kRows; ++i) t.columns[1].values.push_back(std::round(offered * yield(i)));
  return t;
}

/// The window is [10, 90), and there is trouble in [30, 50).
Healing of(const SeriesTable& t, Trouble trouble = {at(30), at(50)}) {
  return healing(t, Window(at(10), Duration::s(80)), trouble);
}

TEST_CASE("yield is back when five slots in a row are as before") {
  const auto from = [](std::size_t good) {
    return of(table([good](std::size_t i) { return i < 30 || i >= good ? 1.0 : .8; }));
  };
  CHECK(from(50).took == Duration());
  CHECK(from(40).took == Duration());  // while the fault lasts does not count
  CHECK(from(57).took == Duration::s(7));
  CHECK(from(85).took == Duration::s(35));
  CHECK_FALSE(from(86).took);  // four slots are left
  CHECK_FALSE(from(100).took);
  CHECK(from(100).watched == Duration::s(40));
}

TEST_CASE("a relapse is no healing") {
  const auto t = table([](std::size_t i) { return (i >= 30 && i < 52) || i == 55 || i == 60 ? .5 : 1.0; });
  CHECK(of(t).took == Duration::s(11));
}

TEST_CASE("the trouble may end within a slot") {
  const auto t = table([](std::size_t i) { return i == 50 ? .5 : 1.0; });
  CHECK(of(t, {at(30), at(50.25)}).took == Duration::ms(750));
  CHECK(of(t, {at(30), at(49.25)}).took == Duration::ms(1750));
  CHECK(of(t, {at(30), at(51.25)}).took == Duration());
}

TEST_CASE("slots without requests say nothing, and columns may be missing") {
  auto t = table([](std::size_t i) { return i >= 50 && i < 60 ? .5 : 1.0; });
  for (std::size_t i = 50; i < 60; ++i) t.columns[0].values[i] = t.columns[1].values[i] = 0;
  CHECK(of(t).took == Duration::s(10));
  t.columns.pop_back();
  CHECK_FALSE(of(t).watched);
}

TEST_CASE("what is steady must be known") {
  const auto t = table([](std::size_t) { return 1.0; });
  CHECK(of(t, {at(15), at(50)}).watched);
  CHECK_FALSE(of(t, {at(14.9), at(50)}).watched);
  CHECK_FALSE(of(t, {at(14.9), at(50)}).took);
}

TEST_CASE("noise is no trouble: a sound service has healed nearly at once, one that lost 1 % has not") {
  for (const double failing : {0.0, 1e-4, .02}) {
    int soon = 0, wrong = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Engine draw = StreamKey(seed).engine();
      const auto binomial = [&](double p) {
        int answered = 0;
        for (int k = 0; k < 1000; ++k) answered += uniform01(draw) >= p;
        return answered / 1000.0;
      };
      const auto sound = of(table([&](std::size_t) { return binomial(failing); }));
      soon += sound.took && *sound.took <= Duration::s(10);
      const auto hurt = of(table([&](std::size_t i) { return binomial(failing + (i >= 30) * .1); }));
      wrong += hurt.took.has_value();
    }
    INFO(failing);
    CHECK(soon >= 199);
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace headroom::metrics
