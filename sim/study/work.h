#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/report/files.h"
#include "sim/report/machine.h"
#include "sim/study/executor.h"
#include "sim/study/scenario.h"

/// Replications that other processes compute, on whatever machine, for whatever study: written down in a
/// folder that they can read, each with its scenario, so that they need that folder and this program only.
namespace headroom::study {

/// Replications that were written down.
struct Work {
  std::map<std::string, ScenarioConfig> scenarios;  ///< by file
  std::vector<Wanted> replications;                 ///< they refer to the scenarios
};

/// Writes replications down in a folder that is there; returns the file that `read_work` reads.
std::variant<std::filesystem::path, report::Problem> put_work(const std::filesystem::path& folder,
                                                              const std::vector<const Wanted*>& replications);

/// Reads them; only the scenarios of this part (of the others, `Wanted::scenario` is null). A problem if they
/// cannot be read, or if this is another program than the one that wrote them: what it computes would not be
/// taken.
std::variant<Work, report::Problem> read_work(const std::filesystem::path& file, Shard shard);

/// Says in the work's folder what computing a part of it took; and what all parts did that have said so.
std::optional<report::Problem> put_effort(const std::filesystem::path& folder, Shard shard,
                                          const report::Effort& effort);
report::Effort effort_of_parts(const std::filesystem::path& folder);

}  // namespace headroom::study
