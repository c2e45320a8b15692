#include "sim/cli/commands.h"
#include "sim/cli/usage.h"

namespace headroom::cli {

void ScenarioOptions::add_to(CLI::App& command) {
  command.add_option("SCENARIO", file, "scenario file (YAML)")->required();
  command
      .add_option(
          "--set", sets,
          "PATH=VALUE: replaces a node of the scenario, such as platform.hosts.worker.count=28; VALUE is "
          "YAML, null removes; repeatable")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command.add_option("--seed", seed, "seed of all random streams")
      ->type_name("N")
      ->check(whole_number(0, 9'000'000'000'000'000));
  command.add_option("--replications", replications, "independent runs")
      ->type_name("N")
      ->check(whole_number(1, 10'000));
}

std::vector<std::string> ScenarioOptions::assignments() const {
  std::vector<std::string> all = sets;
  if (!seed.empty()) all.push_back("seed=" + seed);
  if (!replications.empty()) all.push_back("run.replications=" + replications);
  return all;
}

}  // namespace headroom::cli
