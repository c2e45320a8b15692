#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/base/check.h"
#include "sim/base/units.h"

namespace headroom::metrics {

/// Batches that the measured window is cut into. Confidence intervals of a single run come from the spread
/// between batches (see batch_means.h). A power of two, so that neighbours can be merged.
inline constexpr int kBatches = 64;

/// The measured window [begin, begin + length): what is reported is what happened, or was sent, in it.
class Window {
 public:
  /// An empty window: every instant is outside.
  Window() = default;
  Window(TimePoint begin, Duration length)
      : begin_(begin),
        length_(length),
        width_(length.count_ns() / kBatches),
        inverse_(1.0 / static_cast<double>(width_)) {
    HEADROOM_CHECK(width_ > 0, "a measured window lasts at least 64 ns");
  }

  TimePoint begin() const { return begin_; }
  TimePoint end() const { return begin_ + length_; }
  Duration length() const { return length_; }
  bool contains(TimePoint t) const { return t >= begin_ && t < end(); }

  /// The number of the batch that `t` falls in, 0 to kBatches − 1; −1 outside of the window. Batches are
  /// equally long to the nanosecond; the last one also takes the remainder of the division (< kBatches ns).
  int batch(TimePoint t) const {
    const std::int64_t offset = (t - begin_).count_ns();
    if (offset < 0 || offset >= length_.count_ns()) return -1;
    // A multiplication instead of a 64-bit division, then made exact.
    auto b = static_cast<std::int64_t>(static_cast<double>(offset) * inverse_);
    b -= offset < b * width_;
    b += offset >= (b + 1) * width_;
    return static_cast<int>(std::min<std::int64_t>(b, kBatches - 1));
  }

  /// Where batch `b` begins; `edge(kBatches)` is the end of the window.
  TimePoint edge(int b) const { return b == kBatches ? end() : begin_ + Duration::ns(width_ * b); }

 private:
  TimePoint begin_;
  Duration length_;
  std::int64_t width_ = 0;
  double inverse_ = 0;
};

}  // namespace headroom::metrics
