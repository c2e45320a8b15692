#include <memory>
#include <string>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/config/diagnostics.h"
#include "sim/study/grid.h"
#include "sim/study/load.h"
#include "sim/study/outline.h"

namespace headroom::cli {

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
      text += "  sweep        " + std::to_string(grid->points.size()) + " points\n";
    }
    print(text);
  });
}

}  // namespace headroom::cli
