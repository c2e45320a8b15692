#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/processing/profile.h"

/// Regression, without a clock and without libvips.
namespace headroom::processing::calibrate {

/// The mean CPU time of one image at one width, with what it is predicted from.
struct Observation {
  std::size_t image = 0;  ///< observations of one image stand or fall together in a hold-out
  Pixels pixels;
  double bytes = 0;
  double cpu = 0;            ///< s, mean of all runs
  std::vector<double> runs;  ///< s, each
};

/// min |A x − b|² over x ≥ 0, exactly: of all sets of columns the best whose solution has no negative part.
/// `rows` are the lines of A; at most 8 columns.
std::vector<double> non_negative_least_squares(const std::vector<std::vector<double>>& rows,
                                               const std::vector<double>& b);

/// Coefficients that minimise the sum of squared relative errors, (cpu / prediction − 1)², none negative, by
/// reweighting (weights from the prediction, not from the measurement, which would favour low ones).
/// Residuals are the quantiles (0.5 %, 1.5 %, … 99.5 %) of run / prediction, each image with the same weight;
/// their mean is 1 by a last scaling of the coefficients.
Coefficients fit(std::span<const Observation> observations);

double predicted(const Coefficients& cpu, const Observation& observation);

/// Share of variance explained and mean relative error (at most 1, which is all that a profile can hold), of
/// the observations it was fitted to.
FitQuality quality_of(const Coefficients& cpu, std::span<const Observation> observations);

/// Errors on parts of the images that were left out of the fit, part by part. With fewer than 20 images or
/// with too few to tell a percentile, `note` says so; with fewer than 10 there are no numbers.
HoldOut hold_out(std::span<const Observation> observations);

/// The pth quantile (0 to 1) of values with weights: the smallest value that so much weight does not exceed.
double quantile(const std::vector<double>& values, double p);

/// One round of a contention measurement: the speed of each busy core, for each of `busy`.
using SpeedRound = std::vector<double>;
/// The Universal Scalability Law fitted to 1/speed − 1 = sigma (n − 1) + kappa n (n − 1), relative to the
/// smallest n, by non-negative least squares; intervals are Student's t over the rounds, each fitted by
/// itself. With two numbers of cores only there is one parameter to be had: kappa is 0. Speeds are taken as
/// at least 0.01 and at most 2, parameters as at most 10, which is what a profile can hold.
Scaling fit_scaling(const std::vector<std::int64_t>& busy, std::vector<SpeedRound> rounds);

}  // namespace headroom::processing::calibrate
