#include "sim/study/gauges.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "sim/world/world.h"
#include "tests/metrics/named.h"

namespace headroom::study {
namespace {

world::Task<> work(world::World& world, world::Host& host, Duration at, Duration length) {
  co_await world::Sleep(world.scheduler(), at);
  co_await host.cpu().run(length);
}

world::Task<> outage(world::World& world, world::Host& host, Duration from, Duration to) {
  co_await world::Sleep(world.scheduler(), from);
  host.crash();
  co_await world::Sleep(world.scheduler(), to - from);
  host.boot();
}

std::optional<double> value(const metrics::ReplicationResult& result, const std::string& name) {
  for (const auto& m : result.metrics)
    if (m.name == name) return m.value;
  return std::nullopt;
}

TEST_CASE("gauges read busy cores, energy and prices off the hosts, in the window only") {
  world::PlatformConfig platform;
  platform.hosts["a"].count = 2;
  platform.hosts["a"].cores = 2;
  platform.hosts["a"].price = Price{1'500'000'000};
  platform.hosts["a"].watts = world::WattsConfig{Power{100}, Power{300}};
  platform.hosts["b"].price = Price{500'000'000};
  world::World world(platform, StreamKey(1));
  const metrics::Window window(TimePoint::at(Duration::from_seconds(2.5)), Duration::s(10));
  metrics::Series series(Duration::s(20));
  Gauges gauges(world, window, series);
  gauges.add_tier(metrics::test::metric("a.utilization"), metrics::test::column("a.utilization"),
                  world.group("a"));
  world::Scope scope;
  gauges.start();
  // Core-seconds in the window: 1.5 of the first job, 3 of the second, 0.5 of the third.
  scope.spawn(work(world, *world.group("a")[0], Duration::s(1), Duration::s(3)));
  scope.spawn(work(world, *world.group("a")[0], Duration::s(5), Duration::s(3)));
  scope.spawn(work(world, *world.group("a")[1], Duration::s(12), Duration::s(5)));
  world.run_until(TimePoint::at(Duration::s(18)));
  gauges.tear_down();
  metrics::BatchSum answered;
  answered.add(0, 1000);
  metrics::ResultBuilder builder(window);
  gauges.report(builder, answered);
  builder.series(series.finish(world.now()));
  const auto result = std::move(builder).build();
  CHECK(*value(result, "a.utilization") == Approx(5. / (4 * 10)));
  // Two hosts idle for 10 s, and 200 W more in proportion to the cores that were busy: 5 of 2 per host.
  CHECK(*value(result, "energy.kwh") == Approx((2 * 100 * 10 + 200 * 5. / 2) / 3.6e6));
  CHECK(*value(result, "cost.usd_per_hour") == Approx(3.5));
  CHECK(*value(result, "cost.usd_per_million_requests") == Approx(3.5 / 3600 * 10 / 1000 * 1e6));
  CHECK_FALSE(value(result, "network.utilization_max").has_value());  // no link has a limit
  const auto* column = result.series.find("a.utilization");
  REQUIRE(column != nullptr);
  REQUIRE(column->values.size() >= 17);
  const double expected[] = {0, .25, .25, .25, 0, .25, .25, .25, 0, 0, 0, 0, .25, .25, .25, .25, .25};
  for (std::size_t i = 0; i < 17; ++i) {
    INFO("second " << i);
    CHECK(column->values[i] == Approx(expected[i]).margin(1e-9));
  }
}

TEST_CASE("a host without power draws none") {
  // Two hosts of 100 W idle; one is without power from 4 s to 7 s, at no edge of a slot: 17 host-seconds.
  world::PlatformConfig platform;
  platform.hosts["a"].count = 2;
  platform.hosts["a"].watts = world::WattsConfig{Power{100}, Power{300}};
  world::World world(platform, StreamKey(1));
  const metrics::Window window(TimePoint::at(Duration()), Duration::s(10));
  metrics::Series series(Duration::s(20));
  Gauges gauges(world, window, series);
  world::Scope scope;
  gauges.start();
  scope.spawn(
      outage(world, *world.group("a")[0], Duration::from_seconds(4.25), Duration::from_seconds(7.25)));
  world.run_until(TimePoint::at(Duration::s(12)));
  gauges.tear_down();
  metrics::ResultBuilder builder(window);
  gauges.report(builder, {});
  builder.series(series.finish(world.now()));
  CHECK(*value(std::move(builder).build(), "energy.kwh") == Approx(17 * 100 / 3.6e6));
}

}  // namespace
}  // namespace headroom::study
