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
};

/// "yield >= 0.999"
std::string to_text(const Objective&);
std::vector<Verdict> evaluate(const std::vector<Objective>&, const StudyResult&);

}  // namespace headroom::metrics
