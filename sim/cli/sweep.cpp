#include "sim/study/sweep.h"

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/part.h"
#include "sim/cli/sweep_result.h"
#include "sim/config/diagnostics.h"
#include "sim/report/progress.h"
#include "sim/study/load.h"
#include "sim/study/parts.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

struct SweepOptions {
  ScenarioOptions scenario;
  std::vector<std::string> varies;
  ResultOptions result;
  ExecutorOptions executor;
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

/// One part: it keeps its replications, and writes no result.
int execute_part(const SweepOptions& options, const study::Grid& grid, study::KeptReplications& kept,
                 const fs::path& folder) {
  const study::Shard shard = *options.executor.shard;
  const auto written = study::put_sweep(grid, kept);
  if (const auto* problem = std::get_if<report::Problem>(&written)) return fail(*problem, kOther);
  const auto& sweep = std::get<study::SweepFile>(written);
  if (!sweep.faithful)
    return fail(
        "what is varied names files by paths that mean something else in another place, so that the sweep "
        "cannot be completed from its parts; expected full paths",
        kBadInput);
  if (const auto problem = study::put_part(kept, shard, sweep.path)) return fail(*problem, kOther);
  return compute_part(
      study::all_wanted(grid, kept), shard, kept, options.result.jobs_or_cores(), options.result.quiet,
      grid.base.scenario,
      [&](const report::Effort& effort) { return study::put_part(kept, shard, sweep.path, &effort); },
      std::string("; ") + kGoOn, "when all parts are: headroom merge " + folder.string() + "\n");
}

int execute(const SweepOptions& options) {
  if (const auto wrong = options.executor.contradiction(options.result)) return fail(*wrong, kBadInput);
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
  using Use = study::KeptReplications::Use;
  auto opened = study::KeptReplications::open(folder, options.executor.shard ? Use::part : Use::whole);
  if (const auto* problem = std::get_if<report::Problem>(&opened)) return fail(*problem, kOther);
  auto& kept = std::get<study::KeptReplications>(opened);
  if (options.executor.shard) return execute_part(options, *grid, kept, folder);

  study::SweepOutcome outcome;
  {
    report::Progress progress(grid->base.scenario + ", " + std::to_string(grid->points.size()) + " points",
                              simulated_s(*grid), !options.result.quiet);
    const auto executor = options.executor.make(options.result, folder, [&](const std::string& text) {
      progress.hide();
      say(text);
    });
    outcome = study::run_sweep(*grid, executor, kept, [&progress](double share) { progress.show(share); });
  }
  return conclude(outcome, kept, folder, options.result,
                  [&] { print_reused(outcome.batch.reused, outcome.batch.computed); });
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
  options->executor.add_to(*command);
  options->executor.add_shard_to(*command);
  command->footer(
      "A sweep that was stopped goes on where it was when the same command is given again.\n"
      "With --fail-on-slo the exit status is 1 if any point misses an objective: let it vary what must "
      "hold.\n"
      "Example: headroom sweep scenarios/baseline.yaml --vary platform.hosts.worker.count=28..48:4 "
      "--replications 3");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
