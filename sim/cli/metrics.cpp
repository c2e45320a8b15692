#include <algorithm>
#include <string>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/report/paint.h"
#include "sim/study/catalogue.h"

namespace headroom::cli {

void add_metrics(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("metrics", "every metric: name, unit, definition");
  command->footer("Example: headroom metrics | grep latency");
  command->callback([&status] {
    status = kDone;
    std::size_t name = 0;
    std::size_t unit = 0;
    for (const auto& m : study::catalogue()) {
      name = std::max(name, report::columns(m.name));
      unit = std::max(unit, report::columns(m.unit));
    }
    for (const auto& m : study::catalogue())
      print(report::padded(m.name, name, false) + "  " + report::padded(m.unit, unit, false) + "  " +
            std::string(m.definition) + "\n");
  });
}

}  // namespace headroom::cli
