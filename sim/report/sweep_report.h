#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/report/sweep.h"

namespace headroom::report {

/// What `headroom sweep` prints: the question, where the objectives hold, a row for each point. `folder` is
/// where the result was written.
std::string table(const Sweep&, const std::filesystem::path& folder, bool colours);

/// report.html of a sweep: one file that opens from disk, with nothing to fetch. Figures are taken from
/// FOLDER/FILE.svg.
std::string html(const Sweep&, const std::vector<Chart>&, const std::filesystem::path& figures);

}  // namespace headroom::report
