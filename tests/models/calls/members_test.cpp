#include "models/calls/members.h"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/world/host.h"
#include "tests/base/aborts.h"

namespace headroom::calls {
namespace {

using State = Members::State;

/// Notes what it is told.
class Ear final : Members::Listener {
 public:
  explicit Ear(const Members& members) : Listener(members) {}
  ~Ear() override = default;
  std::vector<int> heard;

 private:
  void changed(int member) override { heard.push_back(member); }
};

TEST_CASE("members keep their numbers, and those who listen hear of each change once") {
  Members members;
  CHECK(members.empty());
  Ear ear(members);
  CHECK(members.add({world::HostId{4}, nullptr}) == 0);
  CHECK(members.add({world::HostId{9}, nullptr}, State::reserved) == 1);
  CHECK(ear.heard == std::vector{0, 1});
  {
    Ear late(members);
    members.move(1, State::joining);
    members.move(1, State::serving);
    members.move(0, State::draining);
    CHECK(late.heard == std::vector{1, 1, 0});
  }
  members.move(0, State::left);  // nobody is told who is gone
  CHECK(ear.heard == std::vector{0, 1, 1, 1, 0, 0});
  CHECK(members.size() == 2);
  CHECK_FALSE(members.serves(0));
  CHECK(members.serves(1));
  CHECK(members[1].host == world::HostId{9});
  members.move(0, State::joining);
  members.move(0, State::serving);
  CHECK(members.serves(0));
}

TEST_CASE("a member that jumps is a defect") {
  constexpr State kAll[] = {State::reserved, State::joining, State::serving, State::draining, State::left};
  // Who may follow whom, as a table.
  constexpr bool kMay[5][5] = {{false, true, false, false, false},
                               {false, false, true, false, true},
                               {false, false, false, true, true},
                               {false, false, true, false, true},
                               {false, true, false, false, false}};
  for (int from = 0; from < 5; ++from)
    for (int to = 0; to < 5; ++to) {
      INFO(from << " to " << to);
      const auto move = [&] {
        Members members;
        members.add({}, kAll[from]);
        members.move(0, kAll[to]);
      };
      CHECK(aborts(move) == !kMay[from][to]);
    }
}

}  // namespace
}  // namespace headroom::calls
