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

Duration QuotaUse::length() const {
  return std::min(Duration::s(60), window_.length());
}

std::int64_t QuotaUse::minute(TimePoint now) const {
  if (now < window_.begin()) return -1;
  return (now - window_.begin()).count_ns() / length().count_ns();
}

void QuotaUse::go_to(std::int64_t minute) {
  if (minute == minute_) return;
  if (minute_ >= 0) {
    attempts_ += attempts_now_;
    used_ += used_now_;
  }
  attempts_now_ = used_now_ = 0;
  minute_ = minute;
}

void QuotaUse::count(Minute& user, Rate rate, bool accepted, TimePoint now) {
  go_to(minute(now));
  if (user.number != minute_) user = {minute_};
  const auto weighted = [&] {
    return user.attempts * std::min(1.0, user.accepted / (rate.per_second * length().seconds()));
  };
  // Its attempts so far weigh with what it has used up by now.
  used_now_ -= weighted();
  user.attempts += 1;
  if (accepted) user.accepted += 1;
  used_now_ += weighted();
  attempts_now_ += 1;
}

double QuotaUse::attempts(TimePoint now) {
  go_to(minute(now));
  return attempts_;
}

double QuotaUse::used(TimePoint now) {
  go_to(minute(now));
  return used_;
}

bool Quota::accept(std::uint64_t user, TimePoint now, QuotaUse* use) {
  if (buckets_.size() >= tidy_at_) {
    std::erase_if(buckets_, [&](const auto& entry) { return tokens(entry.second, now) >= burst_; });
    tidy_at_ = std::max(kFewest, 2 * buckets_.size());
  }
  Bucket& bucket = buckets_.try_emplace(user, Bucket{burst_, now, {}}).first->second;
  bucket.tokens = tokens(bucket, now);
  bucket.at = now;
  const bool accepted = bucket.tokens >= 1 - kRounding;
  if (accepted) bucket.tokens -= 1;
  if (use != nullptr) use->count(bucket.minute, rate_, accepted, now);
  return accepted;
}

}  // namespace headroom::api
