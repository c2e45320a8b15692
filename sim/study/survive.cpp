#include "sim/study/survive.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/config/units.h"
#include "sim/metrics/healing.h"
#include "sim/report/replications.h"
#include "sim/report/summary.h"
#include "sim/study/load.h"
#include "sim/study/run.h"
#include "sim/study/simulate.h"
#include "sim/study/whole_seconds.h"

namespace headroom::study {
namespace {

using report::Survival;

/// Of the window, before something breaks.
constexpr Duration kLeastBefore = Duration::s(10);
/// As the language has it.
constexpr Duration kLongestWindow = Duration::s(1'000'000'000);
constexpr double kDeviations = 3;

/// What is broken at once.
struct Broken {
  std::vector<Thing> things;
  std::string what, kind, stands_for;
  std::vector<Loss> falls;
  std::vector<std::string> like;
};

/// "39 hosts, 40 processes": all that the class has, the first one included.
std::string stands_for(const Alike& one) {
  std::string text;
  std::vector<ThingKind> kinds;
  for (const Thing& thing : one.things)
    if (std::find(kinds.begin(), kinds.end(), thing.kind) == kinds.end()) kinds.push_back(thing.kind);
  for (const ThingKind kind : kinds) {
    const std::int64_t count = one.count(kind);
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + name_of(kind, count);
  }
  return text;
}

std::vector<Broken> what_breaks(const ScenarioConfig& scenario, const SurviveOptions& options) {
  const world::Topology topology(scenario.platform);
  std::vector<Alike> classes = alike(
      scenario, topology, options.each.empty() ? kinds_of(scenario.platform) : options.each, Moment::running);
  if (options.each.empty()) classes = across_kinds(classes);
  std::vector<Broken> all;
  for (const Alike& one : classes) {
    Broken broken{{one.representative()}, one.what(), std::string(name_of(one.kind())),
                  stands_for(one),        one.falls,  {}};
    for (std::size_t i = 1; i < one.things.size(); ++i) broken.like.push_back(one.things[i].what);
    all.push_back(std::move(broken));
  }
  if (options.pairs)
    for (AlikePair& pair : pairs_of(classes))
      all.push_back({std::move(pair.things), std::move(pair.what), "pair", "", std::move(pair.falls), {}});
  return all;
}

/// A whole number of seconds, which is a whole number of slots, unless there is not even one.
Duration down_to_seconds(Duration d) {
  return d < Duration::s(1) ? d : Duration::s(d.count_ns() / 1'000'000'000);
}

std::optional<double> mean_of(const report::Run& run, std::string_view metric) {
  const auto* found = run.result.find(metric);
  return found != nullptr ? found->mean : std::nullopt;
}

/// What the replications of a run say of a time in which something was broken.
Survival::Found found_in(const report::Run& run, const std::vector<metrics::ReplicationResult>& replications,
                         const Stretch& during, const Stretch& late,
                         const std::optional<metrics::Trouble>& trouble) {
  Survival::Found found;
  found.during = during.yield();
  found.late = late.yield();
  found.window = mean_of(run, "yield");
  found.harvest = mean_of(run, "harvest");
  found.p99_ms = mean_of(run, "latency.p99_ms");
  found.lost_jobs = mean_of(run, "queue.lost_acknowledged");
  found.doubled_jobs = mean_of(run, "queue.redeliveries");
  found.billing_error = mean_of(run, "usage.billing_error");
  for (const metrics::Verdict& verdict : run.slo)
    if (!verdict.met) found.missed.push_back(verdict.objective);
  double heal = 0;
  bool healed = true;
  for (const metrics::ReplicationResult& one : replications) {
    if (!trouble) break;
    const auto took = metrics::healing(one.series, run.window, *trouble).took;
    healed = healed && took.has_value();
    heal += took ? took->seconds() : 0;
  }
  if (trouble && healed) found.heal_s = heal / static_cast<double>(replications.size());
  return found;
}

}  // namespace

std::variant<SurvivalPlan, SurvivalProblem> survival_of(const ScenarioConfig& scenario,
                                                        const SurviveOptions& options) {
  SurvivalPlan plan;
  plan.options = options;
  plan.scenario_duration = scenario.run.duration;
  plan.undisturbed = scenario;
  plan.undisturbed.forget_studies();
  const Duration warmup = scenario.run.warmup;
  const Duration third = std::max(down_to_seconds(scenario.run.duration / 3), kLeastBefore);
  const Duration at = options.at.value_or(warmup + third);
  if (options.at && (at < warmup || at >= warmup + scenario.run.duration))
    return SurvivalProblem{"--at", config::print(at) + " is not in the window, which is from " +
                                       config::print(warmup) + " to " +
                                       config::print(warmup + scenario.run.duration) +
                                       " since the start of the simulation, expected a date in it"};
  plan.options.at = at;
  Duration up = options.length;  // the longest until all is up again
  for (Broken& broken : what_breaks(scenario, options)) {
    SurvivalPlan::Break one{std::move(broken.what),
                            std::move(broken.kind),
                            std::move(broken.like),
                            std::move(broken.stands_for),
                            std::move(broken.falls),
                            {},
                            {},
                            plan.undisturbed};
    Duration lasts = options.length;
    for (const Thing& thing : broken.things) {
      faults::FaultConfig fault = fault_of(thing, at, options.length);
      lasts = std::max(lasts, options.length + fault.recovery());
      one.scenario.faults.push_back(std::move(fault));
    }
    one.begin = TimePoint::at(at);
    one.end = TimePoint::at(at + lasts);
    up = std::max(up, lasts);
    plan.breaks.push_back(std::move(one));
  }
  const Duration window =
      std::max(scenario.run.duration, up_to_seconds(at - warmup + up + std::max(third, at - warmup)));
  if (window > kLongestWindow)
    return SurvivalProblem{"--for", "the window would have to be longer than " +
                                        config::print(kLongestWindow) + ", expected a shorter fault"};
  plan.undisturbed.run.duration = window;
  for (SurvivalPlan::Break& one : plan.breaks) one.scenario.run.duration = window;
  return plan;
}

std::optional<double> Stretch::yield() const {
  return offered > 0 ? std::optional(answered / offered) : std::nullopt;
}

Stretch stretch(const std::vector<metrics::ReplicationResult>& replications, TimePoint from, TimePoint to) {
  Stretch within;
  Stretch touched;
  const auto add = [](Stretch& to_this, double offered, double answered) {
    if (offered == 0) return;
    to_this.offered += offered;
    to_this.answered += answered;
    to_this.yields.push_back(answered / offered);
  };
  for (const metrics::ReplicationResult& one : replications) {
    const metrics::SeriesTable::Column* offered = one.series.find("offered");
    const metrics::SeriesTable::Column* answered = one.series.find("answered");
    if (offered == nullptr || answered == nullptr) continue;
    for (std::size_t i = 0; i < one.series.rows; ++i) {
      const TimePoint begin = TimePoint::at(one.series.slot * static_cast<std::int64_t>(i));
      const TimePoint end = begin + one.series.slot;
      if (begin >= from && end <= to) add(within, offered->values[i], answered->values[i]);
      if (begin < to && end > from) add(touched, offered->values[i], answered->values[i]);
    }
  }
  return within.offered > 0 ? within : touched;
}

bool fails(const Stretch& undisturbed, const Stretch& disturbed, double needed) {
  const auto before = undisturbed.yield();
  const auto now = disturbed.yield();
  if (!before || !now || *now >= needed) return false;
  const auto slots = static_cast<double>(undisturbed.yields.size());
  double squares = 0;
  for (const double y : undisturbed.yields) squares += (y - *before) * (y - *before);
  const double scatter = slots > 1 ? squares / (slots - 1) / slots : 0;
  const double failing = (undisturbed.offered - undisturbed.answered + 3) / (undisturbed.offered + 3);
  const double independent = failing * (1 - failing) / undisturbed.offered;
  return *before - *now > kDeviations * std::sqrt(2 * std::max(scatter, independent));
}

SurvivalOutcome run_survival(const SurvivalPlan& plan, const Executor& executor, KeptReplications& kept,
                             const std::function<void(double)>& progress) {
  std::vector<Case> cases = {{"nothing broken", &plan.undisturbed}};
  for (const SurvivalPlan::Break& one : plan.breaks) cases.push_back({one.what, &one.scenario});
  SurvivalOutcome outcome{run_batch(cases, executor, kept, Keeps::course, progress), {}};

  report::SurvivalFiles& files = outcome.files;
  files.effort = outcome.batch.effort;
  files.scenario_yaml = resolved_yaml(plan.undisturbed);
  Survival& survival = files.survival;
  const ScenarioConfig& scenario = plan.undisturbed;
  survival.scenario = scenario.scenario;
  survival.question = scenario.question.value_or("");
  survival.seed = static_cast<std::uint64_t>(scenario.seed);
  survival.replications = static_cast<int>(scenario.run.replications);
  survival.measured_s = scenario.run.duration.seconds();
  survival.scenario_s = plan.scenario_duration.seconds();
  survival.at_s = plan.options.at->seconds();
  survival.for_s = plan.options.length.seconds();
  survival.background = !scenario.faults.empty();
  survival.fingerprint = fingerprint(files.scenario_yaml);
  const NeededYield needed = needed_yield(scenario.slo);
  survival.needed = needed.share;
  survival.needed_is_slo = needed.is_objective;
  for (const auto& [name, group] : scenario.platform.hosts) survival.hosts += group.count;

  const auto assembled = [&](std::size_t number, const std::string& folder,
                             const std::vector<metrics::ReplicationResult>& replications) {
    report::Run run = assemble(*cases[number].scenario, replications);
    for (const metrics::Invariant& invariant : run.result.invariants) {
      survival.checked += invariant.checked;
      if (!invariant.holds)
        survival.violated.push_back(cases[number].name + ": " + invariant.name + ": " + invariant.detail);
    }
    files.runs.push_back(
        {folder, report::summary(run), run.scenario_yaml, report::to_csv(report::replications(run))});
    return run;
  };
  std::vector<metrics::ReplicationResult> undisturbed;
  if (outcome.batch.complete(0)) {
    undisturbed = outcome.batch.of(0);
    const TimePoint begin = TimePoint::at(*plan.options.at);
    TimePoint end = begin + plan.options.length;
    for (const SurvivalPlan::Break& one : plan.breaks) end = std::max(end, one.end);
    survival.undisturbed = found_in(assembled(0, report::kUndisturbed, undisturbed), undisturbed,
                                    stretch(undisturbed, begin, end),
                                    stretch(undisturbed, begin + (end - begin) / 2, end), std::nullopt);
  }
  for (std::size_t n = 0; n < plan.breaks.size(); ++n) {
    const SurvivalPlan::Break& one = plan.breaks[n];
    Survival::Thing& thing = survival.things.emplace_back();
    thing.what = one.what;
    thing.kind = one.kind;
    thing.like = one.like;
    thing.stands_for = one.stands_for;
    thing.falls = to_text(one.falls);
    if (!survival.undisturbed || !outcome.batch.complete(n + 1)) continue;
    const auto replications = outcome.batch.of(n + 1);
    const TimePoint half = one.begin + (one.end - one.begin) / 2;
    const Stretch late = stretch(replications, half, one.end);
    thing.found =
        found_in(assembled(n + 1, report::run_folder(thing), replications), replications,
                 stretch(replications, one.begin, one.end), late, metrics::Trouble{one.begin, one.end});
    thing.fails = fails(stretch(undisturbed, half, one.end), late, survival.needed);
  }
  // What falls with something else, and fails the service alone.
  for (std::size_t large = 0; large < plan.breaks.size(); ++large)
    for (std::size_t small = 0; small < plan.breaks.size(); ++small)
      if (small != large && survival.things[small].fails &&
          plan.breaks[small].falls != plan.breaks[large].falls &&
          within(plan.breaks[small].falls, plan.breaks[large].falls))
        survival.things[large].holds_smaller = true;
  report::sort_worst_first(survival);
  return outcome;
}

}  // namespace headroom::study
