#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/files.h"
#include "sim/study/executor.h"

namespace headroom::study {

/// How Slurm is to compute the replications of a study.
struct SlurmOptions {
  std::filesystem::path target;     ///< the result folder, which all nodes share
  std::vector<std::string> sbatch;  ///< further options of sbatch, word by word
  int tasks = 0;  ///< of the array; 0: one for each replication, at most as many as an array may have
  /// Is told what a person may want to know meanwhile: numbers of jobs, tasks that are sent again.
  std::function<void(const std::string&)> say;
};

/// Words of a command line: blanks separate, quotes and backslashes as in a shell, nothing else is special.
/// Nothing if a quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view line);

/// What is wrong with options for sbatch: those that say what only this program may say.
std::optional<report::Problem> wrong_sbatch_options(const std::vector<std::string>& words);

/// Computes what is not kept yet in parts, which are the tasks of a job array: `headroom part FILE --shard
/// I/N` each (work.h), which keep their replications in the folder of the result. What is asked of Slurm is
/// asked of its commands: sbatch, squeue, scontrol, scancel, and sacct where there is accounting; exit codes
/// come back in files. A task whose replications are not all there when it is over is sent again, once, and
/// is then a failure, told with the end of its log. Ctrl-C cancels the array and waits until it is gone; an
/// array that somebody else cancels as a whole counts as that.
Executor on_slurm(SlurmOptions options);

}  // namespace headroom::study
