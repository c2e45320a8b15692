#include "sim/invariants/consensus_checker.h"

#include <catch2/catch.hpp>

namespace headroom::invariants {
namespace {

using Entries = std::vector<ConsensusChecker::Entry>;

/// Three members that have the first two entries of term 1 on disk, and have applied the first one.
ConsensusChecker agreed() {
  ConsensusChecker checker(3);
  checker.elected(0, 1, 0, [](std::uint64_t) { return 0; });
  for (int m = 0; m < 3; ++m) checker.stored(m, 0, 1, Entries{{1, 11}, {1, 12}});
  for (int m = 0; m < 3; ++m) checker.applied(m, 1, 1, 11);
  return checker;
}

TEST_CASE("consensus checker: what is right passes") {
  ConsensusChecker checker = agreed();
  checker.applied(0, 2, 1, 12);
  checker.elected(1, 2, 2, [](std::uint64_t) { return 1; });
  checker.voted(2, 2, 1);
  checker.voted(2, 2, 1);                     // a duplicate
  checker.stored(1, 0, 3, Entries{{2, 21}});  // on one member only
  checker.elected(2, 3, 2, [](std::uint64_t) { return 1; });
  checker.stored(1, 0, 3, Entries{{3, 31}});  // so it may go
  checker.stored(2, 0, 3, Entries{{3, 31}});
  checker.applied(2, 2, 1, 12);
  checker.applied(2, 3, 3, 31);
  checker.stored(0, 3, 4, Entries{});  // by a snapshot
  checker.restored(0, 3);
  CHECK(checker.holds());
  CHECK(checker.detail().empty());
  CHECK(checker.committed() == 3);
  CHECK(checker.checked() > 10);
}

TEST_CASE("consensus checker: each thing that is wrong is found, and said") {
  ConsensusChecker checker = agreed();
  SECTION("two leaders in a term") {
    checker.elected(1, 1, 2, [](std::uint64_t) { return 1; });
    CHECK(checker.detail() == "term 1 has two leaders");
  }
  SECTION("two votes in a term") {
    checker.voted(2, 5, 0);
    checker.voted(2, 5, 1);
    CHECK(checker.detail() == "member 2 voted twice in term 5");
  }
  SECTION("a leader without what is committed") {
    checker.elected(1, 2, 0, [](std::uint64_t) { return 0; });
    CHECK(checker.detail() == "the leader of term 2 lacks committed entry 1");
  }
  SECTION("a leader with something else in its place") {
    checker.elected(1, 3, 1, [](std::uint64_t) { return 2; });
    CHECK(checker.detail() == "the leader of term 3 lacks committed entry 1");
  }
  SECTION("logs that differ where the terms are the same") {
    checker.stored(0, 0, 3, Entries{{1, 13}});
    checker.stored(1, 0, 3, Entries{{1, 99}});
    CHECK(checker.detail() == "logs differ at or before entry 3 of term 1");
  }
  SECTION("logs that differ before an entry that is the same") {
    checker.stored(0, 0, 3, Entries{{2, 21}, {4, 41}});
    checker.stored(1, 0, 3, Entries{{3, 31}, {4, 41}});
    CHECK(checker.detail() == "logs differ at or before entry 4 of term 4");
  }
  SECTION("terms that go back") {
    checker.stored(0, 0, 3, Entries{{3, 31}, {2, 21}});
    CHECK(checker.detail() == "terms go back at entry 4 on the disk of member 0");
  }
  SECTION("a hole") {
    checker.stored(0, 0, 4, Entries{{1, 14}});
    CHECK(checker.detail() == "the disk of member 0 has no entries before entry 4");
  }
  SECTION("a commit without a majority") {
    checker.stored(0, 0, 3, Entries{{1, 13}});
    checker.applied(0, 2, 1, 12);
    checker.applied(0, 3, 1, 13);
    CHECK(checker.detail() == "entry 3 was applied when only 1 of 3 members had it on disk");
  }
  SECTION("a committed entry that a disk lost") {
    checker.stored(0, 0, 1, Entries{{2, 21}});
    CHECK(checker.detail() == "committed entry 1 was removed from the disk of member 0");
  }
  SECTION("state machines that differ") {
    checker.applied(0, 2, 1, 12);
    checker.applied(1, 2, 2, 21);
    CHECK(checker.detail() == "member 1 applied another entry 2 than others");
  }
  SECTION("an entry left out") {
    checker.applied(0, 3, 1, 13);
    CHECK(checker.detail() == "entry 3 of member 0 was applied out of order");
  }
  CHECK_FALSE(checker.holds());
}

TEST_CASE("consensus checker: memory is bounded, and a short memory sees no ghosts") {
  ConsensusChecker checker(3, 100);
  std::uint64_t index = 0;
  for (int round = 0; round < 100; ++round) {
    Entries entries;
    for (int i = 0; i < 50; ++i) entries.push_back({1, ++index});
    // The third member is down.
    for (int m = 0; m < 2; ++m) checker.stored(m, 0, index - 49, entries);
    for (int m = 0; m < 2; ++m)
      for (std::uint64_t i = index - 49; i <= index; ++i) checker.applied(m, i, 1, i);
  }
  CHECK(checker.holds());
  checker.stored(2, 0, 1, Entries{{1, 1}, {1, 2}});
  checker.applied(2, 1, 1, 1);
  CHECK(checker.holds());
}

}  // namespace
}  // namespace headroom::invariants
