#include "sim/study/batch.h"

#include <chrono>
#include <set>
#include <utility>

#include "sim/study/run.h"

namespace headroom::study {

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

std::vector<Wanted> all_wanted(std::span<const Case> cases, const KeptReplications& kept, Keeps keeps) {
  std::vector<Wanted> all;
  std::set<std::string> seen;  // cases may be the same, though written differently
  for (const Case& one : cases) {
    int number = 0;
    for (const std::string& key : replication_keys(*one.scenario, keeps)) {
      const int n = number++;
      if (!seen.insert(key).second) continue;
      all.push_back({one.scenario, n, key, "replication " + std::to_string(n + 1) + " at " + one.name, keeps,
                     kept.has(key)});
    }
  }
  return all;
}

BatchOutcome run_batch(std::span<const Case> cases, const Executor& executor, KeptReplications& kept,
                       Keeps keeps, const std::function<void(double)>& progress) {
  const auto begin = std::chrono::steady_clock::now();
  BatchOutcome outcome;
  for (const Case& one : cases) {
    for (std::string& key : replication_keys(*one.scenario, keeps)) outcome.keys.push_back(std::move(key));
    outcome.first_.push_back(outcome.keys.size());
  }
  const std::vector<Wanted> wanted = all_wanted(cases, kept, keeps);
  Executed executed = executor(wanted, kept, progress);
  outcome.failures = std::move(executed.failures);
  outcome.problem = std::move(executed.problem);
  outcome.refused = executed.refused;
  outcome.interrupted = executed.interrupted;
  outcome.effort = executed.effort;
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    auto result = kept.find(wanted[n].key);
    if (!result) {
      outcome.missing.push_back(n);
      continue;
    }
    ++(wanted[n].kept ? outcome.reused : outcome.computed);
    outcome.effort.simulated_s += result->simulated_s;
    outcome.effort.events += result->events;
    outcome.found_.emplace(wanted[n].key, std::move(*result));
  }
  outcome.effort.wall_clock_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  outcome.effort.versions = {{"headroom", version()}};
  return outcome;
}

}  // namespace headroom::study
