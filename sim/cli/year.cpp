#include "sim/study/year.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/usage.h"
#include "sim/config/diagnostics.h"
#include "sim/config/load.h"
#include "sim/report/progress.h"
#include "sim/report/year_report.h"
#include "sim/study/load.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

struct YearCommand {
  ScenarioOptions scenario;
  study::YearOptions year;
  ResultOptions result;
  ExecutorOptions executor;
};

std::optional<study::ScenarioConfig> load(const YearCommand& command, config::Diagnostics& diagnostics) {
  const auto tree = config::load_tree(command.scenario.file, command.scenario.assignments(), diagnostics);
  if (!tree) return std::nullopt;
  auto scenario = study::scenario_from(*tree, diagnostics);
  if (scenario) study::check_year(*scenario, command.year, *tree, diagnostics);
  return diagnostics.ok() ? scenario : std::nullopt;
}

int execute(const YearCommand& command) {
  if (const auto wrong = command.executor.contradiction(command.result)) return fail(*wrong, kBadInput);
  config::Diagnostics diagnostics;
  const auto scenario = load(command, diagnostics);
  if (!scenario) {
    complain(diagnostics);
    return kBadInput;
  }
  const ResultOptions& result = command.result;
  const fs::path folder = result.folder(scenario->scenario);
  const DeferInterrupts defer;
  if (const auto problem = report::NewFolder::check(folder)) return fail(*problem, kBadInput);
  auto opened = study::KeptReplications::open(folder);
  if (const auto* problem = std::get_if<report::Problem>(&opened)) return fail(*problem, kOther);
  auto& kept = std::get<study::KeptReplications>(opened);

  if (!result.quiet) print_warnings(*scenario);
  study::YearOutcome outcome;
  {
    std::string doing;
    std::unique_ptr<report::Progress> progress;
    const auto show = [&](const std::string& what, double share) {
      if (what != doing || !progress) {
        progress.reset();  // ends the line of the one before
        progress = std::make_unique<report::Progress>(scenario->scenario + ", " + what, 0, !result.quiet);
        doing = what;
      }
      progress->show(share);
    };
    const auto executor = command.executor.make(result, folder, [&](const std::string& text) {
      if (progress) progress->hide();
      say(text);
    });
    outcome = study::run_year(*scenario, command.year, executor, kept, show);
  }
  if (outcome.refused) return fail(*outcome.refused, kBadInput);
  for (const std::string& failure : outcome.failures) say_error(failure);
  if (outcome.problem) {
    say_error(outcome.problem->message);
    say_what_is_kept(kept);
    return outcome.asked_too_much ? kBadInput : kOther;
  }
  if (!outcome.year) {
    if (outcome.interrupted)
      say("interrupted before two of each sort of failures were complete; no result was written");
    else
      say_error("two of each sort of failures were not completed; no result was written");
    say_what_is_kept(kept);
    return kOther;
  }
  const report::Year& year = *outcome.year;
  if (year.partial)
    say(std::string(outcome.interrupted ? "interrupted" : "incomplete") +
        ": the result is less precise than it was to be and is marked as partial; the same command goes on "
        "from "
        "there");
  const report::Written written =
      report::write_year(folder, year, outcome.scenario_yaml, outcome.effort, !result.no_figures,
                         [&](report::NewFolder& made) { return kept.copy_to(made, outcome.keys); });
  if (const auto failed = conclude_writing(written, kept)) return *failed;
  if (!result.quiet) {
    print_painted(report::table(year, folder, colours()));
    print_reused(outcome.reused, outcome.computed);
  }
  if (!year.violated.empty()) return fail("invariant violated: " + year.violated.front(), kInvariant);
  if (interruptions() > 0 || !outcome.failures.empty()) return kOther;
  return result.fail_on_slo && !year.met() ? kSloMissed : kDone;
}

}  // namespace

void add_year(CLI::App& app, int& status) {
  auto options = std::make_shared<YearCommand>();
  CLI::App* command = app.add_subcommand(
      "year", "what random failures cost in a year: yield, downtime, nines, and which cause costs most");
  options->scenario.add_to(*command);
  number(command->add_option("--years", options->year.years, "that a timeline of failures lasts"), 1e-4, 100)
      ->capture_default_str();
  whole_number(
      command->add_option("--samples", options->year.samples, "timelines of failures that are drawn"), 20,
      100'000)
      ->capture_default_str();
  whole_number(command->add_option("--runs", options->year.runs,
                                   "at most so many simulations, but at least two of each sort of failure"),
               1, 100'000)
      ->capture_default_str();
  options->result.add_to(*command, "runs at once (default: number of cores)");
  options->executor.add_to(*command);
  refuse_trace(*command, "a year keeps no single requests, expected `headroom run --trace`");
  command->footer(
      "The scenario's faults have mttf and mttr. Their timelines are sampled; of what happens in them, some "
      "of "
      "each sort is simulated request by request.\n"
      "A year that was stopped goes on where it was when the same command is given again.\n"
      "Example: headroom year scenarios/year.yaml");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
