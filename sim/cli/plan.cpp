#include "sim/study/plan.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
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
};

/// A quantity of an option; an error that says what was expected.
template <class Q>
std::optional<Q> quantity(const std::string& option, const std::string& text,
                          config::Diagnostics& diagnostics) {
  std::string why;
  auto value = config::parse_quantity<Q>(text, why);
  if (!value) diagnostics.error({}, option + ": " + why);
  return value;
}

/// What stands in options, besides what CLI11 has read.
study::PlanOptions read(const PlanCommand& command, config::Diagnostics& diagnostics) {
  study::PlanOptions options = command.plan;
  for (const std::string& list : command.survive) {
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(',', begin), list.size());
      const std::string name = list.substr(begin, end - begin);
      begin = end + 1;
      const auto& names = enum_names<study::Survive>::names;
      const auto found = std::find(std::begin(names), std::end(names), name);
      if (found == std::end(names)) {
        const std::vector<std::string_view> known(std::begin(names), std::end(names));
        diagnostics.error({}, "--survive: unknown kind " + config::quote(name) + ", expected " +
                                  config::list_of(known) + config::did_you_mean(name, known));
        continue;
      }
      options.survive.push_back(static_cast<study::Survive>(found - std::begin(names)));
    }
  }
  if (!command.confidence.empty()) {
    const auto share = quantity<Share>("--confidence", command.confidence, diagnostics);
    if (share && (share->value < 0.5 || share->value > 0.999999))
      diagnostics.error({},
                        "--confidence: expected a share from 50% to 99.9999%, got " + config::print(*share));
    else if (share)
      options.confidence = share->value;
  }
  if (!command.indifference.empty()) {
    const auto share = quantity<Share>("--indifference", command.indifference, diagnostics);
    if (share && (share->value <= 0 || share->value >= 1))
      diagnostics.error({},
                        "--indifference: expected a share between 0% and 100%, got " + config::print(*share));
    else if (share)
      options.indifference = share->value;
  }
  if (!command.budget.empty()) {
    const auto time = quantity<Duration>("--budget", command.budget, diagnostics);
    if (time && *time <= Duration())
      diagnostics.error({}, "--budget: expected some time, got " + config::print(*time));
    else if (time)
      options.budget_s = time->seconds();
  }
  if (!command.growth.empty()) {
    const std::size_t slash = command.growth.find('/');
    if (slash == std::string::npos) {
      diagnostics.error(
          {}, "--growth: expected a share per time, such as 5%/30d, got " + config::quote(command.growth));
    } else {
      const auto share = quantity<Share>("--growth", command.growth.substr(0, slash), diagnostics);
      const auto time = quantity<Duration>("--growth", command.growth.substr(slash + 1), diagnostics);
      if (share && share->value <= 0)
        diagnostics.error({}, "--growth: expected a share above 0%, got " + config::print(*share));
      else if (time && *time <= Duration())
        diagnostics.error({}, "--growth: expected some time behind the slash, got " + config::print(*time));
      else if (share && time)
        options.growth = study::PlanOptions::Growth{share->value, time->seconds()};
    }
  }
  return options;
}

void tell_what_is_kept(const study::KeptReplications& kept) {
  if (const std::size_t count = kept.unfinished(); count > 0)
    say(std::to_string(count) + " finished replications are kept in " + kept.folder().string() +
        "; the same command goes on from there");
}

int execute(const PlanCommand& command) {
  config::Diagnostics diagnostics;
  if (!command.scenario.replications.empty())
    diagnostics.error({}, "--replications: a plan decides itself how many it needs, expected no such option");
  const study::PlanOptions options = read(command, diagnostics);
  std::optional<study::PlanTask> task;
  if (diagnostics.ok())
    task = study::load_plan(command.scenario.file, command.scenario.assignments(), options, diagnostics);
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
  const study::PlanOutcome outcome = study::run_plan(*task, result.jobs_or_cores(), kept, decided);
  for (const std::string& failure : outcome.failures) say_error(failure);
  if (outcome.problem) {
    say_error(outcome.problem->message);
    tell_what_is_kept(kept);
    return kOther;
  }
  const report::Plan& plan = outcome.files.plan;
  if (plan.ended == report::Plan::Ended::interrupted && plan.points.empty()) {
    say("interrupted before any point was decided; no result was written");
    tell_what_is_kept(kept);
    return kOther;
  }
  const report::Written written =
      report::write_plan(folder, outcome.files, !result.no_figures,
                         [&](report::NewFolder& made) { return kept.copy_to(made, outcome.keys); });
  if (written.error) {
    say_error(written.error->message);
    tell_what_is_kept(kept);
    return kOther;
  }
  kept.clear();
  for (const std::string& warning : written.warnings) say_warning(warning);
  if (!result.quiet) print_painted(report::table(plan, folder, colours()));
  for (const metrics::Invariant& invariant : outcome.violated)
    return fail("invariant violated: " + invariant.name + ": " + invariant.detail, kInvariant);
  if (interruptions() > 0 || !outcome.failures.empty()) return kOther;
  return result.fail_on_slo && !plan.answer ? kSloMissed : kDone;
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
                   "cost.usd_per_hour (the default) or a path that is varied: the least that holds")
      ->type_name("METRIC");
  command
      ->add_option("--maximize", options->plan.maximize,
                   "a path that is varied, such as the load: the most that holds, and the headroom")
      ->type_name("PATH");
  command
      ->add_option(
          "--survive", options->survive,
          "host, rack, switch, power, cooling, zone (a list with commas) or any: the objectives have to hold "
          "with any one of them gone, too")
      ->type_name("KINDS")
      ->allow_extra_args(false);
  command->add_option("--confidence", options->confidence, "how sure the answer is to be (default: 95%)")
      ->type_name("SHARE");
  command
      ->add_option(
          "--indifference", options->indifference,
          "how far from its bound either answer is right (default: 1% of the bound, of shares 10% of the "
          "distance to perfect)")
      ->type_name("SHARE");
  command
      ->add_option("--budget", options->budget,
                   "wall clock time, after which the best answer so far is given")
      ->type_name("TIME");
  command
      ->add_option("--growth", options->growth,
                   "with --maximize: how fast the load grows, such as 5%/30d; says how long it lasts")
      ->type_name("SHARE/TIME");
  command->add_flag("--exhaustive", options->plan.exhaustive,
                    "test every point that arithmetic does not rule out");
  options->result.add_to(*command, "replications at once (default: number of cores)");
  refuse_trace(*command, "a plan keeps numbers only, expected `headroom run --trace` with its scenario.yaml");
  command->footer(
      "A plan that was stopped goes on where it was when the same command is given again.\n"
      "Example: headroom plan scenarios/seed-design.yaml --vary platform.hosts.worker.count=24..64 "
      "--vary platform.hosts.api.count=3..5 --survive rack");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
