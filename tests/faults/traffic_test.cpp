// Faults of traffic and caches: what they make of what clients send, and that nothing of it is left.
#include <catch2/catch.hpp>
#include <set>
#include <variant>

#include "tests/faults/ground.h"

namespace headroom::faults {
namespace {

Poison poison_of(Poisoned component, double per_second) {
  Poison p;
  p.component = component;
  p.rate = Rate{per_second};
  return p;
}

TEST_CASE("a surge is a load of so many times the own one, as long as it lasts") {
  Ground g({once(Duration::s(10), Duration::s(5), Surge{3, Duration::s(2)})});
  CHECK(g.at(Duration::s(9)).senders.loads.empty());
  REQUIRE(g.at(Duration::s(10)).senders.loads.size() == 1);
  const world::Load& load = g.senders.loads[0];
  CHECK(std::get<world::TimesOwn>(load.rate).times == 2);
  CHECK(load.ramp == Duration::s(2));
  CHECK(load.users.empty());
  CHECK(g.at(Duration::ms(14'999)).senders.ended == 0);
  CHECK(g.at(Duration::s(15)).senders.ended == 1);
  CHECK(more_load(Surge{3, {}}).of_own == 2);
}

TEST_CASE("abuse is a load of a rate of its own, of different users that exist") {
  Ground g({once(Duration::s(10), Duration::s(5), Abuse{30, Rate{7}}),
            once(Duration::s(10), std::nullopt, Abuse{30, Rate{7}})});
  g.at(Duration::s(20));
  REQUIRE(g.senders.loads.size() == 2);
  CHECK(g.senders.ended == 1);
  for (const world::Load& load : g.senders.loads) {
    CHECK(std::get<Rate>(load.rate).per_second == 7);
    const std::set<std::uint64_t> users(load.users.begin(), load.users.end());
    CHECK(users.size() == 30);
    CHECK(*users.rbegin() < g.senders.users());
  }
  CHECK(g.senders.loads[0].users != g.senders.loads[1].users);
  CHECK(g.senders.loads[0].key.hash() != g.senders.loads[1].key.hash());
  const MoreLoad more = more_load(Abuse{30, Rate{7}});
  CHECK(more.per_second == 7);
  CHECK(more.users == 30);
  CHECK(more.of_own == 0);
}

TEST_CASE("failures of names are independent of each other, and leave no trace") {
  Ground g({once(Duration::s(10), Duration::s(20), Dns{Share{.5}}),
            once(Duration::s(15), Duration::s(5), Dns{Share{.2}})});
  CHECK(g.at(Duration::s(12)).senders.reach().names == .5);
  CHECK(g.at(Duration::s(17)).senders.reach().names == Approx(.5 * .8));
  CHECK(g.senders.reach().reuse == 1);
  CHECK(g.at(Duration::s(25)).senders.reach().names == .5);
  CHECK(g.at(Duration::s(30)).senders.access.empty());
}

TEST_CASE("a flush empties caches at each strike, and has nothing to undo") {
  FaultConfig f;
  f.every = Duration::s(10);
  f.kind = Flush{};
  Ground g({f});
  CHECK(g.at(Duration::s(35)).auth_caches.emptied == 3);
}

TEST_CASE("each fault of poison makes other requests deadly, of its own kind, and then none") {
  Ground g({once(Duration::s(1), Duration::s(99), poison_of(Poisoned::api, 1000)),
            once(Duration::s(1), Duration::s(99), poison_of(Poisoned::api, 1000)),
            once(Duration::s(1), Duration::s(99), poison_of(Poisoned::processing, 1000))});
  g.at(Duration::s(99));  // much is due
  const world::Asked one = g.senders.send();
  CHECK(one.kills_server != nullptr);
  CHECK(one.kills_worker != nullptr);
  CHECK(one.kills_server != one.kills_worker);
  CHECK(g.senders.send().kills_server != nullptr);
  g.at(Duration::s(100));  // what is due then stays harmless
  CHECK(g.senders.send().kills_server == nullptr);
  CHECK(g.senders.requests.empty());
  // What is poison still kills, and the process starts again.
  one.kills_server->kill(*g.world_of().host(HostId{1}).slots()[0], one.number);
  CHECK_FALSE(g.at(Duration::s(101)).alive("a-1", 0));
  CHECK(g.at(Duration::s(102)).alive("a-1", 0));
}

}  // namespace
}  // namespace headroom::faults
