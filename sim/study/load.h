#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/config/diagnostics.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// Reads and checks a scenario with its platform and `--set`s. Nothing, and every error, if it is not valid.
std::optional<ScenarioConfig> load_scenario(const std::string& file, std::span<const std::string> sets,
                                            config::Diagnostics& diagnostics);

/// What a checked scenario assumes that its author should know, one sentence each: a profile used beyond what
/// was measured, say.
std::vector<std::string> warnings(const ScenarioConfig& scenario);

/// The same from a tree that has been read (sim/config/load.h).
std::optional<ScenarioConfig> scenario_from(const config::Node& tree, config::Diagnostics& diagnostics);

/// The scenario with every default written out, platform and files inlined: running this text gives the same
/// result.
std::string resolved_yaml(const ScenarioConfig& scenario);

}  // namespace headroom::study
