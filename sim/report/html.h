#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/report/run.h"

namespace headroom::report {

/// report.html: one file that opens from disk, with nothing to fetch. Figures are taken from FOLDER/FILE.svg;
/// those that are missing are left out. Says the same for the same run, always.
std::string html(const Run&, const std::vector<Chart>&, const std::filesystem::path& figures);

}  // namespace headroom::report
