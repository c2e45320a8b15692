#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/study/codecs.h"

namespace headroom::cli {

void add_schema(CLI::App& app, int& status) {
  auto reference = std::make_shared<bool>(false);
  auto platform = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("schema", "JSON Schema of the scenario language, for editors");
  command->add_flag("--platform", *platform, "of a platform file instead");
  command->add_flag("--reference", *reference,
                    "as a table of keys, defaults and meanings (Markdown) instead");
  command->footer("Example: headroom schema > scenario.schema.json");
  command->callback([reference, platform, &status] {
    status = kDone;
    if (*reference) {
      print(*platform ? config::reference<world::PlatformConfig>()
                      : config::reference<study::ScenarioConfig>());
      return;
    }
    const nlohmann::json schema =
        *platform ? config::schema<world::PlatformConfig>() : config::schema<study::ScenarioConfig>();
    print(schema.dump(2) + "\n");
  });
}

}  // namespace headroom::cli
