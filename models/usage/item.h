#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/usage/record.h"
#include "sim/base/units.h"

namespace headroom::usage {

/// What a batch is kept and found by. Who writes a batch chooses its id, once: writing it again (a retry)
/// under the same key changes nothing.
struct ItemKey {
  int shard = 0;            ///< 0 … shards − 1
  std::int64_t period = 0;  ///< what scans select by, the billing period, say
  std::uint64_t id = 0;     ///< unique within the shard and period; below 2^63
  friend auto operator<=>(const ItemKey&, const ItemKey&) = default;
};

/// A batch of usage records as it is kept in the store. Immutable: there is one version of it, for ever.
struct Item {
  ItemKey key;
  Bytes size;
  std::vector<Record> records;
};
using ItemPtr = std::shared_ptr<const Item>;

}  // namespace headroom::usage
