#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "tests/models/trial.h"

/// The whole queue (members, sessions, workers) under random crashes, partitions, loss, duplication and
/// reordering. Whatever happened, what it promises must hold; and once all is healed, all must end.
namespace headroom {
namespace {

study::ScenarioConfig tiny() {
  auto s = workers(3, 2, Distribution<Duration>::exponential(Duration::ms(30)));
  add_api(s, 2, Duration::us(100));
  add_queue(s, 3, Duration::ms(1));
  two_milliseconds(s);
  s.deployment.queue->visibility_timeout = Duration::ms(900);
  s.deployment.queue->max_deliveries = 100;
  s.workload.arrivals = client::Poisson{Rate{40}};
  s.workload.image_bytes = Distribution<Bytes>::constant(Bytes(1000));
  measure(s, Duration(), Duration::s(4));
  s.run.drain = Duration::s(40);
  return s;
}

/// Faults that come and go within the first four seconds, drawn from `seed`.
class Chaos {
 public:
  Chaos(Trial& trial, std::uint64_t seed, bool clean_network)
      : trial_(trial), draw_((StreamKey(seed) / "chaos").engine()) {
    const auto faults = 2 + uniform_below(draw_, 6);
    for (std::uint64_t f = 0; f < faults; ++f) {
      const double at = .2 + 3 * uniform01(draw_);
      const double lasts = .05 + 1.5 * uniform01(draw_) * uniform01(draw_);
      switch (uniform_below(draw_, clean_network ? 3 : 5)) {
        case 0:
        case 1:
          crash(at, lasts);
          break;
        case 2:
          cut(at, lasts);
          break;
        default:
          disturb(at, lasts);
      }
    }
  }

 private:
  world::Host& some_host(bool api_too) {
    static const std::vector<std::string> groups = {"queue", "queue", "worker", "api"};
    const std::string& group = groups[uniform_below(draw_, api_too ? 4 : 3)];
    const auto members = trial_.world().group(group);
    return *members[uniform_below(draw_, members.size())];
  }
  void crash(double at, double lasts) {
    world::Host& host = some_host(true);
    if (uniform_below(draw_, 3) == 0) {  // the process alone
      trial_.at(Duration::from_seconds(at), [&host] { host.slots()[0]->kill(); });
      trial_.at(Duration::from_seconds(at + lasts), [&host] { host.slots()[0]->start(); });
      return;
    }
    trial_.at(Duration::from_seconds(at), [&host] { host.crash(); });
    trial_.at(Duration::from_seconds(at + lasts), [&host] { host.boot(); });
    trial_.at(Duration::from_seconds(at + lasts), [&host] { host.slots()[0]->start(); });
  }
  /// Every host falls on one side or the other.
  void cut(double at, double lasts) {
    world::Impairment cut;
    for (const auto& host : trial_.world().hosts())
      (uniform_below(draw_, 2) == 0 ? cut.a : cut.b).push_back(host->id());
    cut.blocked = true;
    if (uniform_below(draw_, 4) == 0) cut.backward = false;
    impair(at, lasts, cut);
  }
  void disturb(double at, double lasts) {
    world::Impairment noise;
    for (const auto& host : trial_.world().hosts()) noise.a.push_back(host->id());
    noise.b = noise.a;
    noise.loss = uniform01(draw_) < .5 ? .3 * uniform01(draw_) : 0;
    noise.duplication = uniform01(draw_) < .5 ? .3 : 0;
    if (uniform01(draw_) < .5) {
      noise.delay = Distribution<Duration>::exponential(Duration::ms(20));
      noise.delay_probability = .3;
    }
    impair(at, lasts, noise);
  }
  void impair(double at, double lasts, const world::Impairment& what) {
    auto number = std::make_shared<std::uint64_t>(0);
    world::Network& network = trial_.world().network();
    trial_.at(Duration::from_seconds(at), [&network, what, number] { *number = network.add(what); });
    trial_.at(Duration::from_seconds(at + lasts), [&network, number] { network.remove(*number); });
  }

  Trial& trial_;
  Engine draw_;
};

/// Runs `seeds` schedules and returns how many jobs were delivered again, so that the caller can see that
/// the schedules were not harmless.
double survive(const study::ScenarioConfig& base, std::uint64_t seeds, bool clean_network = false) {
  double redelivered = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    study::ScenarioConfig s = base;
    s.seed = static_cast<std::int64_t>(seed);
    Trial trial(s);
    const Chaos chaos(trial, seed, clean_network);
    trial.run();
    INFO("seed " << seed);
    for (const metrics::Invariant& i : trial.result().invariants) {
      if (i.name == "messages sent = received + lost + refused") continue;  // heartbeats go on for ever
      INFO(i.name << ": " << i.detail);
      REQUIRE(i.holds);
    }
    REQUIRE(trial["queue.lost_acknowledged"] == 0);
    redelivered += trial["queue.redeliveries"];
  }
  return redelivered;
}

TEST_CASE("at least once: nothing that was acknowledged is lost, and first deliveries are in order") {
  CHECK(survive(tiny(), 400) > 400);
}

TEST_CASE("exactly once: no result is released twice") {
  auto s = tiny();
  s.deployment.queue->delivery = queue::Delivery::exactly_once;
  CHECK(survive(s, 300) > 300);
}

TEST_CASE("at most once: nothing is delivered again") {
  auto s = tiny();
  s.deployment.queue->delivery = queue::Delivery::at_most_once;
  s.workload.deadline = Duration::s(3);  // what dies with a worker is never answered
  CHECK(survive(s, 200) == 0);
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
    survive(s, 100);
  }
}

TEST_CASE("each member on its own: nothing that a member has acknowledged is lost") {
  auto s = tiny();
  s.deployment.queue->replication = queue::Replication::availability_first;
  s.workload.deadline = Duration::s(10);
  survive(s, 200);
}

TEST_CASE("once all is healed, all requests are answered") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
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
