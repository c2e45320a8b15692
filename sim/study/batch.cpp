#include "sim/study/batch.h"

#include <chrono>
#include <utility>

#include "sim/study/pool.h"
#include "sim/study/run.h"
#include "sim/study/simulate.h"

namespace headroom::study {
namespace {

/// The course of events is not kept, and that of what waits and is answered only where it is looked at.
metrics::ReplicationResult what_is_kept(metrics::ReplicationResult result, Keeps keeps) {
  result.latency.clear();
  if (keeps == Keeps::numbers) result.series = {};
  result.journal.clear();
  result.journal_left_out = 0;
  return result;
}

struct Task {
  std::size_t number = 0;  ///< of the case
  int replication = 0;
};

}  // namespace

std::vector<metrics::ReplicationResult> BatchOutcome::of(std::size_t number) const {
  std::vector<metrics::ReplicationResult> replications;
  for (std::size_t k = first_[number]; k < first_[number + 1]; ++k) {
    const auto one = found_.find(keys[k]);
    if (one == found_.end()) break;
    replications.push_back(one->second);
  }
  return replications;
}

bool BatchOutcome::complete(std::size_t number) const {
  for (std::size_t k = first_[number]; k < first_[number + 1]; ++k)
    if (!found_.contains(keys[k])) return false;
  return true;
}

std::size_t BatchOutcome::complete() const {
  std::size_t count = 0;
  for (std::size_t n = 0; n + 1 < first_.size(); ++n) count += complete(n) ? 1 : 0;
  return count;
}

BatchOutcome run_batch(std::span<const Case> cases, int jobs, KeptReplications& kept, Keeps keeps,
                       const std::function<void(double)>& progress) {
  const auto begin = std::chrono::steady_clock::now();
  BatchOutcome outcome;
  auto& found = outcome.found_;
  std::map<std::string, Task> wanted;  // cases may be the same, though written differently
  std::vector<std::string> missing;
  for (std::size_t n = 0; n < cases.size(); ++n) {
    int replication = 0;
    for (std::string key : replication_keys(*cases[n].scenario)) {
      // What has its course is more than what others keep under the same key.
      if (keeps == Keeps::course) key += "-course";
      outcome.keys.push_back(key);
      if (!wanted.emplace(key, Task{n, replication++}).second) continue;
      if (auto result = kept.find(key))
        found.emplace(key, std::move(*result));
      else
        missing.push_back(key);
    }
    outcome.first_.push_back(outcome.keys.size());
  }
  outcome.reused = found.size();

  const PoolResult pool = run_pool(
      static_cast<int>(missing.size()), jobs,
      [&](int n, const std::function<void(double)>& tell) {
        const Task& task = wanted.at(missing[static_cast<std::size_t>(n)]);
        return metrics::serialise(
            what_is_kept(simulate(*cases[task.number].scenario, task.replication, tell), keeps));
      },
      progress,
      [&](int n, const std::string& bytes) {
        const std::string& key = missing[static_cast<std::size_t>(n)];
        auto result = metrics::deserialise(bytes);
        if (!result) {
          outcome.problem = report::Problem{"a replication sent a result that cannot be read"};
          return false;
        }
        found.emplace(key, std::move(*result));
        ++outcome.computed;
        if (!outcome.problem) outcome.problem = kept.keep(key, bytes);
        return !outcome.problem;
      });
  outcome.interrupted = pool.interrupted;
  for (const TaskFailure& failure : pool.failures) {
    const Task& task = wanted.at(missing[static_cast<std::size_t>(failure.task)]);
    outcome.failures.push_back("replication " + std::to_string(task.replication + 1) + " at " +
                               cases[task.number].name + " " + failure.reason);
  }

  outcome.effort = effort_since(begin);
  for (const auto& [key, result] : found) {
    outcome.effort.simulated_s += result.simulated_s;
    outcome.effort.events += result.events;
  }
  return outcome;
}

}  // namespace headroom::study
