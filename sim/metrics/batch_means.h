#pragma once

#include <array>
#include <optional>
#include <utility>

#include "sim/metrics/window.h"

namespace headroom::metrics {

/// A two-sided 95 % confidence interval.
struct Interval {
  double low = 0;
  double high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// A metric's raw material from one run: a numerator and a denominator per batch. A mean is a ratio whose
/// denominator is the number of observations; a time average one whose denominator is time.
struct Batches {
  std::array<double, kBatches> numerator{};
  std::array<double, kBatches> denominator{};
};

/// How many batches an interval is made from. Batches of a queue's run are correlated as long as they are
/// short against its memory. Starting from 64, neighbours are merged (32, 16, 8) until the von Neumann ratio
/// no longer shows positive correlation between neighbours at the 1 % level; never below 8. Correlated
/// batches would make the interval too narrow ("lucky"), fewer batches than needed make it too wide
/// ("padded"). (von Neumann 1941; Fishman 1978; Alexopoulos & Seila, Handbook of Simulation, ch. 7.)
///
/// The interval of Σ numerator / Σ denominator = r. Uses the residuals z_b = numerator_b − r·denominator_b
/// (the delta method): half-width = t(B−1)·s_z / (mean denominator · √B). None if the denominator is 0.
std::optional<Interval> batch_means_ratio(const Batches&);

/// The interval of Σ numerator: half-width = t(B−1)·s·√B. The denominator is not used.
Interval batch_means_total(const Batches&);

/// The number of batches (64, 32, 16 or 8) that `values` must be merged into; see above.
int uncorrelated_batches(const std::array<double, kBatches>& values);

}  // namespace headroom::metrics
