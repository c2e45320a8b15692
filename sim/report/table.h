#pragma once

#include <filesystem>
#include <string>

#include "sim/report/run.h"

namespace headroom::report {

/// What `headroom run` prints: question and answer, the metrics that matter, what to look at next. `folder`
/// is where the result was written; empty: nowhere.
std::string table(const Run&, const std::filesystem::path& folder, bool colours);

}  // namespace headroom::report
