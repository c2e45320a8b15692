#pragma once

#include <cstdint>

namespace headroom::metrics {

/// The t for which a Student-t variable with `degrees` ≥ 1 degrees of freedom is below t with probability
/// `p`.
double student_t_quantile(double degrees, double p);

/// Mean and variance of a sample, one pass (Welford 1962).
class Moments {
 public:
  void add(double x) {
    ++count_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(count_);
    squares_ += delta * (x - mean_);
  }
  std::int64_t count() const { return count_; }
  double mean() const { return mean_; }
  /// The unbiased sample variance; 0 for fewer than two values.
  double variance() const { return count_ < 2 ? 0 : squares_ / static_cast<double>(count_ - 1); }

 private:
  std::int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace headroom::metrics
