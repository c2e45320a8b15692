#pragma once

#include <cstdint>

#include "sim/base/check.h"
#include "sim/base/units.h"
#include "sim/metrics/wide.h"

namespace headroom::metrics {

/// A place where jobs stay (a queue, a worker's slots, the whole service), for Little's law as an identity of
/// integers over the whole run: the integral of the number present, counted by the clock, equals the sum of
/// the times that jobs stayed, counted by the jobs (Little 1961; Stidham 1974 for finite runs). A job that a
/// crash destroys leaves like any other one.
class Station {
 public:
  void enter(TimePoint now) {
    advance(now);
    ++present_;
    ++entered_;
    entered_at_ += now.since_start().count_ns();
  }
  void leave(TimePoint now, TimePoint entered_at) {
    advance(now);
    --present_;
    ++left_;
    entered_at_ -= entered_at.since_start().count_ns();
    sojourns_ += (now - entered_at).count_ns();
  }

  std::int64_t present() const { return present_; }
  std::int64_t entered() const { return entered_; }
  std::int64_t left() const { return left_; }
  /// ∫ N dt from the start to `now` (not before the last enter or leave), in job·ns.
  Int128 area(TimePoint now) const {
    return area_ + static_cast<Int128>(present_) * (now - last_).count_ns();
  }
  /// What jobs stayed until `now`, those still present included, in job·ns.
  Int128 stayed(TimePoint now) const {
    return sojourns_ + static_cast<Int128>(present_) * now.since_start().count_ns() - entered_at_;
  }
  /// Whether both ways of counting agree. A job that left with a wrong date shows once nobody is present.
  bool holds(TimePoint now) const {
    if (present_ < 0 || entered_ != left_ + present_) return false;
    if (present_ == 0 && entered_at_ != 0) return false;
    return area(now) == stayed(now);
  }

 private:
  void advance(TimePoint now) {
    HEADROOM_CHECK(now >= last_, "time goes forward");
    area_ += static_cast<Int128>(present_) * (now - last_).count_ns();
    last_ = now;
  }

  std::int64_t present_ = 0;
  std::int64_t entered_ = 0;
  std::int64_t left_ = 0;
  TimePoint last_;
  Int128 area_ = 0;
  Int128 sojourns_ = 0;
  Int128 entered_at_ = 0;  // sum over those present
};

}  // namespace headroom::metrics
