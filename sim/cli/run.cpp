#include "sim/study/run.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/config/diagnostics.h"
#include "sim/report/progress.h"
#include "sim/report/result_folder.h"
#include "sim/report/table.h"
#include "sim/report/verdicts.h"
#include "sim/study/load.h"

namespace headroom::cli {
namespace {

struct RunOptions {
  ScenarioOptions scenario;
  ResultOptions result;
  bool trace = false;
};

int judge(const RunOptions& options, const study::RunOutcome& outcome) {
  const report::Run& run = *outcome.run;
  for (const metrics::Invariant& invariant : run.result.invariants) {
    if (invariant.holds) continue;
    return fail("invariant violated: " + invariant.name + ": " + invariant.detail, kInvariant);
  }
  if (interruptions() > 0 || !outcome.failures.empty()) return kOther;
  if (options.result.fail_on_slo) {
    for (const metrics::Verdict& verdict : run.slo)
      if (!verdict.sure)
        say("note: " + verdict.objective + " is " + (verdict.met ? "met" : "missed") +
            " by the mean, which cannot be told for sure: " + report::doubt(run, verdict));
    for (const metrics::Verdict& verdict : run.slo)
      if (!verdict.met) return kSloMissed;
  }
  return kDone;
}

int execute(const RunOptions& options) {
  config::Diagnostics diagnostics;
  const auto sets = options.scenario.assignments();
  const auto scenario = study::load_scenario(options.scenario.file, sets, diagnostics);
  if (!scenario) {
    complain(diagnostics);
    return kBadInput;
  }
  const std::filesystem::path folder = options.result.folder(scenario->scenario);
  const DeferInterrupts defer;
  if (const auto problem = report::NewFolder::check(folder)) return fail(*problem, kBadInput);

  if (!options.result.quiet) print_warnings(*scenario);
  study::RunOutcome outcome;
  {
    const double simulated_s = (scenario->run.warmup + scenario->run.duration).seconds() *
                               static_cast<double>(scenario->run.replications);
    report::Progress progress(scenario->scenario, simulated_s, !options.result.quiet);
    outcome = study::run_scenario(
        *scenario, options.result.jobs_or_cores(), [&progress](double share) { progress.show(share); },
        options.trace);
  }
  for (const study::TaskFailure& failure : outcome.failures)
    say_error("replication " + std::to_string(failure.task + 1) + " " + failure.reason);
  if (!outcome.run) {
    if (!outcome.interrupted) return fail("no replication was completed; nothing was written", kOther);
    say("interrupted before any replication was complete; nothing was written");
    return kOther;
  }
  if (outcome.run->partial)
    say(std::string(outcome.interrupted ? "interrupted" : "incomplete") + ": the result has " +
        std::to_string(outcome.run->result.replications) + " of " +
        std::to_string(scenario->run.replications) + " replications and is marked as partial");

  report::WriteOptions write;
  write.figures = !options.result.no_figures;
  if (outcome.trace)
    write.more.emplace_back("trace.json", std::move(*outcome.trace));
  else if (options.trace)
    say_warning("no trace.json: the first replication, which is the one that is traced, was not completed");
  const report::Written written = report::write_result(folder, *outcome.run, write);
  if (written.error) return fail(*written.error, kOther);
  for (const std::string& warning : written.warnings) say_warning(warning);
  if (!options.result.quiet) print_painted(report::table(*outcome.run, folder, colours()));
  return judge(options, outcome);
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("run", "run a scenario: a table here, and a folder with data, figures, report");
  options->scenario.add_to(*command);
  options->result.add_to(*command, "replications at once (default: number of cores)");
  command->add_flag(
      "--trace", options->trace,
      "adds trace.json: the course of single requests (of the first replication the 100 "
      "slowest, 100 failed and 100 drawn at random), to be opened with https://ui.perfetto.dev");
  command->footer(
      "Example: headroom run scenarios/baseline.yaml --set platform.hosts.worker.count=36 --jobs 2");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
