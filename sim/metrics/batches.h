#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/metrics/window.h"

namespace headroom::metrics {

/// An exact sum (a count, bytes, nanoseconds of CPU) per batch of the measured window. What is added to batch
/// −1 (outside of the window) is kept apart and is in no total. One addition per record.
class BatchSum {
 public:
  void add(int batch, std::int64_t x = 1) { sums_[static_cast<std::size_t>(batch + 1)] += x; }
  std::int64_t in(int batch) const { return sums_[static_cast<std::size_t>(batch + 1)]; }
  /// The sum over the window.
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (int b = 0; b < kBatches; ++b) sum += in(b);
    return sum;
  }
  /// What was added outside of the window.
  std::int64_t outside() const { return sums_[0]; }

  BatchSum& operator+=(const BatchSum& other) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
    return *this;
  }
  BatchSum& operator-=(const BatchSum& other) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] -= other.sums_[i];
    return *this;
  }
  friend BatchSum operator+(BatchSum a, const BatchSum& b) { return a += b; }
  friend BatchSum operator-(BatchSum a, const BatchSum& b) { return a -= b; }

 private:
  std::array<std::int64_t, kBatches + 1> sums_{};  // [0] is batch −1
};

/// Observations of which only the mean is wanted: their number and their sum per batch. Batch −1 is kept
/// apart.
class Tally {
 public:
  void add(int batch, double x) {
    Cell& cell = cells_[static_cast<std::size_t>(batch + 1)];
    ++cell.count;
    cell.sum += x;
  }
  std::int64_t count(int batch) const { return cells_[static_cast<std::size_t>(batch + 1)].count; }
  double sum(int batch) const { return cells_[static_cast<std::size_t>(batch + 1)].sum; }
  /// Over the window.
  std::int64_t count() const {
    std::int64_t n = 0;
    for (int b = 0; b < kBatches; ++b) n += count(b);
    return n;
  }
  double sum() const {
    double s = 0;
    for (int b = 0; b < kBatches; ++b) s += sum(b);
    return s;
  }

 private:
  struct Cell {
    std::int64_t count = 0;
    double sum = 0;
  };
  std::array<Cell, kBatches + 1> cells_{};
};

}  // namespace headroom::metrics
