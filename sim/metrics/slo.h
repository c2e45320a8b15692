#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"

namespace headroom::metrics {

/// A promise about a metric: not below the bound if higher is better, not above it otherwise.
struct Objective {
  std::string metric;
  double bound = 0;
  Better better = Better::lower;
};

struct Verdict {
  std::string objective;  ///< "yield >= 0.999"
  std::string metric;
  std::string of;  ///< "images below 1MB": the objective looks at these alone; empty: at all
  double bound = 0;
  std::optional<double> value;
  std::optional<Interval> ci95;
  bool met = false;  ///< by the mean; false if nothing was observed
  /// Whether that can be told: there is an interval, and the bound is not in it, and the run had settled
  /// (`unsettled` says that it had not).
  bool sure = false;
};

/// "yield >= 0.999"
std::string to_text(const Objective&);
/// `unsettled`: the window has a trend, so nothing is sure.
std::vector<Verdict> evaluate(const std::vector<Objective>&, const StudyResult&, bool unsettled = false);
/// Whether the bound is not in the interval; false without one.
bool apart(double bound, const std::optional<Interval>& ci95);

}  // namespace headroom::metrics
