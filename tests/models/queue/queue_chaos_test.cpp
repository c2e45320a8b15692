#include <catch2/catch.hpp>
#include <string>

#include "sim/base/random.h"
#include "tests/models/chaos.h"
#include "tests/models/trial.h"

/// The whole queue (members, sessions, workers) under random crashes, partitions, loss, duplication and
/// reordering. Whatever happened, what it promises must hold; and once all is healed, all must end.
namespace headroom {
namespace {

/// Of the number of schedules asked for: each takes ten times as long under the sanitizers.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kShare = 2;
#else
constexpr std::uint64_t kShare = 1;
#endif

/// What the schedules did, so that the caller can see that they were not harmless; means of a schedule.
struct Harm {
  double redelivered = 0;  ///< jobs
  double overtaken = 0;    ///< of 800 messages
};

/// Runs `seeds` schedules.
Harm survive(const study::ScenarioConfig& base, std::uint64_t seeds) {
  seeds /= kShare;
  Harm harm;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    study::ScenarioConfig s = base;
    s.seed = static_cast<std::int64_t>(seed);
    Trial trial(s);
    const Chaos chaos(trial, seed);
    trial.run();
    INFO("seed " << seed);
    for (const metrics::Invariant& i : trial.result().invariants) {
      INFO(i.name << ": " << i.detail);
      REQUIRE(i.holds);
    }
    REQUIRE(trial["queue.lost_acknowledged"] == 0);
    harm.redelivered += trial["queue.redeliveries"] / static_cast<double>(seeds);
    harm.overtaken += chaos.overtaken() / static_cast<double>(seeds);
  }
  return harm;
}

TEST_CASE("at least once: nothing that was acknowledged is lost, and first deliveries are in order") {
  const Harm harm = survive(tiny(), 700);
  CHECK(harm.redelivered > 1);
  CHECK(harm.overtaken > 10);
}

TEST_CASE("exactly once: no result is released twice") {
  auto s = tiny();
  s.deployment.queue->delivery = queue::Delivery::exactly_once;
  CHECK(survive(s, 500).redelivered > 1);
}

TEST_CASE("at most once: nothing is delivered again") {
  auto s = tiny();
  s.deployment.queue->delivery = queue::Delivery::at_most_once;
  s.workload.deadline = Duration::s(3);  // what dies with a worker is never answered
  CHECK(survive(s, 300).redelivered == 0);
}

TEST_CASE("a bounded queue keeps its promises, whatever it does when it is full") {
  for (const auto when_full :
       {queue::WhenFull::reject, queue::WhenFull::block, queue::WhenFull::drop_oldest}) {
    auto s = tiny();
    s.deployment.queue->capacity = 5;
    s.deployment.queue->when_full = when_full;
    s.workload.arrivals = client::Poisson{Rate{200}};  // what the workers can just do
    s.workload.deadline = Duration::s(2);
    s.deployment.queue->drop_expired = true;
    survive(s, 150);
  }
}

TEST_CASE("each member on its own: nothing that a member has acknowledged is lost") {
  auto s = tiny();
  s.deployment.queue->replication = queue::Replication::availability_first;
  s.workload.deadline = Duration::s(10);
  survive(s, 300);
}

TEST_CASE("once all is healed, all requests are answered") {
  for (std::uint64_t seed = 1; seed <= 150 / kShare; ++seed) {
    auto s = tiny();
    s.seed = static_cast<std::int64_t>(seed);
    hosts(s, "api", 1, 4);
    Trial trial(s);
    // The API server stays up; of the others any may die, also all at once.
    Engine draw = (StreamKey(seed) / "healed").engine();
    for (const auto& host : trial.world().hosts()) {
      if (host->group() == "api" || uniform01(draw) < .3) continue;
      const double at = .2 + 3 * uniform01(draw);
      world::Host* h = host.get();
      trial.at(Duration::from_seconds(at), [h] { h->crash(); });
      trial.at(Duration::from_seconds(at + uniform01(draw)), [h] { h->boot(); });
    }
    trial.run();
    INFO("seed " << seed << ": " << trial.violated());
    REQUIRE(trial["yield"] == 1);
    REQUIRE(trial["queue.lost_acknowledged"] == 0);
  }
}

}  // namespace
}  // namespace headroom
