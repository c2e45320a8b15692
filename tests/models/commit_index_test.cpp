#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "models/queue/log.h"

namespace headroom::queue {
namespace {

TEST_CASE("an entry is committed when a majority has it") {
  CommitIndex three(3);
  CHECK(three.stored(0, 5) == 0);
  CHECK(three.stored(1, 3) == 3);
  CHECK(three.stored(2, 4) == 4);
  CHECK(three.stored(2, 9) == 5);
  CommitIndex alone(1);
  CHECK(alone.stored(0, 7) == 7);
  CommitIndex two(2);  // both are needed
  CHECK(two.stored(0, 7) == 0);
  CHECK(two.stored(1, 2) == 2);
  CommitIndex four(4);  // three are needed
  four.stored(0, 9);
  CHECK(four.stored(1, 9) == 0);
  CHECK(four.stored(2, 8) == 8);
}

TEST_CASE("the commit index is the majority-th highest ever reported, and never goes back") {
  CHECK(rc::check([] {
    const int members = *rc::gen::inRange(1, 8);
    const auto steps = *rc::gen::container<std::vector<int>>(200, rc::gen::inRange(0, 100'000));
    CommitIndex index(members);
    std::vector<std::uint64_t> highest(static_cast<std::size_t>(members));
    std::uint64_t before = 0;
    for (const int step : steps) {
      const int m = step % members;
      const auto reported = static_cast<std::uint64_t>(step / members % 1000);
      auto& mine = highest[static_cast<std::size_t>(m)];
      mine = std::max(mine, reported);
      const std::uint64_t committed = index.stored(m, reported);
      // By definition: the highest index that more than half of the members have.
      std::uint64_t expected = 0;
      for (const std::uint64_t candidate : highest) {
        const auto have =
            std::count_if(highest.begin(), highest.end(), [&](std::uint64_t h) { return h >= candidate; });
        if (2 * have > members) expected = std::max(expected, candidate);
      }
      RC_ASSERT(committed == expected);
      RC_ASSERT(committed >= before);
      RC_ASSERT(index.committed() == committed);
      before = committed;
    }
  }));
}

}  // namespace
}  // namespace headroom::queue
