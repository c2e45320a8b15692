#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/report/files.h"
#include "sim/report/machine.h"
#include "sim/study/executor.h"
#include "sim/study/kept.h"

namespace headroom::cli {

/// Computes one part of what a study wants; the results are kept, and no result is written. Says whether all
/// of it is there then; the exit status. `title`: of what, for progress; `record`: writes down what it took;
/// `go_on`: what to do if it is not all there; `and_then`: if it is.
int compute_part(const std::vector<study::Wanted>& all, study::Shard shard, study::KeptReplications& kept,
                 int jobs, bool quiet, const std::string& title,
                 const std::function<std::optional<report::Problem>(const report::Effort&)>& record,
                 const std::string& go_on, const std::string& and_then);

}  // namespace headroom::cli
