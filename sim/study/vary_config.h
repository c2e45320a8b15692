#pragma once

#include <vector>

#include "sim/config/vary.h"

namespace headroom::study {

/// A section that says what is varied, such as `sweep`: every combination of the alternatives is a point.
/// `headroom run` does not look at it.
struct VaryConfig {
  std::vector<config::Axis> axes;
};

}  // namespace headroom::study
