#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/diagnostics.h"
#include "sim/config/node.h"
#include "sim/report/machine.h"
#include "sim/report/year.h"
#include "sim/study/executor.h"
#include "sim/study/kept.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// What is asked of a year.
struct YearOptions {
  double years = 1;             ///< that a timeline lasts
  std::int64_t samples = 1000;  ///< timelines
  std::int64_t runs = 200;      ///< at most so many simulations, but two for each sort of what happens
};

/// Complains about what has no place in a year: faults by date, a load that ends, nothing that fails at
/// random. `tree`: where the scenario was read from.
void check_year(const ScenarioConfig& scenario, const YearOptions& options, const config::Node& tree,
                config::Diagnostics& diagnostics);

struct YearOutcome {
  std::optional<report::Year> year;  ///< none: not even the first runs of each sort are complete
  std::vector<std::string> keys;     ///< of the replications that it was made from
  std::vector<std::string> failures;
  std::optional<report::Problem> problem;  ///< results could not be kept
  bool asked_too_much = false;             ///< `problem`: of the executor
  std::optional<std::string> refused;      ///< why it is too much to be simulated; nothing was
  bool interrupted = false;
  std::size_t computed = 0, reused = 0;
  report::Effort effort;
  std::string scenario_yaml;
};

/// What is being done, and how much of it is done.
using YearProgress = std::function<void(const std::string& doing, double share)>;

/// What the scenario's random failures cost (SPEC §7).
///
/// Timelines of all failures are sampled, which needs no simulation. Each is a chain of *stays*, in which a
/// state holds that has settled, and *transients*: changes that come before the last one has settled, until
/// they have. What is lost in a year is the sum over both. Stays and transients that are alike up to the
/// names of equals (States) form a stratum; those that have less than 2 % of their sort are
/// pooled. Of each stratum some are simulated, request by request: they are drawn at random from those that
/// happened, with their own lengths and their hour of the day, evenly spread over the stratum in the order of
/// load and length (a Kronecker sequence with a random start: every one is equally likely). At least two of
/// each; then more where the variance of the answer comes from (Neyman 1934), until the runs are certain to
/// 10 % of what is lost, or contribute less than a third of what the timelines do, or are as many as `runs`.
///
/// A change has settled after 30 s. Where more is still lost at the end of such transients than in the state
/// that they lead to, it takes 2 min, but a repair at least as long as what was repaired had lasted; and then
/// four times as long. What never settles (or leads to a state whose stays have a trend) is simulated
/// together with what comes before and after it, if all that takes at most 30 min, and is otherwise not
/// covered, which is said. If something is broken for more than 20 % of the time, the scenario runs straight
/// through.
YearOutcome run_year(const ScenarioConfig& scenario, const YearOptions& options, const Executor& executor,
                     KeptReplications& kept, const YearProgress& progress = {});

}  // namespace headroom::study
