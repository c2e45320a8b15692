#include "sim/study/sweep.h"

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/config/diagnostics.h"
#include "sim/report/progress.h"
#include "sim/report/sweep_answer.h"
#include "sim/report/sweep_report.h"
#include "sim/study/load.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

struct SweepOptions {
  ScenarioOptions scenario;
  std::vector<std::string> varies;
  ResultOptions result;
};

/// Simulated time of all points together.
double simulated_s(const study::Grid& grid) {
  double sum = 0;
  for (const auto& point : grid.points) {
    const study::RunConfig& run = point.scenario.run;
    sum += (run.warmup + run.duration).seconds() * static_cast<double>(run.replications);
  }
  return sum;
}

/// What is to be known of any point, once.
void warn(const study::Grid& grid) {
  std::set<std::string> told;
  for (const auto& point : grid.points)
    for (const std::string& warning : study::warnings(point.scenario))
      if (told.insert(warning).second) say_warning(warning);
}

/// "3 of 12 points miss an objective: worker.count 28, all racks; …": for a person who reads a log.
void tell_what_is_missed(const report::Sweep& sweep, const std::vector<std::size_t>& missed) {
  constexpr std::size_t kMost = 5;
  std::string names;
  for (std::size_t i = 0; i < missed.size() && i < kMost; ++i)
    names += (i == 0 ? ": " : "; ") + report::point_name(sweep, sweep.points[missed[i]]);
  if (missed.size() > kMost) names += "; and " + std::to_string(missed.size() - kMost) + " more";
  say(std::to_string(missed.size()) + " of " + std::to_string(sweep.points.size()) +
      (sweep.points.size() == 1 ? " point misses an objective" : " points miss an objective") + names);
}

int judge(const SweepOptions& options, const study::SweepOutcome& outcome) {
  const report::Sweep& sweep = outcome.files.sweep;
  std::vector<std::size_t> missed;
  std::size_t unsure = 0;
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    const auto& summary = sweep.points[n].summary;
    if (!summary) continue;
    for (const metrics::Invariant& invariant : summary->invariants)
      if (!invariant.holds)
        return fail("invariant violated: " + invariant.name + ": " + invariant.detail, kInvariant);
    const report::Met met = report::met_at(*summary);
    if (!met.met) missed.push_back(n);
    unsure += met.sure ? 0 : 1;
  }
  if (interruptions() > 0 || !outcome.batch.failures.empty()) return kOther;
  if (!options.result.fail_on_slo) return kDone;
  if (unsure > 0)
    say("note: at " + std::to_string(unsure) + " of " + std::to_string(sweep.points.size()) +
        " points it cannot be told for sure; their means decide");
  if (missed.empty()) return kDone;
  tell_what_is_missed(sweep, missed);
  return kSloMissed;
}

int execute(const SweepOptions& options) {
  config::Diagnostics diagnostics;
  const auto grid =
      study::load_grid(options.scenario.file, options.scenario.assignments(), options.varies, diagnostics);
  if (!grid) {
    complain(diagnostics);
    return kBadInput;
  }
  if (!options.result.quiet) warn(*grid);
  const fs::path folder = options.result.folder(grid->base.scenario);
  const DeferInterrupts defer;
  if (const auto problem = report::NewFolder::check(folder)) return fail(*problem, kBadInput);
  auto opened = study::KeptReplications::open(folder);
  if (const auto* problem = std::get_if<report::Problem>(&opened)) return fail(*problem, kOther);
  auto& kept = std::get<study::KeptReplications>(opened);

  study::SweepOutcome outcome;
  {
    report::Progress progress(grid->base.scenario + ", " + std::to_string(grid->points.size()) + " points",
                              simulated_s(*grid), !options.result.quiet);
    outcome = study::run_sweep(*grid, options.result.jobs_or_cores(), kept,
                               [&progress](double share) { progress.show(share); });
  }
  const study::BatchOutcome& batch = outcome.batch;
  for (const std::string& failure : batch.failures) say_error(failure);
  const report::Sweep& sweep = outcome.files.sweep;
  if (batch.problem) {
    say_error(batch.problem->message);
    say_what_is_kept(kept);
    return kOther;
  }
  if (sweep.complete() == 0) {
    if (batch.interrupted)
      say("interrupted before any point was complete; no result was written");
    else
      say_error("no point was completed; no result was written");
    say_what_is_kept(kept);
    return kOther;
  }
  if (sweep.partial())
    say(std::string(batch.interrupted ? "interrupted" : "incomplete") + ": the result has " +
        std::to_string(sweep.complete()) + " of " + std::to_string(sweep.points.size()) +
        " points and is marked as partial; the same command goes on from there");
  const report::Written written =
      report::write_sweep(folder, outcome.files, !options.result.no_figures,
                          [&](report::NewFolder& result) { return kept.copy_to(result, batch.keys); });
  if (written.error) {
    say_error(written.error->message);
    say_what_is_kept(kept);
    return kOther;
  }
  kept.clear();
  for (const std::string& warning : written.warnings) say_warning(warning);
  if (!options.result.quiet) {
    print_painted(report::table(sweep, folder, colours()));
    print_reused(batch.reused, batch.computed);
  }
  return judge(options, outcome);
}

}  // namespace

void add_sweep(CLI::App& app, int& status) {
  auto options = std::make_shared<SweepOptions>();
  CLI::App* command = app.add_subcommand(
      "sweep",
      "run every combination of what is varied: a table here, and a folder with points, curves, report");
  options->scenario.add_to(*command);
  command
      ->add_option(
          "--vary", options->varies,
          "PATH=A,B,C, PATH=LO..HI:STEP, PATH=LO..HI (whole numbers) or PATH=log:LO..HI:N (geometric): the "
          "values that a node takes in turn, applied after --set; NAME={A: {PATH: VALUE}, B: {}}: a choice "
          "of named alternatives; repeatable (every combination is a point); default: the scenario's "
          "`sweep:`")
      ->type_name("PATH=LIST")
      ->allow_extra_args(false);
  options->result.add_to(*command, "runs at once (default: number of cores)");
  refuse_trace(*command,
               "a sweep keeps numbers only, expected `headroom run --trace`, with --set for a point");
  command->footer(
      "A sweep that was stopped goes on where it was when the same command is given again.\n"
      "With --fail-on-slo the exit status is 1 if any point misses an objective: let it vary what must "
      "hold.\n"
      "Example: headroom sweep scenarios/baseline.yaml --vary platform.hosts.worker.count=28..48:4 "
      "--replications 3");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
