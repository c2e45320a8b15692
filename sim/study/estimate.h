#pragma once

#include "sim/study/scenario.h"

namespace headroom::study {

/// About what a run will cost, told beforehand: right within a factor of 2 to 3 for the shipped scenarios on
/// a core of 2024.
struct RunEstimate {
  double requests = 0;      ///< sent in all, warm-up and all replications included
  double cpu_s = 0;         ///< CPU time of all replications together
  double memory_bytes = 0;  ///< of one replication; as many run at once as there are jobs
};
RunEstimate estimate(const ScenarioConfig& scenario);

}  // namespace headroom::study
