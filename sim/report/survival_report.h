#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/report/survival.h"

namespace headroom::report {

/// What `headroom survive` prints: first the single points of failure, or that there is none; then a row for
/// each thing, the worst first. `folder` is where the result was written.
std::string table(const Survival&, const std::filesystem::path& folder, bool colours);

/// Bars: the share of requests that fail while one thing is broken.
std::vector<Chart> figures(const Survival&);

/// report.html of a survival study: one file that opens from disk, with nothing to fetch. Figures are taken
/// from FOLDER/FILE.svg.
std::string html(const Survival&, const std::vector<Chart>&, const std::filesystem::path& figures);

}  // namespace headroom::report
