#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "models/auth/update_log.h"
#include "sim/base/units.h"

namespace headroom::auth {

/// A cache of what the data plane said of credentials: an answer is believed for some time after it was put
/// (a hit does not renew it); when full, the least recently used one makes room. One answer per user: another
/// account of the same user is unknown. Pure; O(1) per call. Never iterated in hash order.
class TtlCache {
 public:
  struct Times {
    Duration ttl;           ///< an acceptance is believed for so long
    Duration negative_ttl;  ///< a denial; 0: it is not kept
    Duration stale_for;     ///< and so much longer when nobody can be asked
  };
  TtlCache(Times times, std::int64_t entries);
  /// Whether the credentials are accepted; none: it is not known, or no longer believed. What is found
  /// becomes the most recently used.
  std::optional<bool> hit(Credentials who, TimePoint now);
  /// The same, of answers too that ended less than `stale_for` ago.
  std::optional<bool> stale(Credentials who, TimePoint now);
  void put(Credentials who, bool accepted, TimePoint now);
  /// Forgets what was said of the user.
  void invalidate(std::uint64_t user);
  void clear();
  std::size_t size() const { return index_.size(); }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Entry {
    std::uint64_t user;
    TimePoint expires;
    std::uint32_t account = 0;
    bool accepted = false;
    std::uint32_t newer = kNone;
    std::uint32_t older = kNone;  ///< of an entry that is free: the next free one
  };
  std::optional<bool> find(Credentials who, TimePoint expired_by);
  void unlink(std::uint32_t i);
  void link_newest(std::uint32_t i);

  Times times_;
  std::size_t capacity_;
  std::unordered_map<std::uint64_t, std::uint32_t> index_;
  std::vector<Entry> entries_;
  std::uint32_t newest_ = kNone;
  std::uint32_t oldest_ = kNone;
  std::uint32_t free_ = kNone;
};

}  // namespace headroom::auth
