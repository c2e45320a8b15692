#pragma once

#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/report/durations.h"
#include "sim/report/summary.h"
#include "sim/report/time_series.h"

namespace headroom::report {

/// What the figures of a result are drawn from: its files' contents.
struct FigureData {
  std::string label;  ///< names the result in an overlay
  TimeSeries series;
  LatencyCurves latency;
  std::vector<Summary::Objective> slo;
  std::vector<DurationCurve> durations = {};
};

/// The figures of one result, those whose data exist: yield and harvest over time, latency percentiles over
/// time, latency distribution, queue depth and leader, utilisation per tier, members up, outcome mix, what
/// credentials were checked by and how often wrongly, bill against actual, durations.
std::vector<Chart> figures(const FigureData&);

/// The same kinds of figures with one line per result.
std::vector<Chart> overlay(const std::vector<FigureData>&);

}  // namespace headroom::report
