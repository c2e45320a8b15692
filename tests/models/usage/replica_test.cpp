#include "models/usage/replica.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <set>

namespace headroom::usage {
namespace {

ItemPtr batch(int shard, std::int64_t period, std::uint64_t id) {
  return std::make_shared<Item>(Item{{shard, period, id}, Bytes(1000), {}});
}

TEST_CASE("a replica finds what a shard's period holds, or one batch") {
  Replica replica(3);
  CHECK(replica.add(batch(1, 7, 5)));
  CHECK(replica.add(batch(1, 7, 2)));
  CHECK_FALSE(replica.add(batch(1, 7, 2)));
  replica.add(batch(1, 8, 3));
  replica.add(batch(2, 7, 4));
  const auto found = replica.find({1, 7, {}});
  REQUIRE(found.size() == 2);
  CHECK(found[0]->key.id == 2);
  CHECK(found[1]->key.id == 5);
  CHECK(replica.find({1, 7, 5}).size() == 1);
  CHECK(replica.find({1, 7, 4}).empty());
  CHECK(replica.find({0, 7, {}}).empty());
}

TEST_CASE("hints are kept once for each host, until they expire") {
  Replica replica(1);
  const auto at = [](int s) { return TimePoint::at(Duration::s(s)); };
  replica.add_hint(2, batch(0, 0, 1), at(10));
  replica.add_hint(2, batch(0, 0, 1), at(20));
  replica.add_hint(1, batch(0, 0, 1), at(10));
  CHECK(replica.hints().size() == 2);
  CHECK(replica.expire_hints(at(10)) == std::vector<ItemKey>{{0, 0, 1}});
  CHECK(replica.remove_hint(2, {0, 0, 1}));
  CHECK_FALSE(replica.remove_hint(2, {0, 0, 1}));
}

TEST_CASE("digests are equal if and only if the contents are, and say where they differ") {
  CHECK(rc::check([] {
    const auto ids = *rc::gen::container<std::set<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 1000));
    const auto more = *rc::gen::container<std::set<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 1000));
    Replica a(2), b(2);
    for (const auto id : ids) a.add(batch(1, 0, id));
    for (auto i = ids.rbegin(); i != ids.rend(); ++i) b.add(batch(1, 0, *i));
    RC_ASSERT(a.digest(1).root() == b.digest(1).root());
    std::set<std::uint64_t> only_b;
    for (const auto id : more)
      if (b.add(batch(1, 0, id))) only_b.insert(id);
    RC_ASSERT((a.digest(1).root() == b.digest(1).root()) == only_b.empty());
    std::vector<bool> different(Digest::kLeaves);
    for (std::size_t i = 0; i < Digest::kLeaves; ++i)
      different[i] = a.digest(1).leaves()[i] != b.digest(1).leaves()[i];
    std::set<std::uint64_t> found;
    for (const ItemPtr& item : b.in_leaves(1, different)) found.insert(item->key.id);
    RC_ASSERT(std::includes(found.begin(), found.end(), only_b.begin(), only_b.end()));
    for (const auto id : only_b) b.remove({1, 0, id});
    RC_ASSERT(a.digest(1).root() == b.digest(1).root());
    RC_ASSERT(a.digest(0).root() == 0u);
  }));
}

}  // namespace
}  // namespace headroom::usage
