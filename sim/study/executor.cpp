#include "sim/study/executor.h"

#include <chrono>
#include <utility>

#include "sim/config/units.h"
#include "sim/metrics/result.h"
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

Executed compute(const std::vector<const Wanted*>& wanted, int jobs, KeptReplications& kept,
                 const std::function<void(double)>& progress) {
  const auto begin = std::chrono::steady_clock::now();
  const double cpu_before_s = effort_since(begin).cpu_s;
  Executed executed;
  PoolResult pool = run_pool(
      static_cast<int>(wanted.size()), jobs,
      [&](int n, const std::function<void(double)>& tell) {
        const Wanted& one = *wanted[static_cast<std::size_t>(n)];
        return metrics::serialise(what_is_kept(simulate(*one.scenario, one.number, tell), one.keeps));
      },
      progress,
      [&](int n, const std::string& bytes) {
        if (!executed.problem) executed.problem = kept.keep(wanted[static_cast<std::size_t>(n)]->key, bytes);
        return !executed.problem;
      });
  executed.interrupted = pool.interrupted;
  for (const TaskFailure& failure : pool.failures)
    executed.failures.push_back(wanted[static_cast<std::size_t>(failure.task)]->name + " " + failure.reason);
  executed.effort = effort_since(begin);
  executed.effort.cpu_s -= cpu_before_s;
  return executed;
}

}  // namespace

std::vector<std::string> replication_keys(const ScenarioConfig& scenario, Keeps keeps) {
  std::vector<std::string> keys = replication_keys(scenario);
  // What has its course is more than what others keep under the same key.
  if (keeps == Keeps::course)
    for (std::string& key : keys) key += "-course";
  return keys;
}

std::optional<Shard> parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto part = config::parse_integer(text.substr(0, slash));
  const auto of = config::parse_integer(text.substr(slash + 1));
  if (!part || !of || *of < 1 || *of > kMostParts || *part < 1 || *part > *of) return std::nullopt;
  return Shard{static_cast<int>(*part), static_cast<int>(*of)};
}

Executor on_this_machine(int jobs, Shard shard) {
  return [jobs, shard](const std::vector<Wanted>& replications, KeptReplications& kept,
                       const std::function<void(double)>& progress) {
    std::vector<const Wanted*> wanted;
    for (std::size_t n = 0; n < replications.size(); ++n)
      if (shard.has(n) && !replications[n].kept) wanted.push_back(&replications[n]);
    return compute(wanted, jobs, kept, progress);
  };
}

}  // namespace headroom::study
