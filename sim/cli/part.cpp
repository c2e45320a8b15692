#include "sim/cli/part.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <utility>
#include <variant>

#include "sim/base/interrupt.h"
#include "sim/cli/output.h"
#include "sim/report/progress.h"
#include "sim/study/work.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

struct PartCommand {
  std::string file;
  ExecutorOptions executor;
  ResultOptions result;
};

int execute(const PartCommand& command) {
  const fs::path file = command.file;
  const study::Shard shard = command.executor.shard.value_or(study::Shard{});
  const DeferInterrupts defer;
  auto read = study::read_work(file, shard);
  if (const auto* problem = std::get_if<report::Problem>(&read)) return fail(*problem, kBadInput);
  auto& work = std::get<study::Work>(read);
  auto opened = study::KeptReplications::open(command.result.out, study::KeptReplications::Use::part);
  if (const auto* problem = std::get_if<report::Problem>(&opened)) return fail(*problem, kOther);
  auto& kept = std::get<study::KeptReplications>(opened);
  for (std::size_t n = 0; n < work.replications.size(); ++n)
    if (shard.has(n)) work.replications[n].kept = kept.has(work.replications[n].key);
  return compute_part(
      work.replications, shard, kept, command.result.jobs_or_cores(), command.result.quiet, "",
      [&](const report::Effort& effort) { return study::put_effort(file.parent_path(), shard, effort); }, "",
      "");
}

}  // namespace

int compute_part(const std::vector<study::Wanted>& all, study::Shard shard, study::KeptReplications& kept,
                 int jobs, bool quiet, const std::string& title,
                 const std::function<std::optional<report::Problem>(const report::Effort&)>& record,
                 const std::string& go_on, const std::string& and_then) {
  const std::string part = "part " + shard.name();
  study::Executed executed;
  {
    report::Progress progress(title + (title.empty() ? "" : ", ") + part, 0, !quiet);
    executed =
        study::on_this_machine(jobs, shard)(all, kept, [&progress](double share) { progress.show(share); });
  }
  for (const std::string& failure : executed.failures) say_error(failure);
  std::size_t size = 0;
  std::size_t lacking = 0;
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (!shard.has(n)) continue;
    ++size;
    lacking += all[n].kept || kept.has(all[n].key) ? 0 : 1;
  }
  if (!executed.problem) executed.problem = record(executed.effort);
  if (executed.problem) say_error(executed.problem->message);
  if (lacking > 0) {
    say(std::string(executed.interrupted ? "interrupted" : "incomplete") + ": " + part + " has " +
        std::to_string(size - lacking) + " of its " + counted(size, "replication") + go_on);
    return kOther;
  }
  if (!quiet)
    print(part + " is complete: " + counted(size, "replication") + " of " + std::to_string(all.size()) +
          "\n" + and_then);
  return executed.problem ? kOther : kDone;
}

/// What the tasks of a cluster run (study/work.h); nothing that a person types.
void add_part(CLI::App& app, int& status) {
  auto options = std::make_shared<PartCommand>();
  CLI::App* command =
      app.add_subcommand("part", "compute one part of work that another headroom has written down")
          ->group("");  // not shown
  command->add_option("FILE", options->file, "the work")->required();
  options->executor.add_shard_to(*command)->required();
  options->result.add_folder_to(*command, "runs at once (default: number of cores)")->required();
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
