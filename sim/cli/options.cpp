#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/usage.h"
#include "sim/study/kept.h"
#include "sim/study/load.h"
#include "sim/study/outline.h"

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
  whole_number(command.add_option("--seed", seed, "seed of all random streams"), 0, 9'000'000'000'000'000);
  whole_number(command.add_option("--replications", replications, "independent runs"), 1, 10'000);
}

std::vector<std::string> ScenarioOptions::assignments() const {
  std::vector<std::string> all = sets;
  if (!seed.empty()) all.push_back("seed=" + seed);
  if (!replications.empty()) all.push_back("run.replications=" + replications);
  return all;
}

void ResultOptions::add_to(CLI::App& command, const std::string& jobs_help) {
  command.add_option("--out", out, "result folder (default: results/<scenario>)")->type_name("DIR");
  whole_number(command.add_option("--jobs", jobs, jobs_help), 1, 1000);
  command.add_flag("--quiet", quiet, "no output but errors");
  command.add_flag("--no-figures", no_figures, "draw nothing");
  command.add_flag("--fail-on-slo", fail_on_slo, "exit status 1 if an objective is missed");
}

std::filesystem::path ResultOptions::folder(const std::string& scenario) const {
  return out.empty() ? std::filesystem::path("results") / scenario : std::filesystem::path(out);
}

int ResultOptions::jobs_or_cores() const {
  return jobs > 0 ? jobs : static_cast<int>(std::thread::hardware_concurrency());
}

void refuse_trace(CLI::App& command, const std::string& instead) {
  const auto refuse = [instead] { throw CLI::ValidationError("--trace", instead); };
  command.add_flag_callback("--trace", refuse)->group("");  // not shown
}

void print_warnings(const study::ScenarioConfig& scenario) {
  for (const std::string& warning : study::warnings(scenario)) say_warning(warning);
  for (const std::string& warning : study::load_warnings(scenario)) say_warning(warning);
}

void say_what_is_kept(const study::KeptReplications& kept) {
  if (const std::size_t count = kept.unfinished(); count > 0)
    say(std::to_string(count) + " finished replications are kept in " + kept.folder().string() +
        "; the same command goes on from there");
}

void print_reused(std::size_t reused, std::size_t computed) {
  if (reused > 0)
    print("  kept         " + std::to_string(reused) + " of " + std::to_string(reused + computed) +
          " replications were there already\n");
}

bool colours() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace headroom::cli
