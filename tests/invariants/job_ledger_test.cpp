#include "sim/invariants/job_ledger.h"

#include <catch2/catch.hpp>

#include "sim/invariants/once_ledger.h"

namespace headroom::invariants {
namespace {

const auto kAllThere = [](std::uint64_t) { return true; };
const auto kNoneThere = [](std::uint64_t) { return false; };

/// Jobs 1 … n, sent with tickets 101 …, all told to their senders.
JobLedger committed(std::uint64_t n) {
  JobLedger ledger;
  for (std::uint64_t job = 1; job <= n; ++job) {
    ledger.committed(job, 100 + job);
    ledger.acknowledged(100 + job);
  }
  return ledger;
}

TEST_CASE("jobs that end in any order, or are still there, are in balance") {
  JobLedger ledger = committed(5);
  for (const std::uint64_t job : {1, 2, 3}) ledger.delivered(job);
  for (const std::uint64_t job : {3, 1}) ledger.ended(job);
  CHECK(ledger.open() == 3);
  CHECK(ledger.balance(kAllThere, 3).holds());
  CHECK(ledger.in_order());
  for (const std::uint64_t job : {5, 4, 2}) ledger.ended(job);
  CHECK(ledger.balance(kNoneThere, 0).holds());
}

TEST_CASE("a lost job is found, and whether somebody was told that it is safe") {
  JobLedger ledger = committed(3);
  ledger.committed(4, 104);
  ledger.ended(1);
  const auto verdict = ledger.balance([](std::uint64_t job) { return job == 2; }, 1);
  CHECK(verdict.lost == 2);
  CHECK(verdict.lost_acknowledged == 1);
  CHECK_FALSE(verdict.holds());
}

TEST_CASE("a queue that says yes too early is found") {
  JobLedger never = committed(1);
  never.acknowledged(999);
  CHECK(never.balance(kAllThere, 1).lost_acknowledged == 1);
  JobLedger early = committed(1);
  early.acknowledged(102);
  early.committed(2, 102);
  CHECK_FALSE(early.balance(kAllThere, 2).holds());
}

TEST_CASE("who asks twice for the same need not get two jobs") {
  JobLedger ledger = committed(1);
  ledger.absorbed(500);
  ledger.acknowledged(500);
  CHECK(ledger.balance(kAllThere, 1).holds());
}

TEST_CASE("who sends again what was committed, and gets another job for it, is found") {
  JobLedger ledger = committed(2);
  ledger.ended(1);
  ledger.committed(3, 101);
  CHECK_FALSE(ledger.balance(kAllThere, 2).holds());
}

TEST_CASE("a job that overtakes is found; one that is delivered again is not one") {
  JobLedger ledger = committed(4);
  ledger.delivered(1);
  ledger.delivered(2);
  ledger.delivered(1);
  CHECK(ledger.in_order());
  ledger.delivered(4);
  ledger.delivered(3);
  CHECK_FALSE(ledger.in_order());
}

TEST_CASE("a job that is passed over overtakes nobody, and may be late itself") {
  JobLedger ledger = committed(4);
  ledger.passed_over(3);
  ledger.delivered(1);
  ledger.delivered(2);
  ledger.delivered(4);
  ledger.delivered(3);  // whoever passed over it died before it could drop it
  CHECK(ledger.in_order());
  JobLedger other = committed(4);
  other.passed_over(3);
  other.delivered(2);
  other.delivered(1);
  CHECK_FALSE(other.in_order());
}

TEST_CASE("a job that ends twice, or more that are there than can be, are found") {
  JobLedger ledger = committed(2);
  ledger.ended(2);
  ledger.ended(2);
  CHECK_FALSE(ledger.balance(kAllThere, 1).holds());
  CHECK_FALSE(committed(2).balance(kAllThere, 3).holds());
}

TEST_CASE("a result released twice is found, for the time of retention") {
  OnceLedger ledger(Duration::s(60));
  const auto at = [](int s) { return TimePoint::at(Duration::s(s)); };
  ledger.released(7, at(0));
  ledger.released(8, at(30));
  ledger.released(7, at(61));
  CHECK(ledger.holds());
  ledger.released(8, at(62));
  CHECK_FALSE(ledger.holds());
  CHECK(ledger.checked() == 4);
}

}  // namespace
}  // namespace headroom::invariants
