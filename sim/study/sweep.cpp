#include "sim/study/sweep.h"

#include <sys/resource.h>

#include <chrono>
#include <map>
#include <utility>

#include "sim/report/replications.h"
#include "sim/report/summary.h"
#include "sim/study/catalogue.h"
#include "sim/study/load.h"
#include "sim/study/run.h"
#include "sim/study/simulate.h"

namespace headroom::study {
namespace {

/// What a sweep reports of a replication: numbers, no course of events.
metrics::ReplicationResult numbers_only(metrics::ReplicationResult result) {
  result.latency.clear();
  result.series = {};
  result.journal.clear();
  result.journal_left_out = 0;
  return result;
}

struct Task {
  std::size_t point = 0;
  int replication = 0;
};

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

report::Sweep description(const Grid& grid) {
  report::Sweep sweep;
  sweep.scenario = grid.base.scenario;
  sweep.question = grid.base.question.value_or("");
  sweep.seed = static_cast<std::uint64_t>(grid.base.seed);
  sweep.replications = static_cast<int>(grid.base.run.replications);
  sweep.measured_s = grid.base.run.duration.seconds();
  for (const config::Axis& axis : grid.axes) sweep.axes.push_back(reported_axis(axis));
  for (const Grid::Point& point : grid.points) sweep.points.push_back({point.at, std::nullopt});
  sweep.catalogue = catalogue();
  return sweep;
}

}  // namespace

SweepOutcome run_sweep(const Grid& grid, int jobs, KeptReplications& kept,
                       const std::function<void(double)>& progress) {
  const auto begin = std::chrono::steady_clock::now();
  SweepOutcome outcome;
  std::map<std::string, metrics::ReplicationResult> found;
  std::map<std::string, Task> wanted;  // points may be the same, though written differently
  std::vector<std::string> missing;
  std::vector<std::vector<std::string>> keys;
  for (std::size_t p = 0; p < grid.points.size(); ++p) {
    keys.push_back(replication_keys(grid.points[p].scenario));
    for (std::size_t r = 0; r < keys.back().size(); ++r) {
      const std::string& key = keys.back()[r];
      outcome.keys.push_back(key);
      if (!wanted.emplace(key, Task{p, static_cast<int>(r)}).second) continue;
      if (auto result = kept.find(key))
        found.emplace(key, std::move(*result));
      else
        missing.push_back(key);
    }
  }
  outcome.reused = found.size();

  const PoolResult pool = run_pool(
      static_cast<int>(missing.size()), jobs,
      [&](int n, const std::function<void(double)>& tell) {
        const Task& task = wanted.at(missing[static_cast<std::size_t>(n)]);
        return metrics::serialise(
            numbers_only(simulate(grid.points[task.point].scenario, task.replication, tell)));
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
                               name_of(grid, grid.points[task.point]) + " " + failure.reason);
  }

  outcome.files.sweep = description(grid);
  outcome.files.runs.resize(grid.points.size());
  outcome.files.scenario_yaml = resolved_yaml(grid.base);
  outcome.files.sweep.fingerprint = fingerprint(outcome.files.scenario_yaml);
  report::Effort& effort = outcome.files.effort;
  for (std::size_t p = 0; p < grid.points.size(); ++p) {
    std::vector<metrics::ReplicationResult> replications;
    std::vector<int> numbers;
    for (const std::string& key : keys[p]) {
      const auto one = found.find(key);
      if (one == found.end()) break;
      replications.push_back(one->second);
      numbers.push_back(static_cast<int>(numbers.size()) + 1);
    }
    if (replications.size() < keys[p].size()) continue;
    const report::Run run = assemble(grid.points[p].scenario, replications, std::move(numbers));
    outcome.files.sweep.points[p].summary = report::summary(run);
    outcome.files.runs[p] = {run.scenario_yaml, report::to_csv(report::replications(run))};
    effort.simulated_s += run.result.simulated_s;
    effort.events += run.result.events;
  }
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  effort.wall_clock_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  effort.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
  effort.peak_memory_mib = used.ru_maxrss / 1024;
  effort.versions = {{"headroom", version()}};
  return outcome;
}

}  // namespace headroom::study
