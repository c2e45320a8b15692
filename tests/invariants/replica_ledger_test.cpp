#include "sim/invariants/replica_ledger.h"

#include <catch2/catch.hpp>

namespace headroom::invariants {
namespace {

TEST_CASE("an acknowledged item is as safe as the disks that hold it are many") {
  ReplicaLedger ledger;
  ledger.acknowledged({0, 0, 1});
  ledger.acknowledged({0, 0, 2});
  ledger.begin_inspection();
  CHECK(ledger.fewest_copies(3) == 0);
  ledger.copy(0, {0, 0, 1}, true);
  ledger.copy(1, {0, 0, 1}, true);
  ledger.copy(1, {0, 0, 1}, false);  // for another host, on the same disk: no safer for it
  ledger.copy(2, {0, 0, 2}, false);
  CHECK(ledger.fewest_copies(3) == 1);
  ledger.released({0, 0, 2});
  CHECK(ledger.fewest_copies(3) == 2);
  CHECK(ledger.checked() == 1);
  ledger.begin_inspection();
  CHECK(ledger.fewest_copies(3) == 0);
}

TEST_CASE("what was given up may be nowhere, and nothing else") {
  ReplicaLedger ledger;
  ledger.acknowledged({0, 0, 1});
  ledger.acknowledged({0, 0, 2});
  ledger.copy_given_up({0, 0, 1});
  ledger.begin_inspection();
  ledger.copy(0, {0, 0, 2}, true);
  CHECK(ledger.fewest_copies(1) == 1);
  ledger.begin_inspection();
  ledger.copy(0, {0, 0, 1}, true);
  CHECK(ledger.fewest_copies(1) == 0);  // the other one, of which no copy was given up
}

TEST_CASE("replicas have converged when each item is on all of its hosts and nowhere else") {
  ReplicaLedger ledger;
  ledger.begin_inspection();
  CHECK(ledger.converged(2));
  ledger.copy(0, {0, 0, 1}, true);
  CHECK_FALSE(ledger.converged(2));
  ledger.copy(1, {0, 0, 1}, true);
  CHECK(ledger.converged(2));
  ledger.copy(2, {0, 0, 1}, false);
  CHECK_FALSE(ledger.converged(2));
}

}  // namespace
}  // namespace headroom::invariants
