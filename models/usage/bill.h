#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "models/usage/config.h"
#include "models/usage/item.h"
#include "models/usage/keys.h"
#include "sim/base/units.h"

namespace headroom::usage {

/// What was used, in whole nanoseconds of CPU and bytes.
struct Use {
  std::int64_t records = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t bytes = 0;
  Use& operator+=(const Use& other) {
    records += other.records;
    cpu_ns += other.cpu_ns;
    bytes += other.bytes;
    return *this;
  }
  friend bool operator==(const Use&, const Use&) = default;
};

/// What that costs: each of the two amounts is rounded half up to a billionth of a dollar, once per invoice.
Money price_of(const Use& use, const PriceConfig& prices);

/// Sees what enters the bill.
class BillWatch {
 public:
  virtual ~BillWatch() = default;
  virtual void billed(const Record& record) = 0;
  /// The bill is empty: a new one is written. These are the batches that the old one was made of.
  virtual void emptied(const std::map<ItemKey, ItemPtr>& batches) = 0;
};

/// The bill: an invoice for each billing period, or for each user and period. It is what is kept on disk
/// between runs of the batch that computes it, with what is needed to count nothing twice: the batches that
/// it is made of, and the idempotency keys, per shard.
class Bill {
 public:
  Bill(const BillingConfig& config, const std::optional<IdempotencyConfig>& idempotency, int shards,
       BillWatch& watch);

  /// Adds the records of a batch, unless it is in the bill already. Whether it was not.
  bool add(const ItemPtr& batch, TimePoint now);
  /// Invoices up to this period have been sent; what is added to them later is late.
  void close(std::int64_t period) { closed_ = std::max(closed_, period); }
  /// Computes the bill anew from raw records: batches that are in it or belong in it, all of them. Each job
  /// counts once, by the record that comes first in the order of batches.
  void rebuild(const std::map<ItemKey, ItemPtr>& batches, TimePoint now);

  std::int64_t late_records() const { return late_; }
  std::int64_t invoices() const;
  Use use() const;
  /// The sum of all invoices.
  Money amount() const;
  /// Null if there is no such invoice. Without invoices per user, all are user 0's.
  const Use* invoice(std::int64_t period, std::uint64_t user) const;

 private:
  struct Shard {
    std::set<ItemKey> batches;
    std::optional<IdempotencyKeys> keys;
  };
  using ByUser = std::unordered_map<std::uint64_t, Use>;
  void enter(const Record& record);

  BillingConfig config_;
  BillWatch& watch_;
  std::vector<Shard> shards_;
  std::map<std::int64_t, ByUser> periods_;
  std::int64_t closed_ = -1;
  std::int64_t late_ = 0;
};

}  // namespace headroom::usage
