#include "sim/study/plan.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/usage.h"
#include "sim/config/diagnostics.h"
#include "sim/config/units.h"
#include "sim/report/plans.h"

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

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int execute(const PlanCommand& command) {
  if (const auto wrong = command.executor.contradiction(command.result)) return fail(*wrong, kBadInput);
  config::Diagnostics diagnostics;
  if (!command.scenario.replications.empty())
    diagnostics.error({}, "--replications: a plan decides itself how many it needs, expected no such option");
  std::optional<study::PlanTasks> wanted;
  if (diagnostics.ok())
    wanted = study::load_plans(command.scenario.file, command.scenario.assignments(), options_of(command),
                               diagnostics);
  if (!wanted) {
    complain(diagnostics);
    return kBadInput;
  }
  const ResultOptions& result = command.result;
  const fs::path folder = result.folder(wanted->tasks.front().grid.base.scenario);
  const DeferInterrupts defer;
  if (const auto problem = report::NewFolder::check(folder)) return fail(*problem, kBadInput);
  auto opened = study::KeptReplications::open(folder);
  if (const auto* problem = std::get_if<report::Problem>(&opened)) return fail(*problem, kOther);
  auto& kept = std::get<study::KeptReplications>(opened);

  const auto executor = command.executor.make(result, folder, [](const std::string& text) { say(text); });
  report::Plans plans;
  std::vector<std::string> keys;
  std::optional<metrics::Invariant> violated;
  bool ended_early = false, failed = false;
  const auto begin = std::chrono::steady_clock::now();
  for (study::PlanTask& task : wanted->tasks) {
    const std::string value = wanted->each ? wanted->each->values[plans.plans.size()] + ": " : "";
    std::function<void(const std::string&)> decided;
    if (!result.quiet) decided = [&](const std::string& line) { say(value + line); };
    if (task.options.budget_s)
      *task.options.budget_s = std::max(0.0, *task.options.budget_s - seconds_since(begin));
    study::PlanOutcome outcome =
        study::run_plan(task, executor, command.executor.at_once(result), kept, decided);
    for (const std::string& failure : outcome.failures) say_error(failure);
    if (outcome.problem) {
      say_error(outcome.problem->message);
      say_what_is_kept(kept);
      return outcome.refused ? kBadInput : kOther;
    }
    keys.insert(keys.end(), outcome.keys.begin(), outcome.keys.end());
    if (!violated && !outcome.violated.empty()) violated = outcome.violated.front();
    const report::Plan& plan = outcome.files.plan;
    failed = failed || !outcome.failures.empty();
    ended_early = plan.ended == report::Plan::Ended::interrupted || interruptions() > 0 || failed;
    if (plan.ended == report::Plan::Ended::interrupted && plan.points.empty()) break;
    plans.plans.push_back(std::move(outcome.files));
    if (ended_early) break;
  }
  if (plans.plans.empty()) {
    say("interrupted before any point was decided; no result was written");
    say_what_is_kept(kept);
    return kOther;
  }
  const auto keep = [&](report::NewFolder& made) { return kept.copy_to(made, keys); };
  if (wanted->each) plans.each = *wanted->each;
  const report::PlanFiles& only = plans.plans.front();
  const report::Written written = wanted->each ? report::write_plans(folder, plans, !result.no_figures, keep)
                                               : report::write_plan(folder, only, !result.no_figures, keep);
  if (const auto not_written = conclude_writing(written, kept)) return *not_written;
  if (!result.quiet)
    print_painted(wanted->each ? report::table(plans, folder, colours())
                               : report::table(only.plan, folder, colours()));
  if (violated) return fail("invariant violated: " + violated->name + ": " + violated->detail, kInvariant);
  if (ended_early) return kOther;
  const bool found = wanted->each ? plans.found() : only.plan.found();
  return result.fail_on_slo && !found ? kSloMissed : kDone;
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
      ->add_option(
          "--each", options->plan.each,
          "PATH=LIST, as in --vary, of what nobody chooses, such as the load or an objective's bound: a "
          "plan for each of these, with one table and one figure")
      ->type_name("PATH=LIST");
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
      "--vary platform.hosts.api.count=3..5 --survive rack\n"
      "         headroom plan scenarios/seed-design.yaml --vary platform.hosts.worker.count=24..64 --set "
      "platform.hosts.api.count=5 --each workload.arrivals.poisson=8000/s,10000/s,12000/s --survive rack");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
