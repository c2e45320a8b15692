#include "sim/study/plan.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/usage.h"
#include "sim/config/diagnostics.h"
#include "sim/config/units.h"
#include "sim/report/plan.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

struct PlanCommand {
  ScenarioOptions scenario;
  study::PlanOptions plan;
  std::vector<std::string> survive;
  std::string confidence, indifference, budget, growth;
  ResultOptions result;
  ExecutorOptions executor;
};

/// "5%/30d"; empty and why not.
std::optional<study::PlanOptions::Growth> growth_of(const std::string& text, std::string& why) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) {
    why = "expected a share per time, such as 5%/30d, got " + config::quote(text);
    return std::nullopt;
  }
  const auto share = config::parse_quantity<Share>(text.substr(0, slash), why);
  if (!share) return std::nullopt;
  const auto time = config::parse_quantity<Duration>(text.substr(slash + 1), why);
  if (!time) return std::nullopt;
  if (share->value <= 0) why = "expected a share above 0%, got " + config::print(*share);
  if (*time <= Duration()) why = "expected some time behind the slash, got " + config::print(*time);
  if (!why.empty()) return std::nullopt;
  return study::PlanOptions::Growth{share->value, time->seconds()};
}

/// What stands in options, which CLI11 has checked.
study::PlanOptions options_of(const PlanCommand& command) {
  study::PlanOptions options = command.plan;
  const auto& names = enum_names<study::Survive>::names;
  for (const std::string& name : command.survive)
    options.survive.push_back(
        static_cast<study::Survive>(std::find(std::begin(names), std::end(names), name) - std::begin(names)));
  if (!command.confidence.empty()) options.confidence = share_of(command.confidence).value;
  if (!command.indifference.empty()) options.indifference = share_of(command.indifference).value;
  if (!command.budget.empty()) options.budget_s = duration_of(command.budget).seconds();
  std::string why;
  if (!command.growth.empty()) options.growth = growth_of(command.growth, why);
  return options;
}

int execute(const PlanCommand& command) {
  if (const auto wrong = command.executor.contradiction(command.result)) return fail(*wrong, kBadInput);
  config::Diagnostics diagnostics;
  if (!command.scenario.replications.empty())
    diagnostics.error({}, "--replications: a plan decides itself how many it needs, expected no such option");
  std::optional<study::PlanTask> task;
  if (diagnostics.ok())
    task = study::load_plan(command.scenario.file, command.scenario.assignments(), options_of(command),
                            diagnostics);
  if (!task) {
    complain(diagnostics);
    return kBadInput;
  }
  const ResultOptions& result = command.result;
  const fs::path folder = result.folder(task->grid.base.scenario);
  const DeferInterrupts defer;
  if (const auto problem = report::NewFolder::check(folder)) return fail(*problem, kBadInput);
  auto opened = study::KeptReplications::open(folder);
  if (const auto* problem = std::get_if<report::Problem>(&opened)) return fail(*problem, kOther);
  auto& kept = std::get<study::KeptReplications>(opened);

  std::function<void(const std::string&)> decided;
  if (!result.quiet) decided = [](const std::string& line) { say(line); };
  const study::PlanOutcome outcome = study::run_plan(
      *task, command.executor.make(result, folder, [](const std::string& text) { say(text); }),
      command.executor.at_once(result), kept, decided);
  for (const std::string& failure : outcome.failures) say_error(failure);
  if (outcome.problem) {
    say_error(outcome.problem->message);
    say_what_is_kept(kept);
    return outcome.refused ? kBadInput : kOther;
  }
  const report::Plan& plan = outcome.files.plan;
  if (plan.ended == report::Plan::Ended::interrupted && plan.points.empty()) {
    say("interrupted before any point was decided; no result was written");
    say_what_is_kept(kept);
    return kOther;
  }
  const report::Written written =
      report::write_plan(folder, outcome.files, !result.no_figures,
                         [&](report::NewFolder& made) { return kept.copy_to(made, outcome.keys); });
  if (const auto failed = conclude_writing(written, kept)) return *failed;
  if (!result.quiet) print_painted(report::table(plan, folder, colours()));
  for (const metrics::Invariant& invariant : outcome.violated)
    return fail("invariant violated: " + invariant.name + ": " + invariant.detail, kInvariant);
  if (interruptions() > 0 || plan.ended == report::Plan::Ended::interrupted || !outcome.failures.empty())
    return kOther;
  return result.fail_on_slo && !plan.found() ? kSloMissed : kDone;
}

}  // namespace

void add_plan(CLI::App& app, int& status) {
  auto options = std::make_shared<PlanCommand>();
  CLI::App* command = app.add_subcommand(
      "plan", "find the cheapest configuration that meets the objectives, and say how sure that is");
  options->scenario.add_to(*command);
  command
      ->add_option(
          "--vary", options->plan.varies,
          "PATH=LO..HI, PATH=LO..HI:STEP or PATH=A,B,C: what may be chosen; repeatable; default: the "
          "scenario's `plan: vary:`")
      ->type_name("PATH=LIST")
      ->allow_extra_args(false);
  command
      ->add_option("--minimize", options->plan.minimize,
                   "cost.usd_per_hour (the default), a path that is varied, or any other metric, for which "
                   "every point is "
                   "run: the least that holds")
      ->type_name("METRIC");
  command
      ->add_option("--maximize", options->plan.maximize,
                   "a path that is varied, such as the load: the most that holds, and the headroom")
      ->type_name("PATH");
  one_of(
      command->add_option(
          "--survive", options->survive,
          "host, rack, switch, power, cooling, zone (a list with commas) or any: the objectives have to hold "
          "with any one of them gone, too"),
      "kind", enum_names<study::Survive>::names)
      ->delimiter(',')
      ->allow_extra_args(false);
  share(
      command->add_option("--confidence", options->confidence, "how sure the answer is to be (default: 95%)"),
      0.5, 0.999999);
  share(command->add_option(
            "--indifference", options->indifference,
            "how far from its bound either answer is right (default: 1% of the bound, of shares 10% of the "
            "distance to perfect)"),
        1e-6, 0.999999);
  duration(command->add_option("--budget", options->budget,
                               "wall clock time, after which the best answer so far is given"),
           /*zero=*/false);
  command
      ->add_option("--growth", options->growth,
                   "with --maximize: how fast the load grows, such as 5%/30d; says how long it lasts")
      ->type_name("SHARE/TIME")
      ->transform(CLI::Validator(
          [](std::string& text) {
            std::string why;
            growth_of(text, why);
            return why;
          },
          ""));
  command->add_flag("--exhaustive", options->plan.exhaustive,
                    "test every point that arithmetic does not rule out");
  command
      ->add_option(
          "--uncertain", options->plan.uncertain,
          "an input that is not known exactly: a rate, share, duration or size, and how likely which value "
          "is; repeatable. Each world is planned, and the answer holds in as many as --confidence says")
      ->type_name("PATH=DISTRIBUTION")
      ->allow_extra_args(false);
  whole_number(command->add_option("--worlds", options->plan.worlds, "that are drawn of what is uncertain"),
               1, 1'000)
      ->capture_default_str();
  options->result.add_to(*command, "replications at once (default: number of cores)");
  options->executor.add_to(*command);
  refuse_trace(*command, "a plan keeps numbers only, expected `headroom run --trace` with its scenario.yaml");
  command->footer(
      "A plan that was stopped goes on where it was when the same command is given again.\n"
      "Example: headroom plan scenarios/seed-design.yaml --vary platform.hosts.worker.count=24..64 "
      "--vary platform.hosts.api.count=3..5 --survive rack");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
