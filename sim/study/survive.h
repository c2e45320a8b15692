#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/units.h"
#include "sim/metrics/result.h"
#include "sim/report/survival_folder.h"
#include "sim/study/alike.h"
#include "sim/study/batch.h"
#include "sim/study/executor.h"
#include "sim/study/kept.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// What is asked of a survival study.
struct SurviveOptions {
  /// Kinds of things to break, each as such. None: all that the platform has of its own, of those that take
  /// the same with them the one that does most.
  std::vector<ThingKind> each;
  bool pairs = false;                 ///< also two things at once
  Duration length = Duration::s(30);  ///< how long it is broken; then it comes up again
  std::optional<Duration> at;         ///< since the start of the simulation; none: see `survival_of`
};

/// What is run: the scenario with nothing broken, and once for each class of alike things with one of them
/// broken, all over the same window and on the same random numbers. Faults of the scenario stay.
struct SurvivalPlan {
  struct Break {
    std::string what;
    std::string kind;  ///< "host", or "pair"
    std::vector<std::string> like;
    std::string stands_for;
    std::vector<Loss> falls;
    TimePoint begin, end;  ///< from the strike to everything running again
    ScenarioConfig scenario;
  };
  ScenarioConfig undisturbed;
  std::vector<Break> breaks;
  Duration scenario_duration;  ///< of the scenario's own window, before it was lengthened
  SurviveOptions options;      ///< with kinds and date filled in
};

/// What is wrong with an option.
struct SurvivalProblem {
  std::string option;  ///< "--at"
  std::string message;
};

/// The plan. Things break after a third of the scenario's window, but at least 10 s into it, so that there is
/// something to compare with; the window is made long enough for the fault, the slowest to come up again, and
/// as much time after that as there was before. Otherwise what is wrong with the options.
std::variant<SurvivalPlan, SurvivalProblem> survival_of(const ScenarioConfig& scenario,
                                                        const SurviveOptions& options);

/// Requests sent in a stretch of time, by slots of the time series: those that lie within it, or if none do,
/// those that it touches.
struct Stretch {
  double offered = 0;
  double answered = 0;
  std::vector<double> yields{};  ///< of slots with requests, of all replications
  std::optional<double> yield() const;
};
Stretch stretch(const std::vector<metrics::ReplicationResult>& replications, TimePoint from, TimePoint to);

/// Whether a service has failed that is so disturbed: fewer are answered than must be, and fewer than of the
/// undisturbed service in the same time, by more than chance. Chance is three standard deviations of the
/// difference of two such stretches, from the scatter of the undisturbed slots, taken to be no less than that
/// of independent requests of which three more fail than were seen (as in metrics/healing.h). The two share
/// their random numbers, so the true deviation is less.
bool fails(const Stretch& undisturbed, const Stretch& disturbed, double needed);

struct SurvivalOutcome {
  BatchOutcome batch;
  report::SurvivalFiles files;
};

SurvivalOutcome run_survival(const SurvivalPlan& plan, const Executor& executor, KeptReplications& kept,
                             const std::function<void(double)>& progress = {});

}  // namespace headroom::study
