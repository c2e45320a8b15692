#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/metrics/histogram.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"
#include "sim/report/files.h"
#include "sim/report/run.h"

namespace headroom::report {

/// The columns of timeseries.csv that are not recorded: of the time itself, and what follows from others.
namespace series {
using metrics::SeriesInfo;
inline constexpr SeriesInfo kTime{"t_s", "s",
                                  "begin of the slot, since the start of the simulation, warm-up included"};
inline constexpr SeriesInfo kMeasured{"measured", "share",
                                      "how much of the slot lies in the measured window"};
inline constexpr SeriesInfo kFaults{
    "faults", "text",
    "names of the faults that were active in the slot, separated by semicolons; told if there were any",
    "faults", true};
inline constexpr SeriesInfo kYield{
    "yield", "share", "answered / offered of the slot; empty after the window, whose end cuts off requests"};
inline constexpr SeriesInfo kHarvest{"harvest", "share",
                                     "mean over answered requests of the slot of renditions delivered / "
                                     "renditions asked; empty after the window"};
inline constexpr SeriesInfo kOthersYield{"others.yield", "share",
                                         "as yield, of requests that are not an abuser's (faults: abuse)",
                                         "faults.*.abuse or slo.others.yield"};
}  // namespace series
inline constexpr auto kSeries =
    metrics::list<metrics::SeriesInfo>(series::kTime, series::kMeasured, series::kFaults, series::kYield,
                                       series::kHarvest, series::kOthersYield);

/// timeseries.csv: one row per slot. NaN stands for an empty cell.
struct TimeSeries {
  struct Column {
    std::string name;
    std::vector<double> values;
  };
  double slot_s = 1;
  std::vector<double> t;         ///< begin of the slot, seconds
  std::vector<double> measured;  ///< share of the slot that lies in the measured window
  std::vector<Band> faults;
  std::vector<Column> columns;

  const std::vector<double>* find(std::string_view name) const;
};

/// The recorded series with `yield` and `harvest` added. Yield is answered / offered; harvest is renditions
/// delivered / (answered · renditions asked per offered request), which is the mean over answered requests
/// because all requests of a scenario ask for the same number; absent without the counters `renditions.asked`
/// and `renditions.delivered`. Both are empty after the measured window: requests that were sent then are cut
/// off by the end of the run.
TimeSeries time_series(const Run&);

std::string to_csv(const TimeSeries&);
std::variant<TimeSeries, Problem> parse_time_series(std::string_view csv);

/// latency.csv: the quantile curve of all requests and of each image-size class.
struct LatencyCurves {
  std::vector<double> quantiles;  ///< 0 to 1
  std::vector<TimeSeries::Column>
      classes;  ///< milliseconds; NaN where there are too few observations to tell
};

LatencyCurves latency_curves(const std::vector<metrics::LatencyClass>&);
std::string to_csv(const LatencyCurves&);
std::variant<LatencyCurves, Problem> parse_latency_curves(std::string_view csv);

}  // namespace headroom::report
