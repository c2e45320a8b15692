#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/machine.h"
#include "sim/report/result_folder.h"
#include "sim/report/sweep.h"

namespace headroom::report {

/// What the folder of a sweep is written from.
struct SweepFiles {
  struct Run {
    std::string scenario_yaml;
    std::string replications_csv;
  };
  Sweep sweep;
  std::vector<Run> runs;      ///< by point; empty where it is not complete
  std::string scenario_yaml;  ///< the base, with what was varied: sweeping it gives the same points
  Effort effort;
};

/// Writes points.csv, sweep.json, scenario.yaml, machine.json, figures/, report.html, and under runs/ for
/// each complete point summary.json, scenario.yaml, replications.csv. `more` may add to the folder. It
/// appears complete or not at all; see NewFolder for what may be replaced.
Written write_sweep(const std::filesystem::path& folder, const SweepFiles&, bool figures,
                    const std::function<std::optional<Problem>(NewFolder&)>& more = {});

/// Draws the figures of a sweep again, from its files, and puts them into its report.html.
std::optional<Problem> redraw_sweep(const std::filesystem::path& folder);

}  // namespace headroom::report
