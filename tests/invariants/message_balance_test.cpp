#include "sim/invariants/message_balance.h"

#include <catch2/catch.hpp>

namespace headroom::invariants {
namespace {

MessageBalance good() {
  return {.sent = 10, .received = 5, .lost = 2, .refused = 1, .under_way = 2};
}

TEST_CASE("messages are in balance, whatever is still under way") {
  CHECK(MessageBalance{}.holds());
  CHECK(good().holds());
  CHECK(good().detail() == "");
}

TEST_CASE("one message too many or too few on any side is found, and one that nothing will end") {
  for (std::uint64_t MessageBalance::* side :
       {&MessageBalance::sent, &MessageBalance::received, &MessageBalance::lost, &MessageBalance::refused,
        &MessageBalance::under_way}) {
    MessageBalance more = good();
    ++(more.*side);
    CHECK_FALSE(more.holds());
    MessageBalance less = good();
    --(less.*side);
    CHECK_FALSE(less.holds());
  }
  MessageBalance stranded = good();
  --stranded.under_way;
  ++stranded.stranded;
  CHECK_FALSE(stranded.holds());
  CHECK(stranded.detail() == "10 sent, 5 received, 2 lost, 1 refused, 1 under way, 1 stranded");
}

}  // namespace
}  // namespace headroom::invariants
