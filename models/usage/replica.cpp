#include "models/usage/replica.h"

namespace headroom::usage {
namespace {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t hash_of(const ItemKey& key) {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;
  std::uint64_t h = mix(static_cast<std::uint64_t>(key.shard) + kGolden);
  h = mix(h ^ (static_cast<std::uint64_t>(key.period) + kGolden));
  return mix(h ^ (key.id + kGolden));
}

void Digest::add(const ItemKey& key) {
  const std::uint64_t h = hash_of(key);
  root_ += h;
  leaves_[h >> 56] += h;
}

void Digest::remove(const ItemKey& key) {
  const std::uint64_t h = hash_of(key);
  root_ -= h;
  leaves_[h >> 56] -= h;
}

bool Replica::add(const ItemPtr& item) {
  if (!items_.emplace(item->key, item).second) return false;
  digests_[static_cast<std::size_t>(item->key.shard)].add(item->key);
  return true;
}

void Replica::remove(const ItemKey& key) {
  if (items_.erase(key) > 0) digests_[static_cast<std::size_t>(key.shard)].remove(key);
}

std::vector<ItemPtr> Replica::find(const Query& query) const {
  std::vector<ItemPtr> found;
  if (query.id) {
    const auto item = items_.find({query.shard, query.period, *query.id});
    if (item != items_.end()) found.push_back(item->second);
    return found;
  }
  for (auto i = items_.lower_bound({query.shard, query.period, 0});
       i != items_.end() && i->first.shard == query.shard && i->first.period == query.period; ++i)
    found.push_back(i->second);
  return found;
}

std::vector<ItemPtr> Replica::in_leaves(int shard, const std::vector<bool>& marked) const {
  std::vector<ItemPtr> found;
  for (auto i = items_.lower_bound({shard, INT64_MIN, 0}); i != items_.end() && i->first.shard == shard; ++i)
    if (marked[Digest::leaf(i->first)]) found.push_back(i->second);
  return found;
}

void Replica::add_hint(int host, const ItemPtr& item, TimePoint expires) {
  hints_.insert_or_assign({host, item->key}, Hint{item, expires});
}

std::vector<ItemKey> Replica::expire_hints(TimePoint now) {
  std::vector<ItemKey> expired;
  for (auto hint = hints_.begin(); hint != hints_.end();) {
    if (hint->second.expires > now) {
      ++hint;
      continue;
    }
    expired.push_back(hint->first.second);
    hint = hints_.erase(hint);
  }
  return expired;
}

}  // namespace headroom::usage
