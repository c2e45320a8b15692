#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/metrics/result.h"
#include "sim/report/machine.h"
#include "sim/report/run.h"
#include "sim/study/pool.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// The version that results carry.
std::string version();

/// A hash of what determines the result: the resolved scenario and the version; of contents, never of paths.
std::string fingerprint(const std::string& resolved_yaml);

/// The objectives as they are judged: those on latencies look at the requests that `only` selects.
std::vector<metrics::Objective> objectives_of(const SloConfig& slo);

/// The yield below which a service has failed: the objective for it, or 99 % where there is none.
struct NeededYield {
  double share = 0.99;
  bool is_objective = false;
};
NeededYield needed_yield(const SloConfig& slo);

/// Puts replications of a scenario together. `numbers`: which ones they are, counted from 1; without, the
/// first ones.
report::Run assemble(const ScenarioConfig& scenario,
                     const std::vector<metrics::ReplicationResult>& replications, std::vector<int> numbers);
report::Run assemble(const ScenarioConfig& scenario,
                     const std::vector<metrics::ReplicationResult>& replications);

/// What computing has taken since `begin`, and all child processes so far; not what was simulated.
report::Effort effort_since(std::chrono::steady_clock::time_point begin);

struct RunOutcome {
  std::optional<report::Run> run;  ///< none: no replication was completed
  std::vector<TaskFailure> failures;
  bool interrupted = false;
  /// trace.json of the first replication; none if it was not asked for, or that one was not completed.
  std::optional<std::string> trace;
};

/// Runs all replications of a checked scenario, `jobs` at a time, and puts them together. `trace`: follows
/// requests of the first one.
RunOutcome run_scenario(const ScenarioConfig& scenario, int jobs,
                        const std::function<void(double)>& progress = {}, bool trace = false);

}  // namespace headroom::study
