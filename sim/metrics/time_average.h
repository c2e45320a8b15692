#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/base/check.h"
#include "sim/base/units.h"
#include "sim/metrics/window.h"

namespace headroom::metrics {

/// A whole number that holds over time (jobs waiting, busy cores, members up; or 0/1 for "there is no
/// leader"): its integral per batch of the measured window, exact in level·ns, split at the edges of batches,
/// and its maximum in the window. Time must not go backwards. level × batch length must stay below 2^63.
class TimeAverage {
 public:
  explicit TimeAverage(const Window& window, std::int64_t level = 0)
      : window_(window), level_(level), cell_end_(window.begin()) {}

  void add(TimePoint now, std::int64_t delta) { set(now, level_ + delta); }
  void set(TimePoint now, std::int64_t level) {
    advance(now);
    level_ = level;
    if (inside()) max_ = std::max(max_, level_);
  }
  /// Call once when the run is over, before anything is read.
  void finish(TimePoint end) { advance(end); }

  std::int64_t level() const { return level_; }
  /// ∫ level dt over the batch, in level·ns.
  std::int64_t integral(int batch) const { return integrals_[static_cast<std::size_t>(batch + 1)]; }
  /// Over the window, in level·seconds.
  double level_seconds() const {
    double sum = 0;
    for (int b = 0; b < kBatches; ++b) sum += static_cast<double>(integral(b)) / 1e9;
    return sum;
  }
  /// The time average over the window; 0 if the window is empty.
  double mean() const {
    const double s = window_.length().seconds();
    return s > 0 ? level_seconds() / s : 0;
  }
  /// The highest level in the window, however short it held.
  std::int64_t max() const { return max_; }
  const Window& window() const { return window_; }

 private:
  void advance(TimePoint now) {
    HEADROOM_CHECK(now >= last_, "time goes forward");
    while (now >= cell_end_) {
      spend_until(cell_end_);
      ++cell_;
      cell_end_ = cell_ > kBatches ? TimePoint::never() : window_.edge(cell_);
    }
    spend_until(now);
  }
  void spend_until(TimePoint t) {
    if (t == last_) return;
    integrals_[static_cast<std::size_t>(cell_)] += level_ * (t - last_).count_ns();
    if (inside()) max_ = std::max(max_, level_);
    last_ = t;
  }
  bool inside() const { return cell_ != 0 && cell_ <= kBatches; }

  Window window_;
  std::int64_t level_ = 0;
  std::int64_t max_ = 0;
  TimePoint last_;
  int cell_ = 0;  // 0: before the window; 1 to kBatches: batch + 1; then: after it
  TimePoint cell_end_;
  std::array<std::int64_t, kBatches + 2> integrals_{};
};

}  // namespace headroom::metrics
