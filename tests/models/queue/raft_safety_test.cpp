#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/models/queue/raft_cluster.h"

using namespace headroom;
using namespace headroom::queue::raft;
using namespace headroom::queue::raft::test;

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSeeds = 500;
#else
constexpr std::uint64_t kSeeds = 3000;
#endif

/// Schedules that differ in kind, not only in their draws.
Chaos chaos_of(std::uint64_t seed) {
  Chaos chaos;
  chaos.members = seed % 3 == 0 ? 5 : 3;
  chaos.pre_vote = seed % 2 == 0;
  if (seed % 5 == 1) chaos.delay_high = Duration::ms(3);  // no reordering to speak of
  if (seed % 5 == 2) chaos.loss = chaos.duplication = 0.2;
  if (seed % 5 == 3) chaos.crash_every = Duration::ms(150);
  if (seed % 7 == 1) chaos.fsync_high = Duration::ms(100);  // slower than a round trip
  if (seed % 7 == 2) chaos.partition_every = Duration::ms(150);
  if (seed % 11 == 3) chaos.append_bytes = Bytes(1);  // an entry at a time
  return chaos;
}

}  // namespace

TEST_CASE("raft: safe under random crashes, partitions, loss, duplication and reordering; live after them") {
  std::uint64_t elections = 0;
  std::uint64_t applied = 0;
  std::uint64_t snapshots = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed " << seed);
    const Chaos chaos = chaos_of(seed);
    Cluster cluster(chaos, seed);
    cluster.run_for(Duration::s(4));
    INFO(cluster.checker().detail());
    REQUIRE(cluster.checker().holds());
    cluster.heal();
    // Within a few elections there is a leader that stays, and everybody follows what it says.
    cluster.run_for(Duration::s(chaos.append_bytes == Bytes(1) ? 20 : 3));
    REQUIRE(cluster.checker().holds());
    const MemberId leader = cluster.leader();
    REQUIRE(leader != kNobody);
    const auto index = cluster.propose(leader);
    cluster.run_for(Duration::s(1));
    for (MemberId m = 0; m < chaos.members; ++m) {
      REQUIRE(cluster.member(m)->leader() == leader);
      REQUIRE(cluster.member(m)->applied() >= *index);
    }
    elections += cluster.elections();
    applied += cluster.applied();
    snapshots += cluster.snapshots_sent();
  }
  CHECK(elections > 3 * kSeeds);
  CHECK(applied > 300 * kSeeds);
  CHECK(snapshots > kSeeds / 10);
}

namespace {

/// The first seed whose schedule shows the checker that something is wrong; 0: none does.
std::uint64_t found_by(const Bugs& bugs, bool figure_8 = false) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Chaos chaos = chaos_of(seed);
    chaos.bugs = bugs;
    if (figure_8) {  // leaders that crash in the middle of sending old entries, one by one
      chaos.members = 5;
      chaos.append_bytes = Bytes(1);
      chaos.crash_every = Duration::ms(150);
    }
    Cluster cluster(chaos, seed);
    cluster.run_for(Duration::s(4));
    if (!cluster.checker().holds()) return seed;
  }
  return 0;
}

}  // namespace

TEST_CASE("raft: planted bugs are found") {
  SECTION("a commit without a majority") {
    CHECK(found_by({.forge_acks = true}) > 0);
  }
  SECTION("two votes in a term") {
    CHECK(found_by({.forget_votes = true}) > 0);
  }
  SECTION("an acknowledgement before the fsync") {
    CHECK(found_by({.ack_before_fsync = true}) > 0);
  }
  SECTION("votes for a candidate whose log is behind (§5.4.1)") {
    CHECK(found_by({.ignore_log = true}) > 0);
  }
  SECTION("an entry of an older term committed by counting (§5.4.2, figure 8)") {
    CHECK(found_by({.commit_rule = true}, true) == 0);  // the same driver with the right rule
    CHECK(found_by({.commit_rule = true, .count_old_terms = true}, true) > 0);
  }
}
