#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/base/units.h"
#include "sim/metrics/wide.h"
#include "sim/metrics/window.h"

namespace headroom::metrics {

/// How often each value (a non-negative integer: nanoseconds, bytes) occurred, in log-linear buckets after
/// HdrHistogram: 256 per octave, so that a quantile is within 1/256 (0.4 %) of the exact one; values below
/// 512 are exact. Within a bucket a quantile is interpolated, so that it varies with the sample as the exact
/// one does (if it stood for the whole bucket, replications would agree better than they should). Count, sum,
/// minimum and maximum are exact. Histograms merge by addition: merging is the same as having recorded
/// everything in one.
class Histogram {
 public:
  /// Negative values count as 0.
  void record(std::int64_t value, std::int64_t times = 1) {
    if (value < 0) value = 0;
    const std::size_t i = index(value);
    if (i >= counts_.size()) grow(i);
    counts_[i] += times;
    count_ += times;
    sum_ += static_cast<Int128>(value) * times;
    if (value < min_) min_ = value;
    if (value > max_) max_ = value;
  }
  void record(Duration d) { record(d.count_ns()); }

  std::int64_t count() const { return count_; }
  /// 0 when empty.
  std::int64_t max() const { return max_; }
  std::int64_t min() const { return count_ == 0 ? 0 : min_; }
  Int128 sum() const { return sum_; }
  std::optional<double> mean() const;
  /// The smallest value that at least the share `q` (0 to 1) of all observations does not exceed, within 0.4
  /// %; none when empty. q = 1 is the exact maximum.
  std::optional<double> quantile(double q) const;
  /// The number of observations in the bucket of `value` and below it.
  std::int64_t count_up_to(double value) const;

  void merge(const Histogram& other);
  /// Forgets the observations and keeps the memory.
  void clear();

  /// Only the buckets that hold something, in order. `restore` is the inverse.
  struct Sparse {
    std::vector<std::int64_t> indices, counts;
    std::int64_t min = 0, max = 0, sum_high = 0;
    std::uint64_t sum_low = 0;
  };
  Sparse sparse() const;
  /// None when the numbers cannot come from a histogram.
  static std::optional<Histogram> restore(const Sparse&);

  friend bool operator==(const Histogram& a, const Histogram& b);

 private:
  static constexpr int kSubBits = 8;  // 256 buckets per octave
  static constexpr std::uint64_t kExact =
      (std::uint64_t{2} << kSubBits) - 1;  // the last value with its own bucket
  static std::size_t index(std::int64_t value) {
    const auto v = static_cast<std::uint64_t>(value);
    const int shift = static_cast<int>(std::bit_width(v | kExact)) - (kSubBits + 1);
    return (static_cast<std::size_t>(shift) << kSubBits) + (v >> shift);
  }
  /// The smallest value of bucket `i`, and how far the largest one is from it.
  static double lowest(std::size_t i);
  static double breadth(std::size_t i);
  void grow(std::size_t i);

  std::vector<std::int64_t> counts_;
  std::int64_t count_ = 0;
  std::int64_t min_ = INT64_MAX;
  std::int64_t max_ = 0;
  Int128 sum_ = 0;
};

/// A histogram per batch of the measured window; what is recorded in batch −1 is dropped.
class BatchHistogram {
 public:
  void record(int batch, std::int64_t value) {
    if (batch < 0) return;
    auto& histogram = batches_[static_cast<std::size_t>(batch)];
    if (!histogram) histogram = std::make_unique<Histogram>();
    histogram->record(value);
  }
  void record(int batch, Duration d) { record(batch, d.count_ns()); }
  /// Null if nothing was recorded in that batch.
  const Histogram* in(int batch) const { return batches_[static_cast<std::size_t>(batch)].get(); }
  /// All batches together.
  Histogram total() const;

 private:
  std::array<std::unique_ptr<Histogram>, kBatches> batches_;
};

}  // namespace headroom::metrics
