#include "sim/study/run.h"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "sim/cli/commands.h"
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
};

int judge(const RunOptions& options, const study::RunOutcome& outcome) {
  const report::Run& run = *outcome.run;
  for (const metrics::Invariant& invariant : run.result.invariants) {
    if (invariant.holds) continue;
    std::fprintf(stderr, "headroom: error: invariant violated: %s: %s\n", invariant.name.c_str(),
                 invariant.detail.c_str());
    return kInvariant;
  }
  if (outcome.interrupted || !outcome.failures.empty()) return kOther;
  if (options.result.fail_on_slo) {
    for (const metrics::Verdict& verdict : run.slo)
      if (!verdict.sure)
        std::fprintf(stderr, "headroom: note: %s is %s by the mean, which cannot be told for sure: %s\n",
                     verdict.objective.c_str(), verdict.met ? "met" : "missed",
                     report::doubt(run, verdict).c_str());
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
    std::fputs(diagnostics.text().c_str(), stderr);
    return kBadInput;
  }
  const std::filesystem::path folder = options.result.folder(scenario->scenario);
  if (const auto problem = report::NewFolder::check(folder)) {
    std::fprintf(stderr, "headroom: error: %s\n", problem->message.c_str());
    return kBadInput;
  }

  if (!options.result.quiet) print_warnings(*scenario);
  study::RunOutcome outcome;
  {
    const double simulated_s = (scenario->run.warmup + scenario->run.duration).seconds() *
                               static_cast<double>(scenario->run.replications);
    report::Progress progress(scenario->scenario, simulated_s, !options.result.quiet);
    outcome = study::run_scenario(*scenario, options.result.jobs_or_cores(),
                                  [&progress](double share) { progress.show(share); });
  }
  for (const study::TaskFailure& failure : outcome.failures)
    std::fprintf(stderr, "headroom: error: replication %d %s\n", failure.task + 1, failure.reason.c_str());
  if (!outcome.run) {
    std::fprintf(stderr,
                 outcome.interrupted
                     ? "headroom: interrupted before any replication was complete; nothing was written\n"
                     : "headroom: error: no replication was completed; nothing was written\n");
    return kOther;
  }
  if (outcome.run->partial)
    std::fprintf(stderr, "headroom: %s: the result has %d of %d replications and is marked as partial\n",
                 outcome.interrupted ? "interrupted" : "incomplete", outcome.run->result.replications,
                 static_cast<int>(scenario->run.replications));

  report::WriteOptions write;
  write.figures = !options.result.no_figures;
  const report::Written written = report::write_result(folder, *outcome.run, write);
  if (written.error) {
    std::fprintf(stderr, "headroom: error: %s\n", written.error->message.c_str());
    return kOther;
  }
  for (const std::string& warning : written.warnings)
    std::fprintf(stderr, "headroom: warning: %s\n", warning.c_str());
  if (!options.result.quiet) std::fputs(report::table(*outcome.run, folder, colours()).c_str(), stdout);
  return judge(options, outcome);
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("run", "run a scenario: a table here, and a folder with data, figures, report");
  options->scenario.add_to(*command);
  options->result.add_to(*command, "replications at once (default: number of cores)");
  command->footer(
      "Example: headroom run scenarios/baseline.yaml --set platform.hosts.worker.count=36 --jobs 2");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
