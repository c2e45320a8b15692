#include "models/calls/call.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "models/calls/service.h"
#include "sim/world/world.h"

namespace headroom::calls {
namespace {

/// Keeps what arrives until the test answers it.
class Server final : public RequestServer {
 public:
  using RequestServer::RequestServer;
  void accept(Arrival arrival) override { held.push_back(std::move(arrival)); }
  std::vector<Arrival> held;
};

struct Seen {
  std::optional<Outcome<Answer>> outcome;
  double at_ms = 0;
  int times = 0;
};

class Caller final : public world::Process {
 public:
  Caller(world::Host& host, Endpoint server, TimePoint until, Seen& seen) : Process(host) {
    scope().spawn(ask(*this, server, until, seen));
  }

 private:
  static world::Task<> ask(Caller& self, Endpoint server, TimePoint until, Seen& seen) {
    co_await self.sleep(Duration::ms(10));
    world::Network& network = self.host().world().network();
    const world::HostId me = self.host().id();
    Call<Answer> call(self.host().scheduler(), until);
    const RequestPtr request(new Request);
    send_request(network, call, server, {me, server.host}, {server.host, me}, kControl, request, false, 0);
    seen.outcome = co_await call;
    seen.at_ms = self.host().scheduler().now().since_start().milliseconds();
    ++seen.times;
  }
};

world::PlatformConfig two_hosts(bool ideal) {
  world::PlatformConfig platform;
  platform.network.ideal = ideal;
  if (!ideal) platform.network.nic.latency = Duration::ms(1);
  platform.hosts["h"].count = 2;
  return platform;
}

/// Host h-1 calls h-2 at 10 ms; a message takes 2 ms, or none. It waits until 1 s.
struct Bench {
  explicit Bench(bool ideal = false) : world(two_hosts(ideal), StreamKey(1)) {
    server = &h(2).install([](world::Host& host) { return std::make_unique<Server>(host); });
    caller = &h(1).install([this](world::Host& host) {
      return std::make_unique<Caller>(host, Endpoint{h(2).id(), server}, TimePoint::at(Duration::s(1)), seen);
    });
  }
  world::Host& h(std::size_t i) { return *world.group("h").at(i - 1); }
  Server* live() const { return server->as<Server>(); }
  void run(double until_ms) { world.run_until(TimePoint::at(Duration::from_seconds(until_ms / 1e3))); }
  void impair(world::HostId from, world::HostId to, bool blocked, double duplication = 0) {
    world::Impairment impairment;
    impairment.a = {from};
    impairment.b = {to};
    impairment.backward = false;
    impairment.blocked = blocked;
    impairment.duplication = duplication;
    world.network().add(impairment);
  }
  Seen seen;
  world::World world;
  world::ProcessSlot* server = nullptr;
  world::ProcessSlot* caller = nullptr;
};

Failure why(const Seen& seen) {
  REQUIRE(seen.outcome.has_value());
  REQUIRE_FALSE(seen.outcome->ok());
  return seen.outcome->failure();
}

TEST_CASE("a call is answered after a round trip and the server's work") {
  Bench bench;
  bench.run(15);
  REQUIRE(bench.live()->held.size() == 1);
  CHECK(bench.live()->held[0].responder.wanted());
  bench.live()->held[0].responder.reply(Answer{3});
  bench.run(100);
  REQUIRE(bench.seen.outcome);
  REQUIRE(bench.seen.outcome->ok());
  CHECK((*bench.seen.outcome)->renditions == 3);
  CHECK(bench.seen.at_ms == Approx(17));
}

TEST_CASE("on an ideal network a call takes no time") {
  Bench bench(true);
  bench.run(10);
  bench.live()->held.at(0).responder.reply(Answer{1});
  bench.run(10);
  REQUIRE(bench.seen.outcome);
  CHECK(bench.seen.at_ms == Approx(10));
}

TEST_CASE("a server's refusal is the outcome") {
  Bench bench;
  bench.run(15);
  bench.live()->held[0].responder.reply(Failure::rejected);
  bench.run(100);
  CHECK(why(bench.seen) == Failure::rejected);
}

TEST_CASE("no answer in time is a timeout, and the late answer goes nowhere") {
  Bench bench;
  bench.run(1500);
  CHECK(why(bench.seen) == Failure::timeout);
  CHECK(bench.seen.at_ms == Approx(1000));
  REQUIRE(bench.live()->held.size() == 1);
  CHECK_FALSE(bench.live()->held[0].responder.wanted());
  bench.live()->held[0].responder.reply(Answer{1});
  bench.run(2000);
  CHECK(bench.seen.times == 1);
}

TEST_CASE("the caller may die first") {
  Bench bench;
  bench.run(15);
  bench.caller->kill();
  bench.run(16);
  CHECK_FALSE(bench.live()->held.at(0).responder.wanted());
  bench.live()->held[0].responder.reply(Answer{1});
  bench.run(2000);
  CHECK_FALSE(bench.seen.outcome);
}

TEST_CASE("the caller's host may go down while the answer is under way") {
  Bench bench;
  bench.run(15);
  bench.live()->held.at(0).responder.reply(Answer{1});
  bench.h(1).crash();
  bench.run(2000);
  CHECK_FALSE(bench.seen.outcome);
}

TEST_CASE("a server that dies on a live host is noticed by a reset") {
  Bench bench;
  bench.run(15);
  bench.server->kill();
  bench.run(2000);
  CHECK(why(bench.seen) == Failure::died);
  CHECK(bench.seen.at_ms == Approx(17));
}

TEST_CASE("a server that dies with its host says nothing; the time-out is known to be a death") {
  for (const bool ideal : {false, true}) {
    Bench bench(ideal);
    bench.run(15);
    REQUIRE(bench.live()->held.size() == 1);
    bench.h(2).crash();
    bench.run(2000);
    CHECK(why(bench.seen) == Failure::died);
    CHECK(bench.seen.at_ms == Approx(1000));
  }
}

TEST_CASE("where nothing listens, the call is refused after a round trip") {
  Bench bench;
  bench.run(5);
  bench.server->kill();
  bench.run(2000);
  CHECK(why(bench.seen) == Failure::refused);
  CHECK(bench.seen.at_ms == Approx(14));
}

TEST_CASE("a lost request is silence until the time-out") {
  Bench bench;
  bench.impair(bench.h(1).id(), bench.h(2).id(), true);
  bench.run(2000);
  CHECK(why(bench.seen) == Failure::lost);
  CHECK(bench.seen.at_ms == Approx(1000));
  CHECK(bench.live()->held.empty());
}

TEST_CASE("a request to a host that is down is silence") {
  Bench bench;
  bench.run(5);
  bench.h(2).crash();
  bench.run(2000);
  CHECK(why(bench.seen) == Failure::lost);
  CHECK(bench.seen.at_ms == Approx(1000));
}

TEST_CASE("a lost answer is silence until the time-out") {
  Bench bench;
  bench.impair(bench.h(2).id(), bench.h(1).id(), true);
  bench.run(15);
  bench.live()->held.at(0).responder.reply(Answer{1});
  bench.run(2000);
  CHECK(why(bench.seen) == Failure::lost);
  CHECK(bench.seen.at_ms == Approx(1000));
}

TEST_CASE("a network that duplicates does not make a server work twice, nor a caller hear twice") {
  Bench bench;
  bench.impair(bench.h(1).id(), bench.h(2).id(), false, 1);
  bench.impair(bench.h(2).id(), bench.h(1).id(), false, 1);
  bench.run(15);
  REQUIRE(bench.live()->held.size() == 1);
  bench.live()->held[0].responder.reply(Answer{1});
  bench.run(2000);
  CHECK(bench.seen.times == 1);
}

TEST_CASE("the world may end with a call under way") {
  for (const double ms : {5., 11., 15.}) {
    Bench bench;
    bench.run(ms);
    CHECK_FALSE(bench.seen.outcome);
  }
}

}  // namespace
}  // namespace headroom::calls
