#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/report/files.h"
#include "sim/report/run.h"

namespace headroom::report {

/// replications.csv: what each replication found, one row each. Replications of the same number and seed
/// share their random numbers, so that two results can be compared pair by pair.
struct Replications {
  std::vector<int> numbers;                                          ///< counted from 1
  std::map<std::string, std::vector<std::optional<double>>> values;  ///< by metric, then as in `numbers`
};

Replications replications(const Run&);
std::string to_csv(const Replications&);
std::variant<Replications, Problem> parse_replications(std::string_view csv);
/// Reads the replications.csv of a result folder; without rows if there is none (results of earlier
/// versions).
std::variant<Replications, Problem> load_replications(const std::filesystem::path& folder);

}  // namespace headroom::report
