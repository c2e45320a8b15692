#include "models/usage/bill.h"

#include <algorithm>
#include <unordered_set>

#include "sim/base/check.h"
#include "sim/metrics/wide.h"

namespace headroom::usage {
namespace {

constexpr std::int64_t kUnit = 1'000'000'000;  // ns in a second, bytes in a gigabyte

std::int64_t amount(std::int64_t used, Money price) {
  const auto product = static_cast<metrics::Int128>(used) * price.nano_usd;
  return static_cast<std::int64_t>((product + kUnit / 2) / kUnit);
}

}  // namespace

Money price_of(const Use& use, const PriceConfig& prices) {
  return Money{amount(use.cpu_ns, prices.cpu_second) + amount(use.bytes, prices.gigabyte)};
}

Bill::Bill(const BillingConfig& config, const std::optional<IdempotencyConfig>& idempotency, int shards,
           BillWatch& watch)
    : config_(config), watch_(watch), shards_(static_cast<std::size_t>(shards)) {
  if (!idempotency) return;
  for (Shard& shard : shards_) shard.keys.emplace(idempotency->retention);
}

bool Bill::add(const ItemPtr& batch, TimePoint now) {
  Shard& shard = shards_[static_cast<std::size_t>(batch->key.shard)];
  if (!shard.batches.insert(batch->key).second) return false;
  for (const Record& record : batch->records) {
    if (shard.keys && !shard.keys->insert(record.conversion->job, now)) continue;
    late_ += record.period <= closed_;
    enter(record);
  }
  return true;
}

void Bill::rebuild(const std::map<ItemKey, ItemPtr>& batches, TimePoint now) {
  periods_.clear();
  watch_.emptied(batches);
  std::unordered_set<std::uint64_t> seen;
  for (const auto& [key, batch] : batches) {
    Shard& shard = shards_[static_cast<std::size_t>(key.shard)];
    shard.batches.insert(key);
    for (const Record& record : batch->records) {
      const std::uint64_t job = record.conversion->job;
      if (!seen.insert(job).second) continue;
      if (shard.keys) shard.keys->insert(job, now);
      enter(record);
    }
  }
}

void Bill::enter(const Record& record) {
  const calls::Conversion& c = *record.conversion;
  const std::uint64_t user = config_.invoices == Invoices::per_user ? c.user : 0;
  periods_[record.period][user] += {1, c.cpu_ns, c.bytes};
  watch_.billed(record);
}

std::int64_t Bill::invoices() const {
  std::int64_t n = 0;
  for (const auto& [period, users] : periods_) n += static_cast<std::int64_t>(users.size());
  return n;
}

Use Bill::use() const {
  Use sum;
  for (const auto& [period, users] : periods_)
    for (const auto& [user, use] : users) sum += use;
  return sum;
}

Money Bill::amount() const {
  Money sum;
  for (const auto& [period, users] : periods_)
    for (const auto& [user, use] : users) sum.nano_usd += price_of(use, config_.price).nano_usd;
  return sum;
}

const Use* Bill::invoice(std::int64_t period, std::uint64_t user) const {
  const auto p = periods_.find(period);
  if (p == periods_.end()) return nullptr;
  const auto u = p->second.find(user);
  return u == p->second.end() ? nullptr : &u->second;
}

}  // namespace headroom::usage
