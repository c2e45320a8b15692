#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "models/calls/retry_config.h"
#include "sim/base/outcome.h"
#include "sim/base/random.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// The waits between the attempts at one call. Pure: draws come from outside.
class BackoffSchedule {
 public:
  explicit BackoffSchedule(const RetryConfig& config) : config_(config) {}
  /// The wait before the next attempt; call once for each.
  Duration next(Engine& draw);

 private:
  Duration longest();
  const RetryConfig& config_;
  int retries_ = 0;
  Duration previous_;  // the wait before, as drawn
};

/// Keeps retries at or below a share of the requests of the last 10 s. Time is cut into slots of 100 ms, so
/// what is looked at are the last 9.9 to 10 s. Pure; O(1) per call.
class RetryBudget {
 public:
  explicit RetryBudget(double share) : share_(share) {}
  /// A request is sent for the first time.
  void request(TimePoint now);
  /// Whether there may be a retry now; it counts then.
  bool retry(TimePoint now);

 private:
  static constexpr std::int64_t kSlots = 100;
  static constexpr Duration kSlot = Duration::ms(100);
  struct Counts {
    std::int64_t requests = 0;
    std::int64_t retries = 0;
  };
  Counts& slot(TimePoint now);
  double share_;
  std::int64_t newest_ = 0;  // number of the slot since the start
  std::array<Counts, kSlots> slots_;
  Counts sum_;
};

/// Whether a call that failed is made again, and when: at most so many times, not after its deadline, within
/// the budget. Who was denied is not asked again: the answer would be the same. Pure.
class Retries {
 public:
  /// The call is made for the first time now. `budget`: of all callers together; null: no limit. What is
  /// given outlives it.
  Retries(const RetryConfig& config, RetryBudget* budget, TimePoint now, TimePoint until)
      : config_(config), backoff_(config), budget_(budget), until_(until) {
    if (budget_ != nullptr) budget_->request(now);
  }
  /// It failed, now. When it is made again; none: that was the last time.
  std::optional<TimePoint> next(Failure why, TimePoint now, Engine& draw);

 private:
  const RetryConfig& config_;
  BackoffSchedule backoff_;
  RetryBudget* budget_;
  TimePoint until_;
  std::int64_t made_ = 0;
};

}  // namespace headroom::calls
