#include "sim/metrics/series.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/metrics/named.h"

namespace headroom::metrics {
namespace {

TimePoint at(Duration d) {
  return TimePoint::at(d);
}

TEST_CASE("slots widen until the longest run fits into the rows") {
  CHECK(Series(Duration::s(130)).slot_length() == Duration::s(1));
  CHECK(Series(Duration::s(20'000)).slot_length() == Duration::s(1));
  CHECK(Series(Duration::s(20'000) + Duration::ns(1)).slot_length() == Duration::s(2));
  CHECK(Series(Duration::s(40'001)).slot_length() == Duration::s(5));
  CHECK(Series(Duration::s(100'001)).slot_length() == Duration::s(10));
  CHECK(Series(Duration::s(30 * 86'400)).slot_length() == Duration::s(200));
  Series series(Duration::s(30 * 86'400));
  series.counter(test::column("offered"));
  CHECK(series.finish(at(Duration::s(30 * 86'400))).rows == 12'960);
}

TEST_CASE("counters count under the slot given, in any order, scaled") {
  Series series(Duration::s(10));
  auto& offered = series.counter(test::column("offered"));
  auto& cpu = series.counter(test::column("cpu_s"), 1e-9);
  offered.add(at(Duration::ms(2500)));
  offered.add(at(Duration::ms(999)), 4);
  offered.add(at(Duration::ms(1000)));
  cpu.add(at(Duration::ms(0)), 500'000'000);
  offered.add(at(Duration::s(99)), 7);  // beyond the longest run: in the last slot
  const SeriesTable table = series.finish(at(Duration::s(10)));
  CHECK(table.rows == 10);
  CHECK(table.find("offered")->values == std::vector<double>{4, 1, 1, 0, 0, 0, 0, 0, 0, 7});
  CHECK(table.find("offered")->counter);
  CHECK(table.find("cpu_s")->values[0] == 0.5);
  CHECK(table.find("cpu_s")->values[1] == 0);
  CHECK(table.find("nothing") == nullptr);
}

TEST_CASE("a level is averaged over each slot, and over the time that the last one had") {
  Series series(Duration::s(10));
  auto& depth = series.level(test::column("queue.depth"));
  auto& busy = series.level(test::column("busy"), 0.25, 4);
  depth.set(at(Duration::ms(500)), 10);
  depth.add(at(Duration::ms(1250)), -6);
  depth.set(at(Duration::ms(3100)), 100);
  busy.add(at(Duration::ms(2000)), -2);
  const SeriesTable table = series.finish(at(Duration::ms(3200)));
  CHECK(table.rows == 4);
  const auto& values = table.find("queue.depth")->values;
  CHECK(values[0] == Approx(5));
  CHECK(values[1] == Approx(10 * 0.25 + 4 * 0.75));
  CHECK(values[2] == Approx(4));
  CHECK(values[3] == Approx(52));
  CHECK(table.find("busy")->values == std::vector<double>{1, 1, 0.5, 0.5});
}

TEST_CASE("a run longer than announced ends in the last slot") {
  Series series(Duration::s(2));
  auto& depth = series.level(test::column("depth"));
  depth.set(at(Duration::s(1)), 3);
  const SeriesTable table = series.finish(at(Duration::s(5)));
  CHECK(table.rows == 2);
  CHECK(table.find("depth")->values == std::vector<double>{0, 3});
}

TEST_CASE("latencies count under the slot in which they began, however late they end") {
  Series series(Duration::s(100));
  auto& latency = series.quantiles(test::latencies());
  latency.open(at(Duration::ms(100)));
  latency.open(at(Duration::ms(200)));
  latency.open(at(Duration::ms(1500)));
  latency.record(at(Duration::ms(100)), Duration::ms(10));
  latency.record(at(Duration::ms(1500)), Duration::ms(30));
  latency.open(at(Duration::ms(5500)));
  latency.record(at(Duration::ms(200)), Duration::s(90));
  latency.close(at(Duration::ms(5500)));
  const SeriesTable table = series.finish(at(Duration::s(7)));
  const auto& p50 = table.find("latency.p50_ms")->values;
  const auto& p99 = table.find("latency.p99_ms")->values;
  CHECK(p50[0] == Approx(10).epsilon(0.005));
  CHECK(p99[0] == Approx(90'000).epsilon(0.005));
  CHECK(p50[1] == Approx(30).epsilon(0.005));
  CHECK(std::isnan(p50[2]));
  CHECK(std::isnan(p50[5]));
  CHECK(table.find("latency.p95_ms") != nullptr);
  CHECK(table.find("latency.p99_9_ms") != nullptr);
}

TEST_CASE("histograms are recycled: as many exist as slots are in flight at once") {
  Series series(Duration::s(10'000));
  auto& latency = series.quantiles(test::latencies());
  for (int s = 0; s < 10'000; ++s) {
    latency.open(at(Duration::s(s)));
    latency.open(at(Duration::s(s)));
    latency.record(at(Duration::s(s)), Duration::ms(s + 1));
    if (s >= 3) latency.record(at(Duration::s(s - 3)), Duration::ms(s + 1));
  }
  CHECK(latency.histograms() <= 5);
  const auto values = series.finish(at(Duration::s(10'000))).find("latency.p50_ms")->values;
  for (int s = 0; s < 10'000; s += 100) {
    CHECK(values[static_cast<std::size_t>(s)] == Approx(s + 1.0).epsilon(0.005));
  }
}

}  // namespace
}  // namespace headroom::metrics
