#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "models/usage/item.h"
#include "sim/base/units.h"

namespace headroom::usage {

/// A number that depends on all of a key, well mixed.
std::uint64_t hash_of(const ItemKey& key);

/// What a host has of a shard, condensed: a tree of two levels, whose leaves are the sums of the hashes of
/// the keys that belong there. Two hosts that have the same have equal roots; where they differ the leaves
/// tell. As batches are immutable, a key says all about its batch. (Merkle trees: Dynamo, section 4.7; sums
/// in place of hashes of hashes so that a change costs O(1), for hosts that do not lie.)
class Digest {
 public:
  static constexpr std::size_t kLeaves = 256;
  using Leaves = std::array<std::uint64_t, kLeaves>;
  static std::size_t leaf(const ItemKey& key) { return hash_of(key) >> 56; }
  void add(const ItemKey& key);
  void remove(const ItemKey& key);
  std::uint64_t root() const { return root_; }
  const Leaves& leaves() const { return leaves_; }

 private:
  std::uint64_t root_ = 0;
  Leaves leaves_{};
};

/// What a read asks for: all of a shard's period, or one batch of it.
struct Query {
  int shard = 0;
  std::int64_t period = 0;
  std::optional<std::uint64_t> id;
};

/// What is on the disk of one store host: batches, and copies that it keeps for other hosts (hints).
class Replica {
 public:
  explicit Replica(int shards) : digests_(static_cast<std::size_t>(shards)) {}

  /// False: it was there.
  bool add(const ItemPtr& item);
  bool has(const ItemKey& key) const { return items_.contains(key); }
  void remove(const ItemKey& key);
  std::vector<ItemPtr> find(const Query& query) const;
  const std::map<ItemKey, ItemPtr>& items() const { return items_; }
  const Digest& digest(int shard) const { return digests_[static_cast<std::size_t>(shard)]; }
  /// Batches of a shard whose leaf of the digest is marked, in order.
  std::vector<ItemPtr> in_leaves(int shard, const std::vector<bool>& marked) const;

  struct Hint {
    ItemPtr item;
    TimePoint expires;
  };
  /// By the host that it is for, then by key.
  using Hints = std::map<std::pair<int, ItemKey>, Hint>;
  void add_hint(int host, const ItemPtr& item, TimePoint expires);
  /// False: there was none.
  bool remove_hint(int host, const ItemKey& key) { return hints_.erase({host, key}) > 0; }
  /// Removes those whose time is over, and names what they were of.
  std::vector<ItemKey> expire_hints(TimePoint now);
  const Hints& hints() const { return hints_; }

 private:
  std::map<ItemKey, ItemPtr> items_;
  std::vector<Digest> digests_;  // by shard
  Hints hints_;
};

}  // namespace headroom::usage
