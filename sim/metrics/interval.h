#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/metrics/batch_means.h"

namespace headroom::metrics {

/// What values a metric can have at all; its interval stays there.
enum class Range {
  any,
  not_negative,
  at_least_one,  ///< attempts per request
  share,         ///< 0 to 1
};

/// All that one replication says about a metric beside its value: what an interval can be made from, alone or
/// with the other replications.
struct Evidence {
  enum class Kind {
    value,     ///< the value alone: needs enough replications (maxima, numbers of which a run has but one)
    exact,     ///< follows from the scenario, not from chance: ± 0
    ratio,     ///< Σ numerator / Σ denominator
    total,     ///< Σ numerator
    quantile,  ///< numerator: observations above it, denominator: all
  };
  Kind kind = Kind::value;
  Range range = Range::not_negative;
  /// What is counted: things (the numerator of a total, the denominator of a ratio), so that "none of n" says
  /// something; not time.
  bool counts = false;
  double scale = 1;
  Batches batches;  ///< before `scale`
  // Of a quantile:
  double q = 0;               ///< in (0, 1)
  PerBatch above_wider{};     ///< observations above the quantile of `wider_share(q)`
  std::vector<double> curve;  ///< scaled values at `curve_share(q, i)`, i = 0 … kCurve − 1
};

/// The quantile beyond which there is five times as much (at most half) as beyond q: excursions above it are
/// frequent enough to be counted.
double wider_share(double q);
/// Shares around q at which a quantile's evidence has values: the logit of q, and steps of ¼ to both sides.
inline constexpr int kCurve = 33;
double curve_share(double q, int i);

/// A metric's value over replications.
struct Estimated {
  std::optional<double> mean;        ///< none: nothing was observed
  std::optional<Interval> interval;  ///< none: too short, or nothing to make one from
  /// Why there is none, if it is that the run was too short: a window so many times as long would do.
  std::optional<double> longer;
};

struct Observed {
  double value = 0;
  const Evidence* evidence = nullptr;
};

/// The mean over the replications that observed something, and an interval that holds the mean over
/// infinitely many of them in at least 93 of 100 cases, whatever the length of the run: see
/// tests/validation/README.md. `clumping` ≥ 1: into how large clumps what goes wrong comes, for metrics of
/// which nothing was seen (see `clumping` below). `error`: how often the interval may miss, half of it to
/// either side; what is said here of 95 % is of 0.05.
///
/// - **Shares**: Korn & Graubard (Survey Methodology 24, 1998): the exact binomial limits (Clopper & Pearson
///   1934) of an effective sample, p(1 − p) / variance, reduced by (t/z)² as the variance is but estimated.
///   None or all of n: n / clumping, one-sided, 1 − 0.05^(1/n) ("rule of three", Hanley & Lippman-Hand 1983).
///   Of time: as many as there are batches.
/// - **Totals and rates**: the exact Poisson limits (Garwood 1936) of the effective count, total² / variance.
///   Nothing seen: at most three per run of all, times the clumping; of what is no count nothing can be said.
/// - **Means, ratios**: l + (m − l) / (1 ± h) with h = t·√variance / (m − l), the limits of 1/(m − l): the
///   deviation of a queue's mean wait grows with the square of that mean (Whitt 1989), so that a run that was
///   lucky also believes itself to be precise. l is the lowest mean of any batch. Too short if h > 0.8.
/// - **Quantiles**: the share beyond it, as above, turned back into values (no density is estimated, and no
///   batch has to be long enough for a quantile of its own). Its effective sample is that of 1 % (p99),
///   raised to that of 5 % as long as only few excursions were seen. Too short with less than 15 separate
///   excursions, counted at 5 %: counting at 1 % would favour runs whose p99 is too low.
Estimated estimate(std::span<const Observed> replications, double clumping = 1, double error = 0.05);

/// Variance of the number of observations beyond a quantile over that of independent ones; at least 1.
double clumping(std::span<const Observed> quantiles);

}  // namespace headroom::metrics
