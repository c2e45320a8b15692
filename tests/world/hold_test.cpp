#include "sim/world/hold.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <vector>

#include "sim/world/world.h"

namespace headroom::world {
namespace {

PlatformConfig one_host() {
  PlatformConfig p;
  p.platform = "test";
  p.hosts["a"].count = 1;
  return p;
}

TEST_CASE("what several hold is up exactly when each of them, alone, would let it be up") {
  CHECK(rc::check("hold", [] {
    struct Taken {
      int from, to, recovery;
    };
    std::vector<Taken> all;
    const int n = *rc::gen::inRange(1, 6);
    for (int i = 0; i < n; ++i) {
      const int from = *rc::gen::inRange(0, 40);
      all.push_back({from, from + *rc::gen::inRange(0, 20), *rc::gen::inRange(0, 20)});
    }
    World world(one_host(), StreamKey(1));
    bool up = true;
    Hold hold(world.scheduler(), [&](bool now_up) {
      RC_ASSERT(up != now_up);
      up = now_up;
    });
    for (int ms = 0; ms < 100; ++ms) {
      world.run_until(TimePoint::at(Duration::ms(ms)));
      for (const Taken& t : all)
        if (t.from == ms) hold.take();
      for (const Taken& t : all)
        if (t.to == ms) hold.release(Duration::ms(t.recovery));
      world.run_until(TimePoint::at(Duration::ms(ms) + Duration::us(500)));
      bool expected = true;
      for (const Taken& t : all) expected = expected && !(t.from <= ms && ms < t.to + t.recovery);
      RC_ASSERT(up == expected);
    }
    RC_ASSERT(up);
  }));
}

}  // namespace
}  // namespace headroom::world
