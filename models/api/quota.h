#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "sim/base/units.h"

namespace headroom::api {

/// One server's share of what each user may do: a token bucket per user (full at first; a request takes a
/// token, tokens come back at a constant rate). Servers share no state, so each one enforces the quota
/// divided by the number of servers. Pure; constant time per request. It remembers the users whose bucket is
/// not full, and at most as many others.
class Quota {
 public:
  /// `burst`: tokens in a full bucket, at least 1.
  Quota(Rate rate, double burst) : rate_(rate), burst_(burst < 1 ? 1 : burst) {}
  /// Whether the user's request is accepted now.
  bool accept(std::uint64_t user, TimePoint now);
  std::size_t remembered() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens;
    TimePoint at;
  };
  double tokens(const Bucket& bucket, TimePoint now) const;
  static constexpr std::size_t kFewest = 1024;
  Rate rate_;
  double burst_;
  std::unordered_map<std::uint64_t, Bucket> buckets_;  // never iterated but to forget
  std::size_t tidy_at_ = kFewest;
};

}  // namespace headroom::api
