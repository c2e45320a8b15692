#include "models/calls/retry.h"

#include <algorithm>
#include <cmath>

namespace headroom::calls {
namespace {

/// 2^62 times anything is at its cap.
constexpr int kMostDoublings = 62;

Duration uniform(Engine& draw, Duration low, Duration high) {
  return low + (high - low) * uniform01(draw);
}

}  // namespace

Duration BackoffSchedule::longest() {
  if (const auto* fixed = std::get_if<FixedBackoff>(&config_.backoff)) return fixed->wait;
  const auto* exponential = std::get_if<ExponentialBackoff>(&config_.backoff);
  if (exponential == nullptr) return {};
  return std::min(exponential->cap, exponential->base * std::ldexp(1.0, std::min(retries_, kMostDoublings)));
}

Duration BackoffSchedule::next(Engine& draw) {
  const Duration wait = longest();
  ++retries_;
  switch (config_.jitter) {
    case Jitter::none:
      return wait;
    case Jitter::full:
      return uniform(draw, {}, wait);
    case Jitter::equal:
      return uniform(draw, wait / 2, wait);
    case Jitter::decorrelated: {
      const auto& b = std::get<ExponentialBackoff>(config_.backoff);
      const Duration before = retries_ == 1 ? b.base : previous_;
      previous_ = std::min(b.cap, uniform(draw, b.base, before * 3));
      return previous_;
    }
  }
  return wait;
}

RetryBudget::Counts& RetryBudget::slot(TimePoint now) {
  const std::int64_t number = now.since_start().count_ns() / kSlot.count_ns();
  const std::int64_t passed = std::min(number - newest_, kSlots);
  for (std::int64_t k = 1; k <= passed; ++k) {
    Counts& old = slots_[static_cast<std::size_t>((newest_ + k) % kSlots)];
    sum_.requests -= old.requests;
    sum_.retries -= old.retries;
    old = {};
  }
  newest_ = number;
  return slots_[static_cast<std::size_t>(number % kSlots)];
}

void RetryBudget::request(TimePoint now) {
  ++slot(now).requests;
  ++sum_.requests;
}

bool RetryBudget::retry(TimePoint now) {
  Counts& current = slot(now);
  if (static_cast<double>(sum_.retries + 1) > share_ * static_cast<double>(sum_.requests)) return false;
  ++current.retries;
  ++sum_.retries;
  return true;
}

std::optional<TimePoint> Retries::next(Failure why, TimePoint now, Engine& draw) {
  if (why == Failure::denied || ++made_ == config_.attempts) return std::nullopt;
  const TimePoint again = now + backoff_.next(draw);
  if (again >= until_ || (budget_ != nullptr && !budget_->retry(now))) return std::nullopt;
  return again;
}

}  // namespace headroom::calls
