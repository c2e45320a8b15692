#pragma once

#include <cstddef>
#include <functional>

#include "sim/report/sweep_folder.h"
#include "sim/study/batch.h"
#include "sim/study/executor.h"
#include "sim/study/grid.h"
#include "sim/study/kept.h"

namespace headroom::study {

struct SweepOutcome {
  BatchOutcome batch;        ///< a case is a point
  report::SweepFiles files;  ///< complete points are those with all their replications
};

/// Every replication of every point, each once; point by point. They refer to the grid.
std::vector<Wanted> all_wanted(const Grid& grid, const KeptReplications& kept);

/// Has every replication of every point computed that is not kept already.
SweepOutcome run_sweep(const Grid& grid, const Executor& executor, KeptReplications& kept,
                       const std::function<void(double)>& progress = {});

}  // namespace headroom::study
