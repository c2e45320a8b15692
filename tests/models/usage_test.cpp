#include <catch2/catch.hpp>

#include "tests/models/trial.h"

namespace headroom {
namespace {

study::ScenarioConfig metered() {
  auto s = workers(2, 8, Distribution<Duration>::exponential(Duration::ms(50)));
  add_api(s, 2);
  add_queue(s);
  add_usage(s);
  two_milliseconds(s);
  s.workload.arrivals = client::Poisson{Rate{100}};
  s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(1000));
  s.workload.renditions = 2;
  measure(s, Duration::s(1), Duration::s(10));
  return s;
}

TEST_CASE("every conversion is billed once") {
  for (const std::int64_t batch : {1, 7, 10'000}) {
    auto s = metered();
    s.deployment.usage->aggregator.max_records = batch;
    Trial trial(s);
    trial.run();
    CHECK(trial["usage.billing_error"] == 0);
    CHECK(trial["usage.billed_cpu_s"] == Approx(trial["usage.actual_cpu_s"]).epsilon(1e-12));
    CHECK(trial["usage.actual_cpu_s"] == Approx(100 * 2 * .05 * 10).epsilon(.1));
    CHECK(trial["usage.billed_unanswered"] == 0);
    CHECK(trial["usage.answered_unbilled"] == 0);
    // A record waits for its batch: at most a flush interval, and some milliseconds to the disk.
    CHECK(trial["usage.lag_p99_s"] < (batch == 1 ? .05 : 1.05));
    CHECK(trial.violated().empty());
  }
}

TEST_CASE("conversions for requests that were not answered are billed, and said so") {
  auto s = metered();
  s.workload.deadline = Duration::ms(60);
  Trial trial(s);
  trial.run();
  CHECK(trial["yield"] < .9);
  CHECK(trial["usage.billed_unanswered"] > 100);
  CHECK(trial["usage.billing_error"] == 0);
}

TEST_CASE("the cache of credentials hits as theory says") {
  // Per user and server: hits λT/(1 + λT) for an entry that lives T after it was put (Fofack et al. 2012).
  auto s = metered();
  hosts(s, "auth", 1, 4);
  s.deployment.auth.emplace();
  s.deployment.auth->edge_cache.emplace();
  s.deployment.auth->edge_cache->ttl = Duration::s(4);
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  s.deployment.auth->data_plane.cpu = Duration::ms(1);
  s.workload.users = 50;
  measure(s, Duration::s(10), Duration::s(100));
  Trial trial(s);
  trial.run();
  const double load = 100. / 50 / 2 * 4;
  CHECK(trial["auth.hit_ratio"] == Approx(load / (1 + load)).epsilon(.02));
  CHECK(trial["yield"] == 1);
}

TEST_CASE("a data plane that is down fails requests whose user is not cached") {
  auto s = metered();
  hosts(s, "auth", 1, 4);
  s.deployment.auth.emplace();
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  s.deployment.api->deadline = Duration::ms(500);
  s.workload.deadline = Duration::s(1);
  Trial trial(s);
  trial.at(Duration::s(6), [&] { trial.host("auth").crash(); });
  trial.run();
  CHECK(trial["yield"] == Approx(.5).margin(.05));
  CHECK(trial["outcome.error"] > 400);
  CHECK(trial.violated().empty());
}

}  // namespace
}  // namespace headroom
