#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/plan.h"

namespace headroom::report {

/// The same planned for each of several values of something that nobody chooses, such as the load.
struct Plans {
  Sweep::Axis each;
  std::vector<PlanFiles> plans;  ///< by value; fewer than values if something ended the search

  bool complete() const { return plans.size() == each.values.size(); }
  bool found() const;  ///< of every value
};

/// "8000/s", or of a choice "16 cores": what the n-th plan is for.
std::string value_text(const Plans&, std::size_t n);

/// Where it stands in the folder: "plans/1".
std::filesystem::path place_of_plan(std::size_t n);

/// What `headroom plan --each` prints: the answer for each value. `folder` is where the result was written.
std::string table(const Plans&, const std::filesystem::path& folder, bool colours);
/// plan.json of them all: what is common, and each plan's answer.
std::string to_json(const Plans&);
/// answers.csv: a row for each value.
std::string answers_csv(const Plans&);
/// What is made small or large, value by value.
std::vector<Chart> figures(const Plans&);

/// Writes plan.json, answers.csv, machine.json, figures/, report.html, and below plans/1, plans/2 … the whole
/// of each plan.
Written write_plans(const std::filesystem::path& folder, const Plans&, bool figures,
                    const std::function<std::optional<Problem>(NewFolder&)>& more = {});

}  // namespace headroom::report
