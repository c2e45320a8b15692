#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/base/units.h"

namespace headroom::auth {

/// A cache of credentials: an entry is believed for `ttl` after it was put (a hit does not renew it); when
/// full, the least recently used entry makes room. Pure; O(1) per call. Never iterated in hash order.
class TtlCache {
 public:
  TtlCache(Duration ttl, std::int64_t entries);
  /// Whether the user's entry is there and not expired; a hit makes it the most recently used.
  bool hit(std::uint64_t user, TimePoint now);
  void put(std::uint64_t user, TimePoint now);
  std::size_t size() const { return index_.size(); }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Entry {
    std::uint64_t user;
    TimePoint expires;
    std::uint32_t newer = kNone;
    std::uint32_t older = kNone;
  };
  void unlink(std::uint32_t i);
  void link_newest(std::uint32_t i);

  Duration ttl_;
  std::size_t capacity_;
  std::unordered_map<std::uint64_t, std::uint32_t> index_;
  std::vector<Entry> entries_;
  std::uint32_t newest_ = kNone;
  std::uint32_t oldest_ = kNone;
};

}  // namespace headroom::auth
