#include <memory>
#include <string>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/config/diagnostics.h"
#include "sim/study/grid.h"
#include "sim/study/load.h"
#include "sim/study/outline.h"
#include "sim/study/plan.h"

namespace headroom::cli {

namespace {

/// "platform.hosts.worker.count (28 … 48) × racks (all racks, rack a1 down)"
std::string what_varies(const study::Grid& grid) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (const config::Axis& axis : grid.axes) {
    const auto& alternatives = axis.alternatives;
    std::string names = alternatives.front().name;
    if (alternatives.size() > kMost) names += " … " + alternatives.back().name;
    for (std::size_t i = 1; i < alternatives.size() && alternatives.size() <= kMost; ++i)
      names += ", " + alternatives[i].name;
    text += (text.empty() ? "" : " × ") + axis.label + " (" + names + ")";
  }
  return text;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  auto options = std::make_shared<ScenarioOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "validate a scenario and its platform without running; say what would be simulated");
  options->add_to(*command);
  command->footer("Example: headroom check scenarios/baseline.yaml --set workload.users=1000");
  command->callback([options, &status] {
    config::Diagnostics diagnostics;
    const auto scenario = study::load_scenario(options->file, options->assignments(), diagnostics);
    if (!scenario) {
      complain(diagnostics);
      status = kBadInput;
      return;
    }
    print_warnings(*scenario);
    std::string text = study::outline(*scenario);
    if (scenario->sweep) {
      const auto grid = study::load_grid(options->file, options->assignments(), {}, diagnostics);
      if (!grid) {
        complain(diagnostics);
        status = kBadInput;
        return;
      }
      text +=
          "  sweep        " + std::to_string(grid->points.size()) + " points: " + what_varies(*grid) + "\n";
    }
    if (scenario->plan && scenario->plan->vary) {
      const auto plans =
          study::load_plans(options->file, options->assignments(), study::PlanOptions{}, diagnostics);
      if (!plans) {
        complain(diagnostics);
        status = kBadInput;
        return;
      }
      const study::PlanTask& task = plans->tasks.front();
      text += "  plan         " + std::to_string(task.grid.points.size()) +
              " points: " + what_varies(task.grid) + "; the " + (task.plan.maximize ? "most " : "least ") +
              task.goal + "\n";
    }
    print(text);
  });
}

}  // namespace headroom::cli
