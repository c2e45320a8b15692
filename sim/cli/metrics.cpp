#include <algorithm>
#include <cstdio>

#include "sim/cli/commands.h"
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
      name = std::max(name, m.name.size());
      unit = std::max(unit, m.unit.size());
    }
    for (const auto& m : study::catalogue())
      std::printf("%-*.*s  %-*.*s  %.*s\n", static_cast<int>(name), static_cast<int>(m.name.size()),
                  m.name.data(), static_cast<int>(unit), static_cast<int>(m.unit.size()), m.unit.data(),
                  static_cast<int>(m.definition.size()), m.definition.data());
  });
}

}  // namespace headroom::cli
