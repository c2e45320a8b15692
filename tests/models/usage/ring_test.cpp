#include "models/usage/ring.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "sim/base/random.h"

namespace headroom::usage {
namespace {

std::vector<std::string> names(int count) {
  std::vector<std::string> out;
  for (int i = 1; i <= count; ++i) out.push_back("store-" + std::to_string(i));
  return out;
}

TEST_CASE("a walk meets every host once") {
  CHECK(rc::check([] {
    const int hosts = *rc::gen::inRange(1, 40);
    const auto point = *rc::gen::arbitrary<std::uint64_t>();
    auto walk = Ring(names(hosts)).walk(point);
    std::sort(walk.begin(), walk.end());
    for (int h = 0; h < hosts; ++h) RC_ASSERT(walk[static_cast<std::size_t>(h)] == h);
  }));
}

TEST_CASE("a host more takes its share and moves nothing between the others") {
  Engine engine = StreamKey(1).engine();
  const Ring before(names(9)), after(names(10));
  constexpr int kPoints = 20'000;
  int moved = 0;
  for (int i = 0; i < kPoints; ++i) {
    const std::uint64_t point = engine();
    const int now = after.walk(point).front();
    if (before.walk(point).front() == now) continue;
    ++moved;
    REQUIRE(now == 9);
  }
  // Its share is that of 64 of 640 points, each with an exponential arc: .1 with a deviation of .1 /
  // sqrt(64).
  CHECK(moved / double(kPoints) == Approx(.1).margin(4 * .1 / 8));
}

TEST_CASE("shards are spread evenly over those who lead them") {
  CHECK(rc::check([] {
    const int hosts = *rc::gen::inRange(1, 30);
    const int shards = *rc::gen::inRange(1, 100);
    const auto lists = preference_lists(names(hosts), shards);
    RC_ASSERT(static_cast<int>(lists.size()) == shards);
    std::vector<int> leads(static_cast<std::size_t>(hosts));
    for (const auto& list : lists) {
      RC_ASSERT(std::set<int>(list.begin(), list.end()).size() == static_cast<std::size_t>(hosts));
      ++leads[static_cast<std::size_t>(list.front())];
    }
    RC_ASSERT(*std::max_element(leads.begin(), leads.end()) <= (shards + hosts - 1) / hosts);
  }));
}

TEST_CASE("three shards on three hosts: each host leads one") {
  std::set<int> leaders;
  for (const auto& list : preference_lists(names(3), 3)) leaders.insert(list.front());
  CHECK(leaders.size() == 3);
}

}  // namespace
}  // namespace headroom::usage
