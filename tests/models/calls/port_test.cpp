#include "models/calls/port.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "models/calls/choice.h"
#include "models/calls/entrance.h"
#include "models/calls/host_choice.h"
#include "models/calls/service.h"
#include "sim/world/world.h"

namespace headroom::calls {
namespace {

/// Answers what its bench says: a number, or a failure.
class Server final : public RequestServer {
 public:
  Server(world::Host& host, const std::optional<Failure>& failure) : RequestServer(host), failure_(failure) {}
  void accept(Arrival arrival) override {
    if (failure_)
      arrival.responder.reply(*failure_);
    else
      arrival.responder.reply(Answer{static_cast<std::int64_t>(host().id().value)});
  }

 private:
  const std::optional<Failure>& failure_;
};

world::PlatformConfig platform() {
  world::PlatformConfig p;
  p.network.ideal = false;
  p.network.nic.latency = Duration::ms(1);
  p.hosts["h"].count = 4;
  return p;
}

/// Servers on h-1 to h-3, called from h-4; a message takes 2 ms.
struct Bench {
  explicit Bench(PortConfig config = {})
      : world(platform(), StreamKey(1)),
        series(Duration::s(100)),
        kind(std::move(config), Environment{world, window, series, journal}) {
    for (std::size_t s = 0; s < 3; ++s) {
      world::Host& host = *world.group("h").at(s);
      members.add({host.id(), &host.install([this, s](world::Host& h) {
                     return std::make_unique<Server>(h, failures[s]);
                   })});
    }
  }
  Port port(std::unique_ptr<Selector> selector) { return {kind, members, std::move(selector), "test"}; }
  std::unique_ptr<Selector> in_turn() const {
    return std::make_unique<Choice>(Policy::round_robin, members.size());
  }
  std::unique_ptr<Selector> failing_over() const {
    return std::make_unique<HostChoice>(Redundancy::active_active, members.size(), Duration::ms(100));
  }

  struct Seen {
    std::optional<Outcome<Answer>> outcome;
    double at_ms = -1;
    int asked = 0;
    int retried = 0;
  };
  world::Task<> ask_one(Port* port, Port::Question question, Seen* seen) {
    const world::HostId me = world.group("h").at(3)->id();
    question.retried = [seen] { ++seen->retried; };
    const auto send = [this, me, seen](Call<Answer>& call, const Endpoint& to) {
      ++seen->asked;
      const RequestPtr request(new Request);
      send_request(world.network(), call, to, {me, to.host}, {to.host, me}, kControl, request, false, 0);
    };
    seen->outcome = co_await port->ask<Answer>(std::move(question), send);
    seen->at_ms = world.now().since_start().milliseconds();
  }
  void ask(Port& port, Seen& seen, Port::Question question = {}) {
    scope.spawn(ask_one(&port, std::move(question), &seen));
  }
  void run(double until_ms) { world.run_until(TimePoint::at(Duration::from_seconds(until_ms / 1e3))); }
  ~Bench() { scope.clear(); }

  std::optional<Failure> failures[3];
  metrics::Window window{TimePoint(), Duration::s(100)};
  world::World world;
  metrics::Series series;
  metrics::Journal journal;
  PortKind kind;
  Members members;
  world::Scope scope;
};

TEST_CASE("a question is answered by the member that is chosen") {
  Bench bench;
  Port port = bench.port(bench.in_turn());
  Bench::Seen seen[4];
  for (auto& s : seen) bench.ask(port, s);
  bench.run(100);
  const std::int64_t first = bench.members[0].host.value;
  for (int i = 0; i < 4; ++i) {
    REQUIRE(seen[i].outcome);
    REQUIRE(seen[i].outcome->ok());
    CHECK((*seen[i].outcome)->renditions == first + i % 3);
    CHECK(seen[i].at_ms == Approx(4));
    CHECK(seen[i].asked == 1);
  }
}

TEST_CASE("who fails over asks the next one at once, and then leaves out those that failed") {
  Bench bench;
  bench.failures[0] = Failure::error;
  bench.failures[1] = Failure::error;
  Port port = bench.port(bench.failing_over());
  Bench::Seen seen;
  bench.ask(port, seen);
  bench.run(50);
  REQUIRE(seen.outcome);
  REQUIRE(seen.outcome->ok());
  CHECK(seen.asked == 3);
  CHECK(seen.at_ms == Approx(12));
  Bench::Seen next;
  bench.ask(port, next);
  bench.run(60);
  CHECK(next.asked == 1);
}

TEST_CASE("a question is asked again as the configuration says, and fails as the last call did") {
  PortConfig config;
  config.retry = {3, FixedBackoff{Duration::ms(10)}, Jitter::none, std::nullopt};
  Bench bench(config);
  for (auto& failure : bench.failures) failure = Failure::rejected;
  Port port = bench.port(bench.in_turn());
  Bench::Seen seen;
  bench.ask(port, seen);
  bench.run(500);
  REQUIRE(seen.outcome);
  CHECK(seen.outcome->failure() == Failure::rejected);
  CHECK(seen.asked == 3);
  CHECK(seen.retried == 2);
  CHECK(seen.at_ms == Approx(3 * 4 + 2 * 10));

  SECTION("not when the next attempt would be after the deadline") {
    Bench::Seen late;
    Port::Question question;
    question.until = bench.world.now() + Duration::ms(20);
    bench.ask(port, late, std::move(question));
    bench.run(1000);
    CHECK(late.asked == 2);
    CHECK(late.at_ms == Approx(500 + 4 + 10 + 4));
  }
  SECTION("not if it was denied") {
    for (auto& failure : bench.failures) failure = Failure::denied;
    Bench::Seen denied;
    bench.ask(port, denied);
    bench.run(1000);
    CHECK(denied.asked == 1);
    CHECK(denied.outcome->failure() == Failure::denied);
  }
}

TEST_CASE("a member that is silent is given up after the time-out, and the caller's own time ends it all") {
  PortConfig config;
  config.retry = {100, NoBackoff{}, Jitter::none, std::nullopt};
  Bench bench(config);
  for (int m = 0; m < 3; ++m) bench.world.host(bench.members[m].host).crash();
  Port port = bench.port(bench.in_turn());
  Bench::Seen seen;
  Port::Question question;
  question.timeout = Duration::ms(30);
  question.until = TimePoint::at(Duration::ms(100));
  bench.ask(port, seen, std::move(question));
  bench.run(500);
  REQUIRE(seen.outcome);
  CHECK_FALSE(seen.outcome->ok());
  CHECK(seen.asked == 4);  // at 0, 30, 60 and 90 ms
  CHECK(seen.at_ms == Approx(100));
}

TEST_CASE("without a member there is nobody to ask; one that joins is asked, one that drains is not") {
  Bench bench;
  Port port = bench.port(bench.in_turn());
  for (int m = 0; m < 3; ++m) bench.members.move(m, Members::State::draining);
  CHECK_FALSE(port.any());
  Bench::Seen seen;
  bench.ask(port, seen);
  bench.run(1);
  REQUIRE(seen.outcome);
  CHECK(seen.outcome->failure() == Failure::unreachable);
  CHECK(seen.asked == 0);
  bench.members.move(1, Members::State::left);
  bench.members.move(1, Members::State::joining);
  CHECK_FALSE(port.any());
  bench.members.move(1, Members::State::serving);
  Bench::Seen next;
  bench.ask(port, next);
  bench.run(50);
  REQUIRE(next.outcome);
  CHECK((*next.outcome)->renditions == static_cast<std::int64_t>(bench.members[1].host.value));
}

TEST_CASE("a use counts until its one end, and a member with bad ends is ejected") {
  PortConfig config;
  config.outlier_ejection.emplace();
  config.outlier_ejection->consecutive_failures = 2;
  config.outlier_ejection->max_ejected = Share{0.5};
  Bench bench(config);
  auto selector = std::make_unique<Choice>(Policy::least_requests, 3);
  const Choice& choice = *selector;
  Port port = bench.port(std::move(selector));
  const auto take = [&](std::uint64_t number) {
    Round round{.draw = StreamKey(3).engine_for(number)};
    return std::move(*port.take(round));
  };
  const auto under_way = [&] {
    return choice.outstanding(0) + choice.outstanding(1) + choice.outstanding(2);
  };
  {
    const Use a = take(0);
    Use b = take(1);
    CHECK(under_way() == 2);
    b.end(Verdict::good);
    b.end(Verdict::bad);  // too late to say anything
    CHECK(under_way() == 1);
    Use c = take(2);
    const Use moved = std::move(c);
    CHECK(under_way() == 2);
  }
  CHECK(under_way() == 0);
  CHECK(bench.kind.ejections.total() == 0);  // silence says nothing
  // Of three that are idle, two in turn are chosen by lot: end all badly until one is out.
  for (std::uint64_t n = 10; bench.kind.ejections.total() == 0; ++n) {
    REQUIRE(n < 20);
    take(n).end(Verdict::bad);
  }
  CHECK(bench.kind.ejections.total() == 1);
}

TEST_CASE("members that join are checked, too, and those that left are not") {
  PortConfig config;
  config.health_check.emplace();
  config.health_check->interval = Duration::ms(100);
  config.health_check->timeout = Duration::ms(50);
  config.health_check->unhealthy_after = 1;
  Bench bench(config);
  Port port = bench.port(bench.in_turn());
  bench.members.move(2, Members::State::draining);
  bench.members.move(2, Members::State::left);
  port.check_regularly(bench.scope, bench.world.group("h").at(3)->id(), StreamKey(9));
  bench.world.host(bench.members[2].host).crash();
  bench.run(500);
  CHECK(bench.kind.unhealthy.total() == 0);
  bench.members.move(2, Members::State::joining);
  bench.members.move(2, Members::State::serving);
  bench.run(1000);
  CHECK(bench.kind.unhealthy.total() == 1);
  for (int i = 0; i < 6; ++i) {
    Round round;
    CHECK(port.take(round)->at().host != bench.members[2].host);
  }
}

}  // namespace
}  // namespace headroom::calls
