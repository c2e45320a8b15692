#pragma once

#include <vector>

#include "sim/report/chart.h"
#include "sim/report/sweep.h"

namespace headroom::report {

/// The curves of a sweep, those whose data exist: yield and harvest against what was varied (together, or one
/// figure each where there are several series), the 99th percentile of latency, yield against harvest, and
/// what meeting the objectives costs.
std::vector<Chart> figures(const Sweep&);

}  // namespace headroom::report
