#pragma once

#include <string>

#include "sim/study/scenario.h"

namespace headroom::study {

/// What a scenario would simulate, for people: hosts, request path, load against capacity, length.
std::string outline(const ScenarioConfig& scenario);

}  // namespace headroom::study
