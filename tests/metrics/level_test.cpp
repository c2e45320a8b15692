#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "sim/metrics/station.h"
#include "sim/metrics/time_average.h"

namespace headroom::metrics {
namespace {

TimePoint at(std::int64_t ns) {
  return TimePoint::at(Duration::ns(ns));
}

TEST_CASE("a level's integral agrees with adding it up nanosecond by nanosecond") {
  CHECK(rc::check([] {
    const std::int64_t begin = *rc::gen::inRange<std::int64_t>(0, 100);
    const std::int64_t length = *rc::gen::inRange<std::int64_t>(64, 1000);
    const Window window(at(begin), Duration::ns(length));
    const std::int64_t initial = *rc::gen::inRange<std::int64_t>(0, 4);
    TimeAverage average(window, initial);
    std::vector<std::int64_t> level_at(1500, initial);  // by nanosecond
    std::int64_t max = 0;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 60), rc::gen::inRange(-5, 9)));
    std::int64_t now = 0;
    for (const auto& [wait, delta] : steps) {
      if (now + wait >= 1500) break;
      now += wait;
      average.add(at(now), delta);
      for (std::int64_t t = now; t < 1500; ++t) level_at[static_cast<std::size_t>(t)] += delta;
      if (window.contains(at(now))) max = std::max(max, average.level());
    }
    const std::int64_t end = now + *rc::gen::inRange<std::int64_t>(0, 1500 - now);
    average.finish(at(end));
    for (int b = 0; b < kBatches; ++b) {
      std::int64_t naive = 0;
      for (std::int64_t t = 0; t < end; ++t) {
        if (window.batch(at(t)) == b) naive += level_at[static_cast<std::size_t>(t)];
      }
      RC_ASSERT(average.integral(b) == naive);
    }
    if (end >= begin) {
      for (std::int64_t t = begin; t < std::min(end, begin + length); ++t) {
        max = std::max(max, level_at[static_cast<std::size_t>(t)]);
      }
      RC_ASSERT(average.max() == max);
    }
  }));
}

TEST_CASE("mean and maximum of a level are those of the window only") {
  TimeAverage average(Window(at(1'000'000), Duration::ms(2)));
  average.set(at(0), 50);
  average.set(at(900'000), 2);
  average.set(at(2'000'000), 4);
  average.set(at(2'500'000), 9);
  average.set(at(2'500'000), 4);  // for no time at all, but it was there
  average.set(at(3'000'000), 70);
  average.finish(at(4'000'000));
  CHECK(average.mean() == Approx(3.0));
  CHECK(average.max() == 9);
  CHECK(average.level_seconds() == Approx(0.006));
}

TEST_CASE("Little's law holds to the nanosecond, with jobs still present too") {
  CHECK(rc::check([] {
    Station station;
    std::vector<TimePoint> present;
    std::int64_t now = 0;
    const auto steps = *rc::gen::container<std::vector<std::pair<std::int64_t, int>>>(
        rc::gen::pair(rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000), rc::gen::inRange(-8, 8)));
    for (const auto& [wait, what] : steps) {
      now += wait;
      if (what >= 0 || present.empty()) {
        station.enter(at(now));
        present.push_back(at(now));
      } else {
        const std::size_t who = static_cast<std::size_t>(-what) % present.size();
        station.leave(at(now), present[who]);
        present.erase(present.begin() + static_cast<std::ptrdiff_t>(who));
      }
      RC_ASSERT(station.holds(at(now)));
    }
    RC_ASSERT(station.holds(at(now + 5)));
    RC_ASSERT(station.present() == static_cast<std::int64_t>(present.size()));
    for (TimePoint entered : present) station.leave(at(now + 5), entered);
    RC_ASSERT(station.holds(at(now + 5)));
    RC_ASSERT(station.area(at(now + 5)) == station.area(at(now + 500)));
  }));
}

TEST_CASE("a job that leaves with the wrong date or twice breaks the identity") {
  Station station;
  station.enter(at(10));
  station.enter(at(20));
  station.leave(at(30), at(11));
  station.leave(at(40), at(20));
  CHECK_FALSE(station.holds(at(40)));

  Station twice;
  twice.enter(at(10));
  twice.leave(at(20), at(10));
  twice.leave(at(20), at(10));
  CHECK_FALSE(twice.holds(at(20)));
}

}  // namespace
}  // namespace headroom::metrics
