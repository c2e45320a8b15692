#include "sim/invariants/billing_ledger.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>
#include <vector>

namespace headroom::invariants {
namespace {

using Sum = BillingLedger::Sum;

/// Jobs 0 … 9, each of 100 ns and 7 B; 0 … 7 are billed, 3 twice.
BillingLedger example() {
  BillingLedger ledger;
  for (std::uint64_t job = 0; job < 10; ++job) ledger.completed(job, 100, 7);
  for (std::uint64_t job = 0; job < 8; ++job) ledger.billed(job, 100, 7);
  ledger.billed(3, 100, 7);
  return ledger;
}

TEST_CASE("a bill with a loss and a duplicate that are owned up to is in order") {
  BillingLedger ledger = example();
  ledger.close({9, 900, 63}, {2, 200, 14}, {1, 100, 7});
  CHECK(ledger.holds());
  CHECK(ledger.checked() == 10);
  CHECK(ledger.detail().empty());
}

TEST_CASE("a loss that is kept quiet is found") {
  BillingLedger ledger = example();
  ledger.close({9, 900, 63}, {1, 100, 7}, {1, 100, 7});
  CHECK_FALSE(ledger.holds());
  CHECK_THAT(ledger.detail(), Catch::Contains("lost 2 (200 ns, 14 B), the books say 1"));
}

TEST_CASE("a duplicate that makes up for a loss is found") {
  BillingLedger ledger = example();
  ledger.close({9, 900, 63}, {1, 100, 7}, {0, 0, 0});
  CHECK_FALSE(ledger.holds());
}

TEST_CASE("an invoice that is a nanosecond or a byte off is found") {
  for (const Sum& invoiced : {Sum{9, 901, 63}, Sum{9, 900, 62}, Sum{8, 900, 63}}) {
    BillingLedger ledger = example();
    ledger.close(invoiced, {2, 200, 14}, {1, 100, 7});
    CHECK_FALSE(ledger.holds());
  }
}

TEST_CASE("a record of work that nobody did is found, and work that is done first twice") {
  BillingLedger ledger = example();
  ledger.billed(99, 0, 0);
  ledger.close({10, 900, 63}, {2, 200, 14}, {1, 100, 7});
  CHECK_FALSE(ledger.holds());
  BillingLedger other = example();
  other.completed(5, 0, 0);
  other.close({9, 900, 63}, {3, 200, 14}, {1, 100, 7});
  CHECK_FALSE(other.holds());
}

TEST_CASE("a bill that is written anew is judged by what is on it then") {
  BillingLedger ledger = example();
  ledger.emptied();
  for (std::uint64_t job = 0; job < 10; ++job) ledger.billed(job, 100, 7);
  ledger.close({10, 1000, 70}, {}, {});
  CHECK(ledger.holds());
}

TEST_CASE("it agrees with a map of every job, whatever their identities") {
  CHECK(rc::check("", [](const std::vector<std::uint64_t>& jobs, const std::vector<std::uint16_t>& bills) {
    BillingLedger ledger;
    std::map<std::uint64_t, int> times;
    for (const std::uint64_t job : jobs)
      if (times.emplace(job, 0).second) ledger.completed(job, 3, 5);
    Sum invoiced, lost, duplicated;
    for (const std::uint16_t bill : bills) {
      if (jobs.empty()) break;
      const std::uint64_t job = jobs[bill % jobs.size()];
      ledger.billed(job, 3, 5);
      invoiced.add(3, 5);
      if (times[job]++ > 0) duplicated.add(3, 5);
    }
    for (const auto& [job, n] : times)
      if (n == 0) lost.add(3, 5);
    ledger.close(invoiced, lost, duplicated);
    RC_ASSERT(ledger.holds());
    duplicated.add(3, 5);
    ledger.close(invoiced, lost, duplicated);
    RC_ASSERT(!ledger.holds());
  }));
}

}  // namespace
}  // namespace headroom::invariants
