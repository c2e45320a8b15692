#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <string>
#include <vector>

#include "tests/models/trial.h"

/// Hosts and processes die in the middle of a run. Nothing may be left behind, and the books must balance.
namespace headroom {
namespace {

study::ScenarioConfig region(bool with_queue, bool with_balancer) {
  auto s = workers(4, 4, Distribution<Duration>::exponential(Duration::ms(50)));
  add_api(s, 2, Duration::us(500));
  if (with_queue) add_queue(s);
  add_usage(s);
  hosts(s, "auth", 1, 2);
  s.deployment.auth.emplace();
  s.deployment.auth->edge_cache.emplace();
  s.deployment.auth->edge_cache->ttl = Duration::s(1);
  s.deployment.auth->edge_cache->serve_stale_for = Duration::s(1);
  s.deployment.auth->management.emplace().updates = Rate{20};
  s.deployment.auth->data_plane.hosts = Ref{"auth"};
  s.deployment.auth->data_plane.cpu = Duration::us(100);
  if (with_balancer) {
    hosts(s, "lb", 2, 2);
    s.deployment.load_balancer.emplace();
    s.deployment.load_balancer->hosts = Ref{"lb"};
    s.deployment.load_balancer->policy = balancer::Policy::least_requests;
  }
  two_milliseconds(s);
  s.workload.users = 100;
  s.workload.renditions = 3;
  s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(10'000));
  s.workload.arrivals = client::Poisson{Rate{60}};
  s.workload.deadline = Duration::s(1);
  s.workload.probe = Duration::ms(100);
  s.deployment.api->deadline = Duration::ms(800);
  s.deployment.api->at_deadline = api::AtDeadline::partial;
  measure(s, Duration::s(1), Duration::s(5));
  s.run.drain = Duration::s(5);
  return s;
}

/// Every request has one outcome.
void check_outcomes(const Trial& trial) {
  double sum = 0;
  for (const auto ending : client::kEndings) sum += trial["outcome." + std::string(ending)];
  CHECK(sum == trial["requests.offered"]);
}

TEST_CASE("any host may crash and boot at any moment") {
  for (const bool with_queue : {false, true})
    for (const bool with_balancer : {false, true})
      for (const char* group : {"worker", "api", "auth", "store", "lb", "queue"}) {
        if (!with_queue && std::string(group) == "queue") continue;
        if (!with_balancer && std::string(group) == "lb") continue;
        INFO(group << (with_queue ? ", queue" : "") << (with_balancer ? ", balancer" : ""));
        Trial trial(region(with_queue, with_balancer));
        trial.at(Duration::from_seconds(2.0123), [&] { trial.host(group).crash(); });
        trial.at(Duration::from_seconds(3.5), [&] { trial.host(group).boot(); });
        trial.run();
        check_outcomes(trial);
        CHECK(trial["yield"] > .2);
        CHECK(trial["processing.utilization"] <= 1);
        for (const metrics::Invariant& i : trial.result().invariants) {
          INFO(i.name << ": " << i.detail);
          CHECK(i.holds);
        }
      }
}

TEST_CASE("a worker that crashes takes its jobs along: their requests are not complete") {
  auto s = region(true, false);
  s.deployment.api->at_deadline = api::AtDeadline::fail;
  Trial trial(s);
  trial.at(Duration::s(3), [&] { trial.host("worker").crash(); });
  trial.run();
  CHECK(trial["outcome.error"] > 0);
  CHECK(trial["yield"] > .5);
}

TEST_CASE("an API server that crashes fails its requests; they died, or were lost on the way to it") {
  auto s = region(true, false);
  Trial trial(s);
  trial.at(Duration::s(3), [&] { trial.host("api").crash(); });
  trial.run();
  CHECK(trial["outcome.died"] > 0);
  CHECK(trial["outcome.died"] < 60);
  CHECK(trial["outcome.lost"] == Approx(3 * 60 / 2.).epsilon(.3));  // half of the clients go on trying
  CHECK(trial["yield"] == Approx(1 - 3 / 5. / 2).margin(.08));
}

TEST_CASE("behind a balancer, too, clients' failures are told apart") {
  // One API server of two; half of the requests go there.
  const auto with = [](bool process, double begin, double length) {
    auto s = region(true, true);
    s.deployment.load_balancer->policy = balancer::Policy::random;
    faults::Crash c;
    c.target.name = "host/api-1";
    c.process = process;
    c.boot = process ? std::nullopt : std::optional(Duration());
    faults::FaultConfig f;
    f.at = Duration::from_seconds(begin);
    f.length = Duration::from_seconds(length);
    f.kind = c;
    s.faults.push_back(f);
    return s;
  };
  Trial off(with(false, 2, 2));
  off.run();
  CHECK(off["outcome.died"] > 0);  // what it was working on
  CHECK(off["outcome.died"] < 20);
  CHECK(off["outcome.lost"] == Approx(60 * 2 / 2.).margin(30));  // sent there while it was off
  CHECK(off["outcome.late"] < 3);
  Trial dead(with(true, 2, 1));
  dead.run();
  CHECK(dead["outcome.refused"] == Approx(60 * 3 / 2.).margin(35));  // and while it restarts
  CHECK(dead["outcome.lost"] == 0);
}

TEST_CASE("processes die alone, with their hosts up") {
  for (const char* group : {"worker", "api", "auth", "store", "lb", "queue"}) {
    INFO(group);
    Trial trial(region(true, true));
    for (int k = 0; k < 40; ++k) {
      trial.at(Duration::from_seconds(1.5 + .1 * k), [&] { trial.host(group).slots()[0]->kill(); });
      trial.at(Duration::from_seconds(1.5 + .1 * k + .03), [&] { trial.host(group).slots()[0]->start(); });
    }
    trial.run();
    check_outcomes(trial);
  }
}

TEST_CASE("a refused connection fails at once") {
  auto s = region(true, false);
  Trial trial(s);
  trial.at(Duration(), [&] { trial.host("api").slots()[0]->kill(); });
  trial.run();
  CHECK(trial["outcome.refused"] == Approx(trial["requests.offered"] / 2).epsilon(.3));
}

TEST_CASE("everything may crash at once") {
  Trial trial(region(true, true));
  trial.at(Duration::s(3), [&] {
    for (const auto& host : trial.world().hosts()) host->crash();
  });
  trial.at(Duration::s(4), [&] {
    for (const auto& host : trial.world().hosts()) host->boot();
  });
  trial.run();
  check_outcomes(trial);
}

/// Crashes, kills and partitions at random, of anything but the queue, which has tests of its own; the last
/// one ends, boots included, before the window does.
std::vector<faults::FaultConfig> any_faults(Engine& draw) {
  static const char* const kTargets[] = {"group/worker", "group/api",  "group/auth",   "group/store",
                                         "group/lb",     "host/api-1", "host/worker-2"};
  const auto target = [&] {
    return faults::Target{kTargets[uniform_below(draw, std::size(kTargets))], {}, 0};
  };
  const auto ms = [&](std::uint64_t below) {
    return Duration::ms(static_cast<std::int64_t>(uniform_below(draw, below)));
  };
  std::vector<faults::FaultConfig> all(1 + uniform_below(draw, 5));
  for (faults::FaultConfig& f : all) {
    f.at = ms(4000);
    f.length = ms(800);
    if (uniform_below(draw, 2) == 0) {
      faults::Partition p;
      p.between.push_back(target());
      p.between.push_back(uniform_below(draw, 3) == 0 ? faults::Target{"clients", {}, 0} : target());
      p.direction = static_cast<faults::Direction>(uniform_below(draw, 3));
      f.kind = p;
      continue;
    }
    faults::Crash c;
    c.process = uniform_below(draw, 2) == 0;
    c.target = target();
    (c.process ? c.restart : c.boot) = ms(300);
    f.kind = c;
  }
  return all;
}

TEST_CASE("whatever fails, every request has an outcome and every message an end, with retries or without") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    Engine draw = StreamKey(seed).engine();
    auto s = region(seed % 4 != 0, seed % 3 != 0);
    s.seed = static_cast<std::int64_t>(seed);
    // A target that is not there strikes nobody here; the program refuses it.
    if (seed % 4 == 0) hosts(s, "queue", 1, 1);
    if (seed % 3 == 0) hosts(s, "lb", 1, 1);
    s.faults = any_faults(draw);
    if (seed % 2 == 0) {
      s.workload.attempt_timeout = Duration::ms(300);
      s.workload.retry.emplace();
      s.workload.retry->backoff = calls::ExponentialBackoff{Duration::ms(20), Duration::ms(100)};
      s.workload.retry->jitter = calls::Jitter::full;
    }
    Trial trial(s);
    trial.run();
    check_outcomes(trial);
    for (const metrics::Invariant& i : trial.result().invariants) {
      INFO(i.name << ": " << i.detail);
      CHECK(i.holds);
    }
    CHECK(std::all_of(trial.world().hosts().begin(), trial.world().hosts().end(), [](const auto& host) {
      return host->up() && std::all_of(host->slots().begin(), host->slots().end(),
                                       [](const auto& slot) { return slot->get() != nullptr; });
    }));
  }
}

TEST_CASE("a run may be abandoned at any moment") {
  Trial trial(region(true, true));
  trial.run_until(Duration::from_seconds(2.3456));
}

}  // namespace
}  // namespace headroom
