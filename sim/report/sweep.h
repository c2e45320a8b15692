#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/metrics/metric_info.h"
#include "sim/report/files.h"
#include "sim/report/summary.h"

namespace headroom::report {

/// The results of one scenario over a grid.
struct Sweep {
  struct Axis {
    std::string label;                ///< the path that is varied, or the name of a choice
    std::vector<std::string> values;  ///< as text, with units; of a choice, the names of its alternatives
    bool named = false;               ///< a choice
  };
  struct Point {
    std::vector<std::size_t> at;     ///< for each axis, the index of its value
    std::optional<Summary> summary;  ///< none: not complete
  };
  std::string scenario;
  std::string question;  ///< may be empty
  std::uint64_t seed = 0;
  int replications = 0;
  double measured_s = 0;
  std::string fingerprint;
  std::vector<Axis> axes;
  std::vector<Point> points;                         ///< all of the grid; the last axis changes fastest
  std::span<const metrics::MetricInfo> catalogue{};  ///< not in any file

  std::size_t complete() const;
  bool partial() const { return complete() < points.size(); }
  /// "28": the value of an axis at a point.
  const std::string& value(const Point& point, std::size_t axis) const;
};

/// The folder of the n-th point (from 0): "runs/07"; as many digits as the last one needs.
std::string run_folder(const Sweep&, std::size_t n);

/// points.csv: a row for each complete point; what was varied by label, then NAME.mean, NAME.lo, NAME.hi for
/// each metric that any point has.
std::string points_csv(const Sweep&);
/// Whether points.csv may have a column of this name beside those of what is varied.
bool is_column(std::string_view name);
/// sweep.json: all but what stands in the points' summaries.
std::string to_json(const Sweep&);

/// Whether the folder holds a sweep, rather than one run.
bool is_sweep(const std::filesystem::path& folder);
/// Reads sweep.json and the points' summaries.
std::variant<Sweep, Problem> load_sweep(const std::filesystem::path& folder);

/// An objective as a summary tells it.
struct Judged {
  std::string metric;  ///< as the summary names it
  std::string name;    ///< for people: "latency.p99_ms of images below 1MB"
  double bound = 0;
  bool at_least = false;
  std::optional<double> value;
  bool met = false;
  bool sure = true;  ///< false: the bound lies within the interval, or the run has not settled
  /// By more than chance; a run that has not settled may become worse, but it does not meet the objective.
  bool surely_missed = false;
};
std::vector<Judged> judged(const Summary&);

/// All objectives together.
struct Met {
  bool met = false;     ///< by the means
  bool sure = true;     ///< all are surely met, or one is surely missed
  bool settled = true;  ///< false: what is met in the window may not stay so
  bool holds() const { return met && settled; }
};
Met met_at(const Summary&);

}  // namespace headroom::report
