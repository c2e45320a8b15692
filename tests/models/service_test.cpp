#include <catch2/catch.hpp>

#include "tests/models/trial.h"
#include "tests/world/child.h"

/// The processes of API servers and workers, in a world, with loads whose outcome can be told by hand.
namespace headroom {
namespace {

TEST_CASE("an API server rejects what goes beyond max_in_flight") {
  // Requests at .1, .2, … s stay .95 s: two of every ten find a place.
  auto s = workers(1, 10, always(Duration::ms(950)));
  add_api(s);
  s.deployment.api->max_in_flight = 2;
  s.workload.arrivals = client::Constant{Rate{10}};
  measure(s, Duration::from_seconds(1.05), Duration::s(10));
  Trial trial(s);
  trial.run();
  CHECK(trial["requests.offered"] == 100);
  CHECK(trial["outcome.rejected"] == 80);
  CHECK(trial["outcome.complete"] == 20);
  CHECK(trial["yield"] == Approx(.2));
  CHECK(trial["api.availability"] == 1);  // a refusal is an answer
  CHECK(trial["latency.max_ms"] == Approx(950).epsilon(.005));
  CHECK(trial.violated().empty());
}

/// One request per second for five renditions of 200 ms on two cores: two are done at .2 s, four at .4 s, all
/// at .6 s.
study::ScenarioConfig five_renditions() {
  auto s = workers(1, 2, always(Duration::ms(200)));
  add_api(s);
  s.workload.arrivals = client::Constant{Rate{1}};
  s.workload.renditions = 5;
  measure(s, Duration::from_seconds(.8), Duration::s(20));
  return s;
}

TEST_CASE("without a deadline all renditions come") {
  Trial trial(five_renditions());
  trial.run();
  CHECK(trial["outcome.complete"] == 20);
  CHECK(trial["harvest"] == 1);
  CHECK(trial["latency.max_ms"] == Approx(600).epsilon(.005));
  CHECK(trial["processing.wasted_cpu_s"] == 0);
  CHECK(trial["processing.wait_probability"] == Approx(.6));
  CHECK(trial["processing.wait_mean_ms"] == Approx((2 * 200 + 400) / 5.));
  CHECK(trial["processing.utilization"] == Approx(.5));
}

TEST_CASE("at its deadline an API server fails the request") {
  auto s = five_renditions();
  s.deployment.api->deadline = Duration::ms(500);
  Trial trial(s);
  trial.run();
  CHECK(trial["outcome.error"] == 20);
  CHECK(trial["yield"] == 0);
  CHECK_FALSE(trial.find("harvest").has_value());
  CHECK(trial["processing.wasted_cpu_s"] == Approx(20 * .2));  // the fifth, done at .6 s
  CHECK(trial.violated().empty());
}

TEST_CASE("… or answers with the renditions that are there") {
  auto s = five_renditions();
  s.deployment.api->deadline = Duration::ms(500);
  s.deployment.api->at_deadline = api::AtDeadline::partial;
  Trial trial(s);
  trial.run();
  CHECK(trial["outcome.partial"] == 20);
  CHECK(trial["yield"] == 1);
  CHECK(trial["harvest"] == Approx(.8));
  CHECK(trial["dq"] == Approx(.8));
  CHECK(trial["latency.max_ms"] == Approx(500).epsilon(.005));
  CHECK(trial["processing.wasted_cpu_s"] == Approx(20 * .2));
  s.deployment.api->deadline = Duration::ms(100);  // before the first is done there is nothing to answer with
  Trial none(s);
  none.run();
  CHECK(none["outcome.error"] == 20);
}

TEST_CASE("an answer after the client's deadline is late") {
  auto s = five_renditions();
  s.workload.deadline = Duration::ms(500);
  Trial trial(s);
  trial.run();
  CHECK(trial["outcome.late"] + trial["outcome.error"] == 20);
  CHECK(trial["yield"] == 0);
}

TEST_CASE("a host works on as many jobs as it has slots, lets max_waiting wait, and rejects the rest") {
  auto s = workers(1, 4, always(Duration::ms(100)));
  s.deployment.processing->slots = 2;
  s.deployment.processing->max_waiting = 3;
  s.workload.arrivals = burst(10);
  measure(s, Duration(), Duration::s(10));
  Trial trial(s);
  trial.run();
  CHECK(trial["outcome.complete"] == 5);
  CHECK(trial["outcome.rejected"] == 5);
  CHECK(trial["processing.service_mean_ms"] == Approx(100));
  CHECK(trial["processing.wait_probability"] == Approx(.6));
  CHECK(trial["processing.wait_mean_ms"] == Approx((100 + 100 + 200) / 5.));
  CHECK(trial["latency.max_ms"] == Approx(300).epsilon(.005));
  CHECK(trial["processing.utilization"] == Approx(5 * .1 / (2 * 10)));
}

TEST_CASE("more slots than cores share the cores") {
  auto s = workers(1, 2, always(Duration::ms(100)));
  s.deployment.processing->slots = 4;
  s.workload.arrivals = burst(4);
  measure(s, Duration(), Duration::s(10));
  Trial trial(s);
  trial.run();
  CHECK(trial["processing.service_mean_ms"] == Approx(200));
}

TEST_CASE("utilisation never exceeds 1, overloaded or not, sharing or not") {
  for (const auto discipline : {processing::Discipline::fifo, processing::Discipline::processor_sharing}) {
    auto s = workers(3, 4, Distribution<Duration>::exponential(Duration::ms(100)));
    s.deployment.processing->discipline = discipline;
    s.workload.arrivals = client::Poisson{Rate{240}};  // twice what they can do
    measure(s, Duration::s(5), Duration::s(20));
    s.run.drain = Duration::s(60);
    Trial trial(s);
    trial.run();
    CHECK(trial["processing.utilization"] <= 1);
    CHECK(trial["processing.utilization"] > .99);
    const auto* column = trial.result().series.find("processing.utilization");
    REQUIRE(column != nullptr);
    for (const double u : column->values) CHECK((u >= 0 && u <= 1 + 1e-12));
    CHECK(trial.violated().empty());
  }
}

TEST_CASE("probes are in no metric of requests or stations") {
  const auto run = [](std::optional<Duration> probe) {
    auto s = workers(4, 16, Distribution<Duration>::exponential(Duration::ms(50)));
    add_api(s, 2, Duration::us(500));
    add_queue(s);
    add_usage(s);
    s.workload.arrivals = client::Poisson{Rate{100}};
    s.workload.deadline = Duration::s(2);
    s.workload.probe = probe;
    measure(s, Duration::s(2), Duration::s(20));
    auto trial = std::make_unique<Trial>(s);
    trial->run();
    CHECK(trial->violated().empty());
    return trial;
  };
  const auto without = run(std::nullopt);
  const auto with = run(Duration::ms(20));
  CHECK_FALSE(without->find("uptime").has_value());
  CHECK((*with)["uptime"] == 1);
  int compared = 0;
  for (const metrics::MetricValue& m : without->result().metrics) {
    INFO(m.name);
    const bool exact = m.name.starts_with("requests.") || m.name.starts_with("outcome.") ||
                       m.name.starts_with("attempt") || m.name.starts_with("queue.") ||
                       m.name == "usage.actual_cpu_s" || m.name == "usage.billed_cpu_s" || m.name == "yield";
    if (!exact) continue;
    ++compared;
    REQUIRE(m.value.has_value());
    CHECK(*m.value == Approx((*with)[m.name]).epsilon(1e-9));
  }
  CHECK(compared > 30);
  CHECK((*without)["processing.utilization"] == Approx((*with)["processing.utilization"]).epsilon(1e-3));
}

TEST_CASE(
    "a job pushed to a worker that dies: a reset, or silence until the deadline; nobody counts it for ever") {
  for (const bool host_dies : {false, true}) {
    auto s = workers(2, 1, always(Duration::ms(200)));
    add_api(s);
    s.deployment.load_balancer.emplace();
    s.deployment.load_balancer->policy = balancer::Policy::least_requests;
    s.workload.arrivals = client::Constant{Rate{5}};  // one of the two always has a slot free
    s.workload.deadline = Duration::s(1);
    measure(s, Duration(), Duration::s(10));
    Trial trial(s);
    // Each dies once with a job; if those were counted for ever, each would be avoided for ever.
    for (const std::size_t w : {1, 2}) {
      world::Host& host = trial.host("worker", w);
      trial.at(Duration::from_seconds(2.1 + static_cast<double>(w)), [&host, host_dies] {
        if (host_dies)
          host.crash();
        else
          host.slots()[0]->kill();
      });
      trial.at(Duration::from_seconds(2.15 + static_cast<double>(w)), [&host, host_dies] {
        if (host_dies)
          host.boot();
        else
          host.slots()[0]->start();
      });
    }
    trial.run();
    const double died = trial["outcome.died"];
    const double silent = trial["outcome.late"] + trial["outcome.lost"] + trial["outcome.error"];
    INFO("died " << died << ", silent " << silent);
    CHECK((host_dies ? silent : died) >= 1);
    CHECK((host_dies ? died : silent) == 0);
    CHECK(trial["yield"] >= .94);
    CHECK(trial.violated().empty());
  }
}

/// Two requests; one worker with one slot, which has the second one's image to fetch when the first one's
/// conversion is over, at about 120 ms. `fail` happens at 60 ms.
void fetch_from(const std::function<void(Trial&)>& fail, double held_s) {
  auto s = workers(1, 1, always(Duration::ms(100)));
  add_api(s);
  add_queue(s, 1, Duration::ms(1));
  two_milliseconds(s);
  s.deployment.queue->max_deliveries = 1;
  s.workload.arrivals = burst(2);
  measure(s, Duration(), Duration::s(10));
  Trial trial(s);
  trial.at(Duration::ms(60), [&] { fail(trial); });
  trial.run();
  // The first image takes 2 ms there and 2 ms back.
  CHECK(trial["processing.held"] * 10 == Approx(.004 + held_s).epsilon(1e-3));
  CHECK(trial.violated().empty());
}

TEST_CASE("a worker lets go of an image that does not come") {
  // Its server's host is dead: a second (processing.fetch.timeout), though nobody has a deadline.
  fetch_from([](Trial& trial) { trial.host("api").crash(); }, 1);
  // Its server's process is gone, and its host says so.
  fetch_from([](Trial& trial) { trial.host("api").slots()[0]->kill(); }, .004);
}

TEST_CASE("a worker waits for an image as long as its bytes come") {
  // An image of 3 MB over a card of 1 MB/s, alone: 3 s. `fail` happens 1.5 s after its first byte.
  const auto run = [](const std::function<void(Trial&)>& fail) {
    return world::in_child([&] {
      auto s = workers(1, 1, always(Duration::ms(100)));
      add_api(s);
      add_queue(s, 1, Duration::ms(1));
      two_milliseconds(s);
      s.platform.hosts["worker"].nic = Bandwidth{1e6};
      s.deployment.queue->max_deliveries = 1;
      s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(3'000'000 - 512));
      s.workload.arrivals = burst(1);
      measure(s, Duration(), Duration::s(10));
      Trial trial(s);
      trial.at(Duration::ms(1511), [&] { fail(trial); });  // 2 + 2 + 1 + 2 + 2 + 2 ms, then it flows
      trial.run();
      return std::vector<double>{trial["processing.held"] * 10, trial["yield"],
                                 trial.violated().empty() ? 1. : 0.};
    });
  };
  const auto whole = run([](Trial&) {});
  CHECK(whole[0] == Approx(3.004).epsilon(1e-3));
  CHECK(whole[1] == 1);
  const auto dead = run([](Trial& trial) { trial.host("api").crash(); });
  CHECK(dead[0] == Approx(.004 + 1.5 + 1).epsilon(1e-3));
  CHECK(dead[1] == 0);
  CHECK(whole[2] + dead[2] == 2);
  const auto still =
      run([](Trial& trial) { trial.world().network().set_bandwidth_share("host/worker-1", 0); });
  CHECK(still[0] == Approx(.004 + 1.5 + 1).epsilon(1e-3));
}

TEST_CASE("round trips and connections cost what they should") {
  auto s = workers(1, 8, always(Duration::ms(10)));
  add_api(s, 1, Duration::ms(1));
  add_queue(s, 1, Duration::ms(3));
  two_milliseconds(s);
  s.workload.arrivals = client::Constant{Rate{10}};
  measure(s, Duration::from_seconds(.55), Duration::s(10));
  {
    // Client to API 2, CPU 1, to the queue 2, fsync 3, to the worker 2, fetch the image 2 + 2, conversion 10,
    // back to the API 2, to the client 2.
    Trial trial(s);
    trial.run();
    CHECK(trial["latency.mean_ms"] == Approx(28).epsilon(1e-3));
    CHECK(trial.violated().empty());
  }
  s.workload.connections = client::Connections{Share{0}, Duration::ms(5)};
  {
    Trial trial(s);
    trial.run();
    CHECK(trial["latency.mean_ms"] == Approx(28 + 2 * 4 + 5).epsilon(1e-3));  // TCP, TLS, and its CPU
  }
}

}  // namespace
}  // namespace headroom
