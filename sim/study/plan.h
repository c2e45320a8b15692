#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/config/diagnostics.h"
#include "sim/config/uncertain.h"
#include "sim/report/plan.h"
#include "sim/study/executor.h"
#include "sim/study/grid.h"
#include "sim/study/kept.h"
#include "sim/study/plan_config.h"

namespace headroom::study {

/// What stands on the command line; each replaces what the scenario's `plan:` says.
struct PlanOptions {
  std::vector<std::string> varies;
  std::string each;  ///< PATH=LIST; a plan for each of these
  std::string minimize, maximize;
  std::vector<Survive> survive;
  std::optional<double> confidence;
  std::optional<double> indifference;
  std::optional<double> budget_s;  ///< wall clock
  struct Growth {
    double per_period = 0;  ///< 0.05: 5 %
    double period_s = 0;
  };
  std::optional<Growth> growth;
  bool exhaustive = false;
  std::vector<std::string> uncertain;  ///< PATH=DISTRIBUTION
  int worlds = 100;                    ///< that are drawn of what is uncertain
};

/// What is to be planned: the points, and what is wanted of them.
struct PlanTask {
  Grid grid;
  PlanConfig plan;
  std::string goal;
  bool measured = false;      ///< the goal is a metric that is known after a run only: every point is tested
  std::optional<double> own;  ///< of `maximize`: the scenario's own value
  PlanOptions options;
  /// The same with everything that is uncertain drawn, and what was drawn. Empty: everything is known.
  struct World {
    std::vector<std::string> drawn;  ///< in the order of the options
    Grid grid;
  };
  std::vector<config::Uncertain> uncertain;
  std::vector<World> worlds;
};

/// One plan; or one for each of `each`, in the order of its values.
struct PlanTasks {
  std::optional<report::Sweep::Axis> each;
  std::vector<PlanTask> tasks;
};

/// Reads a scenario and what is to be planned. Nothing, and every error, if it is not valid: no objectives,
/// nothing that is varied, a goal that is no metric and not varied, an invalid point.
std::optional<PlanTasks> load_plans(const std::string& file, std::span<const std::string> sets,
                                    const PlanOptions& options, config::Diagnostics& diagnostics);

struct PlanOutcome {
  report::PlanFiles files;
  std::vector<std::string> keys;           ///< of all replications that were used
  std::vector<std::string> failures;       ///< replications that were killed
  std::optional<report::Problem> problem;  ///< results could not be kept, or nothing computes them
  bool refused = false;                    ///< `problem`: it was asked for something that cannot be had
  std::vector<metrics::Invariant> violated;
};

/// Finds the cheapest point that holds (planner.h). What can be told beforehand comes from arithmetic
/// (offered_load.h): a point of whose resources one is asked for 100 % or more of what is alive misses, its
/// spare is where the search begins. In each state something else is gone, from the start of the warm-up to
/// the end of the run; the classes of alike things (alike.h) have one state each.
///
/// Of a goal that is known after a run only, the least (or most) of all that hold is taken, by the mean of
/// the undisturbed state; others are undecided unless their difference, replication by replication on common
/// random numbers, clears zero at the confidence.
///
/// With something uncertain, each world is planned by itself, and the answer is the cheapest point that holds
/// in as many of the worlds as the confidence asks for.
///
/// `at_once`: so many replications are worth asking for at the same time. `decided` hears a line for each
/// point that is decided. Ctrl-C and the end of the budget give the best answer so far.
PlanOutcome run_plan(const PlanTask& task, const Executor& executor, int at_once, KeptReplications& kept,
                     const std::function<void(const std::string&)>& decided = {});

}  // namespace headroom::study
