#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/machine.h"
#include "sim/report/result_folder.h"
#include "sim/report/summary.h"
#include "sim/report/survival.h"

namespace headroom::report {

/// What the folder of a survival study is written from.
struct SurvivalFiles {
  struct Run {
    std::string folder;  ///< "runs/host-lb-1"
    Summary summary;
    std::string scenario_yaml;
    std::string replications_csv;
  };
  Survival survival;
  std::vector<Run> runs;      ///< of those that are complete
  std::string scenario_yaml;  ///< the scenario, as it was given
  Effort effort;
};

/// Writes survive.json, survive.csv, scenario.yaml, machine.json, figures/, report.html, and under runs/ for
/// each complete run summary.json, scenario.yaml, replications.csv. `more` may add to the folder. It appears
/// complete or not at all; see NewFolder for what may be replaced.
Written write_survival(const std::filesystem::path& folder, const SurvivalFiles&, bool figures,
                       const std::function<std::optional<Problem>(NewFolder&)>& more = {});

/// Draws its figures again, from its files, and puts them into its report.html.
std::optional<Problem> redraw_survival(const std::filesystem::path& folder);

}  // namespace headroom::report
