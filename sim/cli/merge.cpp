#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/sweep_result.h"
#include "sim/config/diagnostics.h"
#include "sim/report/sweep.h"
#include "sim/study/parts.h"
#include "sim/study/sweep.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

struct MergeOptions {
  std::string folder;
  bool partial = false;
  ResultOptions result;
};

/// Whether there is a sweep already of which nothing is missing.
bool complete(const fs::path& folder) {
  if (!report::is_sweep(folder)) return false;
  const auto sweep = report::load_sweep(folder);
  return std::holds_alternative<report::Sweep>(sweep) && !std::get<report::Sweep>(sweep).partial();
}

int execute(const MergeOptions& options) {
  const fs::path folder = options.folder;
  const DeferInterrupts defer;
  if (const auto problem = report::NewFolder::check(folder)) return fail(*problem, kBadInput);
  auto opened = study::KeptReplications::open(folder);
  if (const auto* problem = std::get_if<report::Problem>(&opened)) return fail(*problem, kOther);
  auto& kept = std::get<study::KeptReplications>(opened);
  const auto found = study::parts_in(kept, folder);
  if (const auto* problems = std::get_if<std::vector<report::Problem>>(&found)) {
    for (const report::Problem& problem : *problems) say_error(problem.message);
    if (complete(folder)) say(folder.string() + " is a sweep already, and nothing is missing in it");
    return kBadInput;
  }
  const auto& parts = std::get<study::Parts>(found);
  config::Diagnostics diagnostics;
  const auto grid = study::load_grid(parts.sweep.string(), {}, {}, diagnostics);
  if (!grid) {
    complain(diagnostics);
    return kBadInput;
  }
  study::SweepOutcome outcome = study::run_sweep(
      *grid,
      [&parts](const auto&, auto&, const auto&) {
        study::Executed nothing;
        nothing.effort = parts.effort;
        return nothing;
      },
      kept);
  outcome.files.effort.wall_clock_s = parts.effort.wall_clock_s;
  const study::BatchOutcome& batch = outcome.batch;
  const auto incomplete = study::incomplete_parts(parts, batch.missing, batch.reused + batch.missing.size());
  for (const std::string& sentence : incomplete) say_error(sentence);
  if (!incomplete.empty() && !options.partial) {
    kept.leave();
    say("nothing was written; run what is missing and merge again, or have what there is with --partial");
    return kBadInput;
  }
  return conclude(
      outcome, kept, folder, options.result,
      [&] {
        print("  merged       " + std::to_string(parts.shards.size()) +
              (parts.shards.size() == 1 ? " part\n" : " parts\n"));
      },
      "run what is missing and merge again");
}

}  // namespace

void add_merge(CLI::App& app, int& status) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command = app.add_subcommand(
      "merge", "complete the result of a sweep whose parts were run with --shard, on whatever machines");
  command->add_option("DIR", options->folder, "the result folder, which every part was given (--out)")
      ->required();
  command->add_flag("--partial", options->partial,
                    "write what there is though parts are missing, marked as partial");
  options->result.add_output_to(*command);
  command->footer(
      "Parts are run with, say:\n"
      "  headroom sweep scenarios/baseline.yaml --vary platform.hosts.worker.count=28..48:4 --shard 1/2 "
      "--out "
      "results/fleet\n"
      "  headroom sweep scenarios/baseline.yaml --vary platform.hosts.worker.count=28..48:4 --shard 2/2 "
      "--out "
      "results/fleet\n"
      "Example: headroom merge results/fleet");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
