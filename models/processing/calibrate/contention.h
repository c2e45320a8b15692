#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/processing/calibrate/fit.h"
#include "models/processing/calibrate/measure.h"

namespace headroom::processing::calibrate {

struct ContentionPlan {
  int cores = 1;
  int rounds = 5;
  double seconds = 0.3;  ///< for each number of busy cores in each round
};

/// 1, 2, 4, … and all of them.
std::vector<std::int64_t> busy_counts(int cores);

/// How fast 1, 2, … cores are when all do conversions of one kernel: CPU time that each conversion took
/// alone, divided by the time that it took among the others. Conversions that take too long for the time
/// given are left out.
Scaling measure_contention(const std::vector<Encoded>& images, const std::vector<const Timed*>& timed,
                           const ContentionPlan& plan);

}  // namespace headroom::processing::calibrate
