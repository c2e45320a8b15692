#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/report/machine.h"
#include "sim/report/result_folder.h"
#include "sim/report/year.h"

namespace headroom::report {

/// The answer on a terminal.
std::string table(const Year&, const std::filesystem::path& folder, bool colours);
/// What the failures come from; and how years differ.
std::vector<Chart> figures(const Year&);
std::string html(const Year&, const std::vector<Chart>&, const std::filesystem::path& figures);

/// Writes year.json, timelines.csv, strata.csv, scenario.yaml, machine.json, figures/ and report.html. `more`
/// may add to the folder. It appears complete or not at all; see NewFolder for what may be replaced.
Written write_year(const std::filesystem::path& folder, const Year&, const std::string& scenario_yaml,
                   const Effort&, bool figures,
                   const std::function<std::optional<Problem>(NewFolder&)>& more = {});

/// Draws its figures again, from its files, and puts them into its report.html.
std::optional<Problem> redraw_year(const std::filesystem::path& folder);

}  // namespace headroom::report
