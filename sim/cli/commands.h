#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/result_folder.h"
#include "sim/study/executor.h"

/// One function per command: adds it to the application and, when it is chosen, sets `status` to the exit
/// status (SPEC §2).
namespace headroom::study {
class KeptReplications;
struct ScenarioConfig;
}  // namespace headroom::study

namespace headroom::cli {

// Exit statuses.
inline constexpr int kDone = 0;
inline constexpr int kSloMissed = 1;  ///< with --fail-on-slo
inline constexpr int kBadInput = 2;
inline constexpr int kInvariant = 3;  ///< an invariant of the simulation was violated
inline constexpr int kOther = 4;

void add_run(CLI::App& app, int& status);
void add_sweep(CLI::App& app, int& status);
void add_plan(CLI::App& app, int& status);
void add_survive(CLI::App& app, int& status);
void add_year(CLI::App& app, int& status);
void add_merge(CLI::App& app, int& status);
void add_part(CLI::App& app, int& status);
void add_compare(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_plot(CLI::App& app, int& status);
void add_calibrate(CLI::App& app, int& status);
void add_schema(CLI::App& app, int& status);
void add_metrics(CLI::App& app, int& status);
void add_list(CLI::App& app, int& status);

/// What every command that reads a scenario takes.
struct ScenarioOptions {
  std::string file;
  std::vector<std::string> sets;
  std::string seed;
  std::string replications;
  void add_to(CLI::App& command);
  /// The sets, and the short forms of two of them, in the order in which they apply.
  std::vector<std::string> assignments() const;
};

/// What every command that writes a result takes.
struct ResultOptions {
  std::string out;
  int jobs = 0;
  bool quiet = false;
  bool no_figures = false;
  bool fail_on_slo = false;
  void add_to(CLI::App& command, const std::string& jobs_help);
  /// `out` (which is returned) and `jobs`; and all but these.
  CLI::Option* add_folder_to(CLI::App& command, const std::string& jobs_help);
  void add_output_to(CLI::App& command);
  /// Where the result goes.
  std::filesystem::path folder(const std::string& scenario) const;
  int jobs_or_cores() const;
};

/// `--trace` is refused: this command follows no requests. `instead`: what to do.
void refuse_trace(CLI::App& command, const std::string& instead);

/// Where the replications of a study are computed.
struct ExecutorOptions {
  std::string executor = "local";
  std::string slurm;                  ///< options of sbatch
  std::optional<study::Shard> shard;  ///< only this part
  /// All but `shard`; and that one.
  void add_to(CLI::App& command);
  CLI::Option* add_shard_to(CLI::App& command);
  bool on_slurm() const { return executor == "slurm"; }
  /// What is wrong with them together.
  std::optional<std::string> contradiction(const ResultOptions& result) const;
  /// How many replications are worth asking for at the same time.
  int at_once(const ResultOptions& result) const;
  /// `hear` is told what a person may want to know meanwhile.
  study::Executor make(const ResultOptions& result, const std::filesystem::path& target,
                       std::function<void(const std::string&)> hear) const;
};

/// What is doubtful about a scenario, or will be tight when it runs: on stderr, a line each.
void print_warnings(const study::ScenarioConfig& scenario);

/// What is kept of a study of many runs when no result is written; `go_on`: what to do with it.
inline constexpr const char* kGoOn = "the same command goes on from there";
void say_what_is_kept(const study::KeptReplications& kept, const std::string& go_on = kGoOn);
/// After a result was to be written: the exit status if it could not be, which is said, and what is kept is;
/// otherwise nothing is kept beside it any more, and what was doubtful about it is said.
std::optional<int> conclude_writing(const report::Written& written, study::KeptReplications& kept,
                                    const std::string& go_on = kGoOn);
/// How many replications a study found done, if any.
void print_reused(std::size_t reused, std::size_t computed);

/// Whether the standard output takes colours.
bool colours();

}  // namespace headroom::cli
