#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sim/metrics/batch_means.h"

namespace headroom::metrics {

/// By how much a quantity differs between two results, b − a.
struct Difference {
  std::optional<double> mean;    ///< none: nothing to compare
  std::optional<Interval> ci95;  ///< none: too little to say
  std::optional<double> p;       ///< probability of so large a difference, were there none (two-sided)
};

/// Student-t over pairs: the i-th values of both come from the same random numbers. Pairs with a value
/// missing are left out.
Difference paired_difference(std::span<const std::optional<double>> a,
                             std::span<const std::optional<double>> b);

/// Two independent samples of unequal variance (Welch 1947; degrees of freedom after Satterthwaite 1946).
Difference sample_difference(std::span<const std::optional<double>> a,
                             std::span<const std::optional<double>> b);

/// Of two estimates of which only the intervals are known, taken to be independent and normal. With common
/// random numbers the true interval is narrower.
Difference interval_difference(double a, std::optional<Interval> a_ci95, double b,
                               std::optional<Interval> b_ci95);

/// Which of several hypotheses may be rejected so that the probability of rejecting any true one is at most
/// `level` (Holm 1979).
std::vector<bool> holm(const std::vector<double>& p, double level);

}  // namespace headroom::metrics
