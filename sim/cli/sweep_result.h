#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "sim/cli/commands.h"
#include "sim/study/kept.h"
#include "sim/study/sweep.h"

namespace headroom::cli {

/// What a sweep ends with, wherever it was computed: says what failed, writes the result folder with the
/// replications in it, prints the table and has lines added to it; the exit status. `go_on` says what to do
/// if not all is there.
int conclude(const study::SweepOutcome& outcome, study::KeptReplications& kept,
             const std::filesystem::path& folder, const ResultOptions& options,
             const std::function<void()>& add_to_table, const std::string& go_on = kGoOn);

}  // namespace headroom::cli
