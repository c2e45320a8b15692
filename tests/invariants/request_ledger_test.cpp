#include "sim/invariants/request_ledger.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

namespace headroom::invariants {
namespace {

/// A ledger of requests 0 … n−1, all ended, in reverse order.
RequestLedger balanced(std::uint64_t n) {
  RequestLedger ledger;
  for (std::uint64_t i = 0; i < n; ++i) ledger.offered(i);
  for (std::uint64_t i = n; i-- > 0;) ledger.ended(i);
  return ledger;
}

TEST_CASE("every request ended once, in whatever order") {
  const RequestLedger ledger = balanced(1000);
  CHECK(ledger.holds());
  CHECK(ledger.checked() == 1000);
  CHECK(ledger.detail().empty());
  CHECK(RequestLedger().holds());
}

TEST_CASE("a lost outcome is found") {
  RequestLedger ledger = balanced(1000);
  ledger.offered(1000);
  CHECK_FALSE(ledger.holds());
  CHECK(ledger.detail() == "1001 offered, 1000 ended");
}

TEST_CASE("a second outcome is found") {
  RequestLedger ledger = balanced(1000);
  ledger.ended(17);
  CHECK_FALSE(ledger.holds());
  CHECK(ledger.detail() == "1000 offered, 1001 ended");
}

TEST_CASE("one lost and another one counted twice is found") {
  RequestLedger ledger = balanced(1000);
  ledger.offered(1000);
  ledger.ended(17);
  CHECK_FALSE(ledger.holds());
  CHECK(ledger.detail() == "1001 offered, 1001 ended, but not the same ones");
}

TEST_CASE("the ledger holds if and only if the same requests ended as were offered") {
  CHECK(rc::check("", [](std::vector<std::uint8_t> offered, std::vector<std::uint8_t> ended) {
    RequestLedger ledger;
    RequestLedger shuffled;
    for (const auto n : offered) ledger.offered(n), shuffled.offered(n);
    for (const auto n : ended) ledger.ended(n);
    auto reordered = offered;
    std::reverse(reordered.begin(), reordered.end());
    for (const auto n : reordered) shuffled.ended(n);
    std::sort(offered.begin(), offered.end());
    std::sort(ended.begin(), ended.end());
    RC_ASSERT(ledger.holds() == (offered == ended));
    RC_ASSERT(shuffled.holds());
  }));
}

}  // namespace
}  // namespace headroom::invariants
