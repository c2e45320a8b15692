#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "sim/base/units.h"
#include "sim/metrics/window.h"

namespace headroom::api {

/// How far the users' quotas were used up, minute by minute of the measured window (the first begins with
/// it; one minute, if it is shorter, is the window). A user's share of a minute is what it had accepted of
/// what it is allowed in a minute, at most 1; of all users it is the mean over their attempts. So one user
/// who asks too much weighs as much as it asks, and users who ask seldom do not hide it. Pure.
class QuotaUse {
 public:
  explicit QuotaUse(const metrics::Window& window) : window_(window) {}
  /// What one server remembers of a user.
  struct Minute {
    std::int64_t number = -1;
    double attempts = 0;
    double accepted = 0;
  };
  /// An attempt of the user who is allowed `rate` on that server.
  void count(Minute& user, Rate rate, bool accepted, TimePoint now);
  /// Of the minutes that are over: attempts, and those weighted with the share of their user's quota.
  double attempts(TimePoint now);
  double used(TimePoint now);

 private:
  Duration length() const;
  /// Before the window −1.
  std::int64_t minute(TimePoint now) const;
  void go_to(std::int64_t minute);
  metrics::Window window_;
  std::int64_t minute_ = -1;
  double attempts_ = 0, used_ = 0;  // of minutes that are over
  double attempts_now_ = 0, used_now_ = 0;
};

/// One server's share of what each user may do: a token bucket per user (full at first; a request takes a
/// token, tokens come back at a constant rate). Servers share no state, so each one enforces the quota
/// divided by the number of servers. Pure; constant time per request. It remembers the users whose bucket is
/// not full, and at most as many others.
class Quota {
 public:
  /// `burst`: tokens in a full bucket, at least 1.
  Quota(Rate rate, double burst) : rate_(rate), burst_(burst < 1 ? 1 : burst) {}
  /// Whether the user's request is accepted now. `use`, if there is one, is told.
  bool accept(std::uint64_t user, TimePoint now, QuotaUse* use = nullptr);
  std::size_t remembered() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens;
    TimePoint at;
    QuotaUse::Minute minute{};
  };
  double tokens(const Bucket& bucket, TimePoint now) const;
  static constexpr std::size_t kFewest = 1024;
  Rate rate_;
  double burst_;
  std::unordered_map<std::uint64_t, Bucket> buckets_;  // never iterated but to forget
  std::size_t tidy_at_ = kFewest;
};

}  // namespace headroom::api
