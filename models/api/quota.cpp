#include "models/api/quota.h"

#include <algorithm>

namespace headroom::api {
namespace {

/// A token counts as there when no more than this share of it is missing: sums of rates are rounded.
constexpr double kRounding = 1e-9;

}  // namespace

double Quota::tokens(const Bucket& bucket, TimePoint now) const {
  return std::min(burst_, bucket.tokens + rate_.per_second * (now - bucket.at).seconds());
}

bool Quota::accept(std::uint64_t user, TimePoint now) {
  if (buckets_.size() >= tidy_at_) {
    std::erase_if(buckets_, [&](const auto& entry) { return tokens(entry.second, now) >= burst_; });
    tidy_at_ = std::max(kFewest, 2 * buckets_.size());
  }
  Bucket& bucket = buckets_.try_emplace(user, Bucket{burst_, now}).first->second;
  bucket = {tokens(bucket, now), now};
  if (bucket.tokens < 1 - kRounding) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace headroom::api
