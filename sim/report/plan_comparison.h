#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/metrics/metric_info.h"
#include "sim/report/files.h"

namespace headroom::report {

/// What a plan.json says of its answer.
struct PlanAnswerRead {
  std::string goal;  ///< "cost.usd_per_hour"
  bool maximize = false;
  std::string status;                                       ///< "sure", "unsure", "none"
  std::vector<std::pair<std::string, std::string>> values;  ///< by path; empty: nothing holds
  std::optional<double> objective;
  double confidence = 0;
  std::vector<std::string> promised;  ///< "yield >= 0.999", "survives any one rack"
  std::string limited_by;
  int replications = 0;
};

bool is_plan(const std::filesystem::path& folder);
/// Reads plan.json.
std::variant<PlanAnswerRead, Problem> load_plan_answer(const std::filesystem::path& folder);

/// Two answers side by side, and whether they differ: a sure answer is known to be the best at its plan's
/// confidence, so that two sure ones that differ do so indeed. A problem if they do not seek the same.
std::variant<std::string, Problem> compare_plans(const std::filesystem::path& a,
                                                 const std::filesystem::path& b,
                                                 std::span<const metrics::MetricInfo> catalogue,
                                                 bool colours);

}  // namespace headroom::report
