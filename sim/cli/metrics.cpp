#include <algorithm>
#include <memory>
#include <string>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/report/paint.h"
#include "sim/study/catalogue.h"

namespace headroom::cli {
namespace {

/// A line for each entry: name, unit, definition, and what a scenario needs to have for it.
void list(const auto& catalogue) {
  std::size_t name = 0;
  std::size_t unit = 0;
  for (const auto& entry : catalogue) {
    name = std::max(name, report::columns(entry.name));
    unit = std::max(unit, report::columns(entry.unit));
  }
  for (const auto& entry : catalogue) {
    std::string line = report::padded(entry.name, name, false) + "  " +
                       report::padded(entry.unit, unit, false) + "  " + std::string(entry.definition);
    if (!entry.needs.empty()) line += "; needs " + std::string(entry.needs);
    print(line + "\n");
  }
}

}  // namespace

void add_metrics(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("metrics", "every metric: name, unit, definition, what it needs");
  const auto series = std::make_shared<bool>(false);
  command->add_flag("--series", *series, "the columns of timeseries.csv instead, in the same way");
  command->footer(
      "What a metric needs is a path of the resolved scenario: there is none without it. `*` stands for\n"
      "anything.\n"
      "Example: headroom metrics | grep latency");
  command->callback([series, &status] {
    status = kDone;
    *series ? list(study::series_catalogue()) : list(study::catalogue());
  });
}

}  // namespace headroom::cli
