#include "sim/study/survive.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/usage.h"
#include "sim/config/diagnostics.h"
#include "sim/config/load.h"
#include "sim/report/progress.h"
#include "sim/report/survival_report.h"
#include "sim/report/sweep.h"
#include "sim/study/load.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

struct SurviveCommand {
  ScenarioOptions scenario;
  std::vector<std::string> each;
  bool pairs = false;
  std::string length = "30s";
  std::string at;
  ResultOptions result;
  ExecutorOptions executor;
};

std::vector<study::ThingKind> kinds(const std::vector<std::string>& names) {
  std::vector<study::ThingKind> all;
  const auto& known = enum_names<study::ThingKind>::names;
  for (const std::string& name : names) {
    const auto kind = static_cast<study::ThingKind>(std::find(std::begin(known), std::end(known), name) -
                                                    std::begin(known));
    if (std::find(all.begin(), all.end(), kind) == all.end()) all.push_back(kind);
  }
  return all;
}

study::SurviveOptions options_of(const SurviveCommand& command) {
  study::SurviveOptions options;
  options.each = kinds(command.each);
  options.pairs = command.pairs;
  options.length = duration_of(command.length);
  if (!command.at.empty()) options.at = duration_of(command.at);
  return options;
}

std::optional<study::ScenarioConfig> load(const ScenarioOptions& options, config::Diagnostics& diagnostics) {
  const auto tree = config::load_tree(options.file, options.assignments(), diagnostics);
  if (!tree) return std::nullopt;
  auto scenario = study::scenario_from(*tree, diagnostics);
  if (scenario && std::holds_alternative<client::NoArrivals>(scenario->workload.arrivals))
    diagnostics.error(config::locate(*tree, "workload.arrivals"),
                      "nobody sends requests, so nobody sees what breaks, expected arrivals such as "
                      "{poisson: 100/s}");
  return diagnostics.ok() ? scenario : std::nullopt;
}

/// Simulated time of all runs together.
double simulated_s(const study::SurvivalPlan& plan) {
  const study::RunConfig& run = plan.undisturbed.run;
  return (run.warmup + run.duration).seconds() * static_cast<double>(run.replications) *
         static_cast<double>(plan.breaks.size() + 1);
}

int judge(const SurviveCommand& command, const study::SurvivalOutcome& outcome) {
  const report::Survival& survival = outcome.files.survival;
  if (!survival.violated.empty()) return fail("invariant violated: " + survival.violated.front(), kInvariant);
  if (interruptions() > 0 || survival.partial()) return kOther;
  if (command.result.fail_on_slo) {
    const auto unsure = std::count_if(outcome.files.runs.begin(), outcome.files.runs.end(),
                                      [](const auto& run) { return !report::met_at(run.summary).sure; });
    if (unsure > 0)
      say("note: in " + std::to_string(unsure) + " of " + std::to_string(outcome.files.runs.size()) +
          " runs it cannot be told for sure whether objectives are met; their means decide");
  }
  const auto missed = [](const std::optional<report::Survival::Found>& found) {
    return found && !found->missed.empty();
  };
  const bool any =
      missed(survival.undisturbed) || std::any_of(survival.things.begin(), survival.things.end(),
                                                  [&](const auto& thing) { return missed(thing.found); });
  return command.result.fail_on_slo && any ? kSloMissed : kDone;
}

int execute(const SurviveCommand& command) {
  if (const auto wrong = command.executor.contradiction(command.result)) return fail(*wrong, kBadInput);
  config::Diagnostics diagnostics;
  const auto scenario = load(command.scenario, diagnostics);
  if (!scenario) {
    complain(diagnostics);
    return kBadInput;
  }
  const auto planned = study::survival_of(*scenario, options_of(command));
  if (const auto* problem = std::get_if<study::SurvivalProblem>(&planned))
    return fail(problem->option + ": " + problem->message, kBadInput);
  const auto& plan = std::get<study::SurvivalPlan>(planned);
  const fs::path folder = command.result.folder(scenario->scenario);
  const DeferInterrupts defer;
  if (const auto problem = report::NewFolder::check(folder)) return fail(*problem, kBadInput);
  auto opened = study::KeptReplications::open(folder);
  if (const auto* problem = std::get_if<report::Problem>(&opened)) return fail(*problem, kOther);
  auto& kept = std::get<study::KeptReplications>(opened);

  if (!command.result.quiet) print_warnings(*scenario);
  study::SurvivalOutcome outcome;
  {
    const std::size_t breaks = plan.breaks.size();
    report::Progress progress(scenario->scenario + ", " + std::to_string(breaks) +
                                  (breaks == 1 ? " thing breaks" : " things break"),
                              simulated_s(plan), !command.result.quiet);
    const auto executor = command.executor.make(command.result, folder, [&](const std::string& text) {
      progress.hide();
      say(text);
    });
    outcome = study::run_survival(plan, executor, kept, [&progress](double share) { progress.show(share); });
  }
  const study::BatchOutcome& batch = outcome.batch;
  for (const std::string& failure : batch.failures) say_error(failure);
  const report::Survival& survival = outcome.files.survival;
  if (batch.problem) {
    say_error(batch.problem->message);
    say_what_is_kept(kept);
    return batch.refused ? kBadInput : kOther;
  }
  if (!survival.undisturbed) {
    if (batch.interrupted)
      say("interrupted before the run with nothing broken was complete; no result was written");
    else
      say_error("the run with nothing broken was not completed; no result was written");
    say_what_is_kept(kept);
    return kOther;
  }
  if (survival.partial())
    say(std::string(batch.interrupted ? "interrupted" : "incomplete") + ": the result has " +
        std::to_string(survival.complete()) + " of " + std::to_string(survival.things.size()) +
        " things that break and is marked as partial; the same command goes on from there");
  const report::Written written =
      report::write_survival(folder, outcome.files, !command.result.no_figures,
                             [&](report::NewFolder& result) { return kept.copy_to(result, batch.keys); });
  if (const auto failed = conclude_writing(written, kept)) return *failed;
  if (!command.result.quiet) {
    print_painted(report::table(survival, folder, colours()));
    print_reused(batch.reused, batch.computed);
  }
  return judge(command, outcome);
}

}  // namespace

void add_survive(CLI::App& app, int& status) {
  auto options = std::make_shared<SurviveCommand>();
  CLI::App* command = app.add_subcommand(
      "survive",
      "break one thing after another: which are single points of failure, and what each costs users");
  options->scenario.add_to(*command);
  one_of(command->add_option("--each", options->each,
                             "kinds of things to break, each as such: host, process, rack, switch, power, "
                             "cooling, zone (default: all that the platform has; of those that take the same "
                             "with them, as a host and its process do, the one that does most)"),
         "kind", enum_names<study::ThingKind>::names)
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_flag("--pairs", options->pairs, "also break each two of them at once");
  duration(
      command->add_option("--for", options->length,
                          "how long a thing stays broken; then it comes up again (a host boots for 60s)"),
      /*zero=*/false)
      ->capture_default_str();
  duration(
      command->add_option("--at", options->at,
                          "when it breaks, since the start of the simulation, as faults count (default: "
                          "after a third of the window, which is lengthened to hold the fault, coming up "
                          "again and as much time after that)"),
      /*zero=*/true);
  options->result.add_to(*command, "runs at once (default: number of cores)");
  options->executor.add_to(*command);
  refuse_trace(*command,
               "a survival study keeps no single requests, expected `headroom run --trace` with one of the "
               "runs/*/scenario.yaml");
  command->footer(
      "Of things that are alike, because as many members of each group fall with them, one is broken. Faults "
      "of the scenario stay, as a background.\n"
      "A study that was stopped goes on where it was when the same command is given again.\n"
      "Example: headroom survive scenarios/baseline.yaml --replications 1 --for 10s");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
