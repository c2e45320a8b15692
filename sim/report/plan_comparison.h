#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <variant>

#include "sim/metrics/metric_info.h"
#include "sim/report/files.h"

namespace headroom::report {

bool is_plan(const std::filesystem::path& folder);

/// Two answers side by side, and whether they differ: a sure answer is known to be the best at its plan's
/// confidence, so that two sure ones that differ do so indeed. A problem if they do not seek the same.
std::variant<std::string, Problem> compare_plans(const std::filesystem::path& a,
                                                 const std::filesystem::path& b,
                                                 std::span<const metrics::MetricInfo> catalogue,
                                                 bool colours);

}  // namespace headroom::report
