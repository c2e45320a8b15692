#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <utility>

#include "sim/base/units.h"

namespace headroom::usage {

/// Idempotency keys: remembers the identities of jobs, so that a record that comes twice counts once. A key
/// is forgotten `retention` after it first came, which bounds the memory to what comes in that time; a record
/// that comes again later counts again.
class IdempotencyKeys {
 public:
  explicit IdempotencyKeys(Duration retention) : retention_(retention) {}

  /// Whether the key is new: it did not come within `retention` before `now`. Time must not go backwards.
  bool insert(std::uint64_t key, TimePoint now) {
    while (!order_.empty() && order_.front().first <= now - retention_) {
      keys_.erase(order_.front().second);
      order_.pop_front();
    }
    if (!keys_.insert(key).second) return false;
    order_.emplace_back(now, key);
    return true;
  }
  std::size_t size() const { return keys_.size(); }

 private:
  Duration retention_;
  std::unordered_set<std::uint64_t> keys_;
  std::deque<std::pair<TimePoint, std::uint64_t>> order_;  ///< as they came
};

}  // namespace headroom::usage
