#pragma once

#include <vector>

#include "sim/config/vary.h"

namespace headroom::study {

/// What `headroom sweep` varies: every combination of the values is a point. `headroom run` does not look at
/// it.
struct SweepConfig {
  std::vector<config::Axis> axes;
};

}  // namespace headroom::study
