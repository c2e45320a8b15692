#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/files.h"
#include "sim/report/sweep_folder.h"
#include "sim/study/grid.h"
#include "sim/study/kept.h"
#include "sim/study/pool.h"

namespace headroom::study {

struct SweepOutcome {
  report::SweepFiles files;                ///< complete points are those with all their replications
  std::vector<std::string> keys;           ///< of all replications of the grid
  std::vector<std::string> failures;       ///< "replication 2 at seed=3 was killed …"
  std::optional<report::Problem> problem;  ///< results could not be kept, so that it was stopped
  bool interrupted = false;
  std::size_t computed = 0;  ///< replications
  std::size_t reused = 0;    ///< found, not computed
};

/// Runs every replication of every point that is not kept already, `jobs` at a time, point by point, and
/// keeps each as it is complete.
SweepOutcome run_sweep(const Grid& grid, int jobs, KeptReplications& kept,
                       const std::function<void(double)>& progress = {});

}  // namespace headroom::study
