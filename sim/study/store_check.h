#pragma once

#include <cstdint>
#include <string>

#include "models/usage/store.h"
#include "sim/invariants/replica_ledger.h"
#include "sim/metrics/result.h"

namespace headroom::study {

/// Watches what the store of usage batches acknowledges, and looks at the end whether its disks still have
/// it.
class StoreCheck final : public usage::StoreWatch {
 public:
  void acknowledged(const usage::ItemKey& key) override {
    ledger_.acknowledged(name(key));
    ++acknowledged_;
  }
  void released(const usage::ItemKey& key) override { ledger_.released(name(key)); }
  void hint_given_up(const usage::ItemKey& key) override { ledger_.copy_given_up(name(key)); }
  void report(const usage::BatchStore& store, metrics::ResultBuilder& results) {
    ledger_.begin_inspection();
    store.for_each_copy([this](int host, const usage::ItemKey& key, int for_host) {
      ledger_.copy(host, name(key), for_host < 0);
    });
    const bool holds = ledger_.fewest_copies(1) == 1;
    results.invariant("no acknowledged usage batch lost", holds, acknowledged_,
                      holds ? "" : "a batch that the store acknowledged is on none of its disks");
  }

 private:
  static invariants::ReplicaLedger::Name name(const usage::ItemKey& key) {
    return {static_cast<std::uint64_t>(key.shard), static_cast<std::uint64_t>(key.period), key.id};
  }
  invariants::ReplicaLedger ledger_;
  std::int64_t acknowledged_ = 0;
};

}  // namespace headroom::study
