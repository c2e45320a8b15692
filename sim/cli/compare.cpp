#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/config/change.h"
#include "sim/config/diagnostics.h"
#include "sim/config/reader.h"
#include "sim/report/comparison.h"
#include "sim/report/plan_comparison.h"
#include "sim/report/survival.h"
#include "sim/report/year.h"
#include "sim/study/catalogue.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  std::string a, b;
  bool all = false;
};

int refused(const report::Problem& problem) {
  return fail(problem, kBadInput);
}

/// "B differs in platform.hosts.worker.count: 40 → 36", from the scenarios in the folders.
std::string changed(const fs::path& a, const fs::path& b) {
  constexpr std::size_t kMost = 6;
  constexpr std::size_t kLongest = 60;
  config::Diagnostics ignored;
  const auto before = config::read_file((a / "scenario.yaml").string(), ignored);
  const auto after = config::read_file((b / "scenario.yaml").string(), ignored);
  if (!before || !after) return "";
  const auto all = config::changes(before->without("sweep"), after->without("sweep"));
  if (all.empty()) return "the scenarios are the same\n";
  const auto brief = [](const std::string& text) {
    if (text.empty()) return std::string("(absent)");
    return text.size() > kLongest ? std::string("{…}") : text;
  };
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < kMost; ++i)
    text += "B has " + all[i].path + ": " + brief(all[i].before) + " → " + brief(all[i].after) + "\n";
  if (all.size() > kMost)
    text += "and " + std::to_string(all.size() - kMost) + " more changes of the scenario\n";
  return text;
}

int execute(const CompareOptions& options) {
  for (const std::string& folder : {options.a, options.b})
    if (report::is_survival(folder))
      return refused({folder + " is of `headroom survive`; expected two runs, such as two of those in " +
                      (fs::path(folder) / "runs").string() + ", or two sweeps"});
  for (const std::string& folder : {options.a, options.b})
    if (report::is_year(folder))
      return refused({folder +
                      " is of `headroom year`, whose numbers are in its year.json; expected two runs or "
                      "two sweeps"});
  const bool plan_a = report::is_plan(options.a), plan_b = report::is_plan(options.b);
  if (plan_a != plan_b)
    return refused({(plan_a ? options.a : options.b) + " is a plan and " + (plan_a ? options.b : options.a) +
                    " is not; expected two plans"});
  if (plan_a) {
    const auto compared = report::compare_plans(options.a, options.b, study::catalogue(), colours());
    if (const auto* problem = std::get_if<report::Problem>(&compared)) return refused(*problem);
    print_painted(std::get<std::string>(compared));
    return kDone;
  }
  const bool sweep_a = report::is_sweep(options.a);
  const bool sweep_b = report::is_sweep(options.b);
  if (sweep_a != sweep_b)
    return refused({(sweep_a ? options.a : options.b) + " is a sweep and " +
                    (sweep_a ? options.b : options.a) + " is not; expected two runs or two sweeps"});
  std::string text;
  if (sweep_a) {
    const auto compared = report::compare_sweeps(options.a, options.b, study::catalogue());
    if (const auto* problem = std::get_if<report::Problem>(&compared)) return refused(*problem);
    text = report::table(options.a, options.b, std::get<report::SweepComparison>(compared),
                         study::catalogue(), colours());
  } else {
    const auto a = report::load_side(options.a);
    const auto b = report::load_side(options.b);
    int status = kDone;
    for (const auto* side : {&a, &b})
      if (const auto* problem = std::get_if<report::Problem>(side)) status = refused(*problem);
    if (status != kDone) return status;
    std::vector<report::Comparison> compared = {
        report::difference(std::get<report::Side>(a), std::get<report::Side>(b))};
    const report::Judgement judged = report::judge(compared, study::catalogue());
    text = report::table(std::get<report::Side>(a), std::get<report::Side>(b), compared.front(), judged,
                         study::catalogue(), options.all, colours());
  }
  print(changed(options.a, options.b));
  print_painted(text);
  return kDone;
}

}  // namespace

void add_compare(CLI::App& app, int& status) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand(
      "compare", "two results side by side: difference, its confidence interval, verdict per metric");
  command->add_option("A", options->a, "result folder of a run, a sweep or a plan")->required();
  command->add_option("B", options->b, "result folder that is held against it")->required();
  command->add_flag("--all", options->all, "every metric, not only those that matter or differ");
  command->footer(
      "Replications of one seed share their random numbers: compare results of the same seed, with several\n"
      "replications.\n"
      "Example: headroom compare results/baseline results/overload");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
