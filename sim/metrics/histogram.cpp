#include "sim/metrics/histogram.h"

#include <algorithm>
#include <cmath>

namespace headroom::metrics {

std::optional<double> Histogram::mean() const {
  if (count_ == 0) return std::nullopt;
  return static_cast<double>(sum_) / static_cast<double>(count_);
}

double Histogram::lowest(std::size_t i) {
  constexpr std::size_t kSub = std::size_t{1} << kSubBits;
  if (i < 2 * kSub) return static_cast<double>(i);
  return std::ldexp(static_cast<double>(i % kSub + kSub), static_cast<int>(i / kSub) - 1);
}

double Histogram::breadth(std::size_t i) {
  constexpr std::size_t kSub = std::size_t{1} << kSubBits;
  return i < 2 * kSub ? 0 : std::ldexp(1.0, static_cast<int>(i / kSub) - 1) - 1;
}

std::optional<double> Histogram::quantile(double q) const {
  if (count_ == 0) return std::nullopt;
  if (q >= 1) return static_cast<double>(max_);
  // The rank of the observation; the tiny factor keeps 0.07 · 100 at 7.
  const double exact = q * static_cast<double>(count_) * (1 - 1e-14);
  const auto rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(exact)));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (seen + counts_[i] >= rank) {
      const double share = (static_cast<double>(rank - seen) - 0.5) / static_cast<double>(counts_[i]);
      return std::clamp(lowest(i) + share * breadth(i), static_cast<double>(min_), static_cast<double>(max_));
    }
    seen += counts_[i];
  }
  return static_cast<double>(max_);
}

std::int64_t Histogram::count_up_to(double value) const {
  if (!(value >= 0)) return 0;
  if (value >= static_cast<double>(max_)) return count_;
  const std::size_t last = index(static_cast<std::int64_t>(value));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size() && i <= last; ++i) seen += counts_[i];
  return seen;
}

void Histogram::merge(const Histogram& other) {
  if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  sum_ = 0;
  min_ = INT64_MAX;
  max_ = 0;
}

void Histogram::grow(std::size_t i) {
  // A whole octave at a time.
  counts_.resize(((i >> kSubBits) + 1) << kSubBits);
}

Histogram::Sparse Histogram::sparse() const {
  Sparse s;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    s.indices.push_back(static_cast<std::int64_t>(i));
    s.counts.push_back(counts_[i]);
  }
  s.min = min();
  s.max = max_;
  s.sum_high = static_cast<std::int64_t>(sum_ >> 64);
  s.sum_low = static_cast<std::uint64_t>(sum_);
  return s;
}

std::optional<Histogram> Histogram::restore(const Sparse& s) {
  Histogram h;
  if (s.indices.size() != s.counts.size()) return std::nullopt;
  if (s.indices.empty()) return h;
  if (s.min < 0 || s.max < s.min || s.indices.front() != static_cast<std::int64_t>(index(s.min)) ||
      s.indices.back() != static_cast<std::int64_t>(index(s.max))) {
    return std::nullopt;
  }
  h.grow(index(s.max));
  std::int64_t previous = -1;
  for (std::size_t k = 0; k < s.indices.size(); ++k) {
    // Ascending, and therefore between the first and the last.
    if (s.indices[k] <= previous || s.counts[k] <= 0) return std::nullopt;
    previous = s.indices[k];
  }
  for (std::size_t k = 0; k < s.indices.size(); ++k) {
    h.counts_[static_cast<std::size_t>(s.indices[k])] = s.counts[k];
    if (__builtin_add_overflow(h.count_, s.counts[k], &h.count_)) return std::nullopt;
  }
  h.min_ = s.min;
  h.max_ = s.max;
  h.sum_ = (static_cast<Int128>(s.sum_high) << 64) | s.sum_low;
  return h;
}

bool operator==(const Histogram& a, const Histogram& b) {
  if (a.count_ != b.count_ || a.sum_ != b.sum_ || a.min() != b.min() || a.max_ != b.max_) return false;
  const std::size_t common = std::min(a.counts_.size(), b.counts_.size());
  // Buckets that only one of them has must be empty; the equal number of observations sees to that.
  return std::equal(a.counts_.begin(), a.counts_.begin() + static_cast<std::ptrdiff_t>(common),
                    b.counts_.begin());
}

Histogram BatchHistogram::total() const {
  Histogram all;
  for (const auto& batch : batches_) {
    if (batch) all.merge(*batch);
  }
  return all;
}

}  // namespace headroom::metrics
