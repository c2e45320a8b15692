#pragma once

#include <string>
#include <vector>

#include "sim/study/scenario.h"

namespace headroom::study {

/// What a scenario would simulate, for people: hosts, request path, load against capacity as configured and
/// with each scheduled fault, length and cost of the run.
std::string outline(const ScenarioConfig& scenario);

/// What cannot hold, told before anything is simulated: resources that the load fills at its peak, as
/// configured or with a scheduled fault (see offered_load.h for what is assumed), and a queue that nothing
/// bounds. In whole sentences.
std::vector<std::string> load_warnings(const ScenarioConfig& scenario);

}  // namespace headroom::study
