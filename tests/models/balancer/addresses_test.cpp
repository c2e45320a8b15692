// Who answers at the addresses of load balancers when some of them are dead.
#include "models/balancer/addresses.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <vector>

namespace headroom::balancer {
namespace {

using calls::Redundancy;

constexpr Addresses::Times kHot{Duration::s(3), Duration()};

TimePoint at(std::int64_t seconds) {
  return TimePoint::at(Duration::s(seconds));
}

TEST_CASE("active_active: a neighbour takes the address over after the silence, and gives it back") {
  Addresses addresses(Redundancy::active_active, 3, kHot);
  CHECK(addresses.count() == 3);
  CHECK(addresses.look(at(1), {true, true, true}).empty());
  CHECK(addresses.look(at(3), {true, false, true}).empty());
  CHECK(addresses.holder(1) == 1);
  const auto moves = addresses.look(at(4), {true, false, true});
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].address == 1);
  CHECK(moves[0].to == 2);
  addresses.look(at(5), {true, true, true});
  CHECK(addresses.holder(1) == 1);
}

TEST_CASE("active_passive: the one address stays with who took it over") {
  Addresses addresses(Redundancy::active_passive, 2, {Duration::s(3), Duration::s(10)});
  CHECK(addresses.count() == 1);
  addresses.look(at(0), {true, true});
  addresses.look(at(12), {false, true});
  CHECK(addresses.holder(0) == 0);
  addresses.look(at(13), {false, true});
  CHECK(addresses.holder(0) == 1);
  addresses.look(at(20), {true, true});
  CHECK(addresses.holder(0) == 1);
}

TEST_CASE("whatever dies and comes back: a live holder keeps its address, and a dead one loses it in time") {
  CHECK(rc::check([] {
    const int n = *rc::gen::inRange(1, 5);
    const auto redundancy = *rc::gen::element(Redundancy::active_active, Redundancy::active_passive);
    Addresses addresses(redundancy, n, kHot);
    std::vector<int> silent(static_cast<std::size_t>(addresses.count()), 0);  // looks since it was alive
    for (int second = 1; second <= 60; ++second) {
      std::vector<bool> alive;
      bool any = false;
      for (int i = 0; i < n; ++i) {
        alive.push_back(*rc::gen::inRange(0, 4) != 0);
        any = any || alive.back();
      }
      std::vector<int> before;
      for (int a = 0; a < addresses.count(); ++a) before.push_back(addresses.holder(a));
      addresses.look(at(second), alive);
      for (int a = 0; a < addresses.count(); ++a) {
        const auto slot = static_cast<std::size_t>(a);
        const int now = addresses.holder(a);
        const bool lives = alive[static_cast<std::size_t>(now)];
        if (now != before[slot]) RC_ASSERT(lives);
        if (redundancy == Redundancy::active_active && alive[slot]) RC_ASSERT(now == a);
        if (redundancy == Redundancy::active_passive && alive[static_cast<std::size_t>(before[slot])])
          RC_ASSERT(now == before[slot]);
        silent[slot] = lives ? 0 : silent[slot] + 1;
        if (any) RC_ASSERT(silent[slot] <= 3);
      }
    }
  }));
}

}  // namespace
}  // namespace headroom::balancer
