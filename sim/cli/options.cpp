#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/usage.h"
#include "sim/config/diagnostics.h"
#include "sim/study/kept.h"
#include "sim/study/load.h"
#include "sim/study/outline.h"
#include "sim/study/slurm.h"

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
  add_folder_to(command, jobs_help);
  add_output_to(command);
}

CLI::Option* ResultOptions::add_folder_to(CLI::App& command, const std::string& jobs_help) {
  whole_number(command.add_option("--jobs", jobs, jobs_help), 1, 1000);
  return command.add_option("--out", out, "result folder (default: results/<scenario>)")->type_name("DIR");
}

void ResultOptions::add_output_to(CLI::App& command) {
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

void ExecutorOptions::add_to(CLI::App& command) {
  static constexpr std::array<std::string_view, 2> kExecutors = {"local", "slurm"};
  one_of(command.add_option(
             "--executor", executor,
             "where it is computed: on this machine (local), or as job arrays of a cluster (slurm), which "
             "shares the result folder and this program; --jobs is then how many tasks an array has at most "
             "(default: one for each replication)"),
         "executor", kExecutors)
      ->type_name("local|slurm");
  command
      .add_option(
          "--slurm", slurm,
          "options for sbatch, in one word, such as '--partition=long --time=1:00:00'; for --executor "
          "slurm")
      ->type_name("'OPTIONS'");
}

CLI::Option* ExecutorOptions::add_shard_to(CLI::App& command) {
  return command
      .add_option_function<std::string>(
          "--shard", [this](const std::string& text) { shard = study::parse_shard(text); },
          "compute only part I of N, on any machine that shares the result folder; when all are through, "
          "`headroom merge` completes it")
      ->type_name("I/N")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return study::parse_shard(text)
                       ? std::string()
                       : "expected I/N, such as 2/8: a part from 1 to N, of N parts, at most " +
                             std::to_string(study::kMostParts) + ", got " + config::quote(text);
          },
          ""));
}

std::optional<std::string> ExecutorOptions::contradiction(const ResultOptions& result) const {
  if (shard && on_slurm())
    return "--shard and --executor slurm exclude each other: Slurm is given all parts, --shard computes one "
           "here";
  if (!slurm.empty() && !on_slurm()) return "--slurm is for --executor slurm, which was not asked for";
  if (shard && result.fail_on_slo)
    return "--fail-on-slo cannot be told of a part: `headroom merge` takes it, when all are through";
  if (slurm.empty()) return std::nullopt;
  const auto words = study::split_words(slurm);
  if (!words) return "--slurm: a quote is not closed in " + config::quote(slurm);
  const auto problem = study::wrong_sbatch_options(*words);
  return problem ? std::optional(problem->message) : std::nullopt;
}

int ExecutorOptions::at_once(const ResultOptions& result) const {
  return on_slurm() && result.jobs == 0 ? study::kMostParts : result.jobs_or_cores();
}

study::Executor ExecutorOptions::make(const ResultOptions& result, const std::filesystem::path& target,
                                      std::function<void(const std::string&)> hear) const {
  if (!on_slurm()) return study::on_this_machine(result.jobs_or_cores());
  study::SlurmOptions options;
  options.target = target;
  options.sbatch = study::split_words(slurm).value_or(std::vector<std::string>{});
  options.tasks = result.jobs;
  if (!result.quiet) options.say = std::move(hear);
  return study::on_slurm(std::move(options));
}

void print_warnings(const study::ScenarioConfig& scenario) {
  for (const std::string& warning : study::warnings(scenario)) say_warning(warning);
  for (const std::string& warning : study::load_warnings(scenario)) say_warning(warning);
}

void say_what_is_kept(const study::KeptReplications& kept, const std::string& go_on) {
  if (const std::size_t count = kept.unfinished(); count > 0)
    say(std::to_string(count) + " finished replications are kept in " + kept.folder().string() + "; " +
        go_on);
}

std::optional<int> conclude_writing(const report::Written& written, study::KeptReplications& kept,
                                    const std::string& go_on) {
  if (written.error) {
    say_error(written.error->message);
    say_what_is_kept(kept, go_on);
    return kOther;
  }
  kept.clear();
  for (const std::string& warning : written.warnings) say_warning(warning);
  return std::nullopt;
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
