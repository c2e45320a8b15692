#pragma once

#include <cstdint>

#include "sim/base/units.h"
#include "sim/metrics/wide.h"

namespace headroom::metrics {

/// A whole number that holds over time (jobs waiting), and its integral so far: what is read again and again
/// while it changes.
class Integral {
 public:
  void add(TimePoint now, std::int64_t delta) { set(now, level_ + delta); }
  void set(TimePoint now, std::int64_t level) {
    sum_ += static_cast<Int128>(level_) * (now - last_).count_ns();
    last_ = now;
    level_ = level;
  }
  /// ∫ level dt from the start to `now` (not before the last change), in level·ns.
  double at(TimePoint now) const {
    return static_cast<double>(sum_ + static_cast<Int128>(level_) * (now - last_).count_ns());
  }

 private:
  std::int64_t level_ = 0;
  TimePoint last_;
  Int128 sum_ = 0;
};

}  // namespace headroom::metrics
