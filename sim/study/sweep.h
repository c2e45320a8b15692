#pragma once

#include <functional>

#include "sim/report/sweep_folder.h"
#include "sim/study/batch.h"
#include "sim/study/grid.h"
#include "sim/study/kept.h"

namespace headroom::study {

struct SweepOutcome {
  BatchOutcome batch;        ///< a case is a point
  report::SweepFiles files;  ///< complete points are those with all their replications
};

/// Runs every replication of every point that is not kept already, `jobs` at a time, point by point, and
/// keeps each as it is complete.
SweepOutcome run_sweep(const Grid& grid, int jobs, KeptReplications& kept,
                       const std::function<void(double)>& progress = {});

}  // namespace headroom::study
