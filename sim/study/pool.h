#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace headroom::study {

/// Why a task has no result.
struct TaskFailure {
  int task = 0;
  std::string reason;  ///< "was killed by signal 9 (Killed)"
};

struct PoolResult {
  std::vector<std::optional<std::string>> results;  ///< by task number
  std::vector<TaskFailure> failures;
  bool interrupted = false;  ///< Ctrl-C (SIGINT) or SIGTERM: unfinished tasks were stopped
};

/// Runs tasks 0 … n−1, each in a child process of its own, at most `jobs` at once, and collects what they
/// return by number, so that the result does not depend on who finishes first. Children die with the parent;
/// one that is killed, runs out of memory, throws or fails in another way is reported, not waited for. Call
/// it before the process has any thread.
///
/// `work(task, tell)` runs in the child; `tell(share)` reports progress. `progress(share of all work)` is
/// called in the parent, and so is `finished(task, result)`, as each is complete; false stops the others.
/// SIGINT and SIGTERM stop the children and return what is complete.
PoolResult run_pool(int tasks, int jobs,
                    const std::function<std::string(int task, const std::function<void(double)>& tell)>& work,
                    const std::function<void(double)>& progress = {},
                    const std::function<bool(int task, const std::string& result)>& finished = {});

}  // namespace headroom::study
