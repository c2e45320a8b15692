#pragma once

#include <functional>

#include "sim/metrics/result.h"
#include "sim/metrics/window.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// The measured window of a scenario.
metrics::Window window_of(const ScenarioConfig& scenario);

/// Runs one replication (counted from 0): a pure function of the scenario and the number. At most one call
/// per process if the platform's network has bandwidth limits (world/fluid.h). `progress` is told, now and
/// then, the share of simulated time that is done.
metrics::ReplicationResult simulate(const ScenarioConfig& scenario, int replication,
                                    const std::function<void(double)>& progress = {});

}  // namespace headroom::study
