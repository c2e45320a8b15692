#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/processing/cost.h"
#include "sim/faults/target.h"
#include "sim/study/scenario.h"

/// What follows from a scenario's text alone, without a world being built: what its reader checks against.
namespace headroom::study {

/// How the workload's images are encoded.
processing::Encoding encoding(const client::WorkloadConfig& workload);
/// What a conversion costs in this scenario, which must have processing.
processing::CostModel cost_model(const ScenarioConfig& scenario, StreamKey key);

/// Whether `others.` metrics are told: some requests may be an abuser's, or an objective asks for them (with
/// the fault taken away for comparison everybody is one of the others).
bool reports_others(const ScenarioConfig& scenario);

/// What faults must know of the load.
faults::Workload workload_of(const ScenarioConfig& scenario);

/// The roles that faults may strike in such a deployment; see Deployment::players.
std::vector<std::string> roles_of(const DeploymentConfig& deployment);

/// How many processes each component has that faults of software can strike; see Deployment::instances.
std::map<faults::Component, std::int64_t> instances_of(const DeploymentConfig& deployment,
                                                       const world::PlatformConfig& platform);

}  // namespace headroom::study
