#pragma once

#include <array>
#include <span>

#include "sim/metrics/window.h"

namespace headroom::metrics {

/// A two-sided 95 % confidence interval.
struct Interval {
  double low = 0;
  double high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// One number per batch of the measured window.
using PerBatch = std::array<double, kBatches>;
double sum(const PerBatch& values);

/// A metric's raw material from one run: a numerator and a denominator per batch. A mean is a ratio whose
/// denominator is the number of observations; a time average one whose denominator is time.
struct Batches {
  PerBatch numerator{};
  PerBatch denominator{};
};

/// From so many replications on, each one counts as a single batch: replications are independent whatever
/// happens within them. With fewer, Student's t over replications alone does not hold what it promises where
/// they are skewed, as waits are; so the batches of all of them are pooled. tests/validation/README.md has
/// the coverage for 1, 2, 3, 5 and 10 replications.
inline constexpr int kEnoughReplications = 20;

/// How far an estimate strays, and whether its run was long enough to know that.
struct Spread {
  double variance = 0;     ///< of the estimate (the mean over replications)
  double degrees = 1;      ///< of freedom, for Student's t
  double correlation = 0;  ///< between neighbouring batches, 64 or more in all; −1 to 1
  bool enough = true;      ///< batches are long against what the system remembers
  double longer = 1;       ///< if not: a window so many times as long would do
};

/// The spread of an estimate that is the mean over replications of Σ_b z[r][b] plus a constant; the sums over
/// b are the deviations of the replications from the mean (0 for a single one).
///
/// One run: batches are deviations from a steady state. Several: deviations from the mean course of the
/// window, batch by batch, so that a fault that strikes all of them at the same instant is no spread.
///
/// Batches of a queue's run are correlated as long as they are short against its memory, and then they agree
/// better than runs do. The variance is that of 16 batches (of all replications together). The more their
/// neighbours correlate, when there are 64 of them, the more is added: up to the largest of those from 16,
/// from 8, and from 16 with the first-order effect of their length extrapolated away by means of 64 (2·V₁₆ −
/// V₆₄, the "lugsail" of Vats & Flegal, Biometrika 109, 2022), and as much again. From a correlation of
/// ¼ on the run is too short: no interval; unless it is gone (below 0.1) when neighbours are put together, as
/// chance is and memory is not. The correlation is von Neumann's ratio of ranks (Bartels, JASA 77,
/// 1982): that of the values themselves is smaller when no long excursion happened to occur, so it would let
/// those runs pass whose estimate is too low, and what is printed would cover less than what is computed.
Spread spread(std::span<const PerBatch> z);

}  // namespace headroom::metrics
