#include "sim/study/run.h"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>
#include <variant>

#include "sim/config/units.h"
#include "sim/metrics/slo.h"
#include "sim/report/fault_bands.h"
#include "sim/report/trace_json.h"
#include "sim/study/catalogue.h"
#include "sim/study/load.h"
#include "sim/study/sha1.h"
#include "sim/study/simulate.h"
#include "sim/study/steady.h"

namespace headroom::study {
namespace {

/// Latency objectives look at the requests that `only` selects; they are named as they were written.
std::vector<metrics::Verdict> judge(const SloConfig& slo, const metrics::StudyResult& result,
                                    bool unsettled) {
  const std::vector<metrics::Objective> objectives = objectives_of(slo);
  std::vector<metrics::Verdict> verdicts = metrics::evaluate(objectives, result, unsettled);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    verdicts[i].objective = metrics::to_text(slo.objectives[i]);
    if (slo.only_below && objectives[i].metric.starts_with("only."))
      verdicts[i].of = "images below " + config::print(*slo.only_below);
  }
  return verdicts;
}

/// The replication whose requests are followed.
constexpr int kTraced = 0;

/// Its result, behind it the text of trace.json, and in front of both how long the text is.
std::string traced(const ScenarioConfig& scenario, const std::function<void(double)>& tell) {
  const Traced run = simulate_traced(scenario, kTraced, tell);
  const report::TraceOrigin origin{scenario.scenario, static_cast<std::uint64_t>(scenario.seed), kTraced + 1,
                                   version()};
  const std::string text = report::trace_json(run.trace, run.result, origin);
  return std::to_string(text.size()) + '\n' + metrics::serialise(run.result) + text;
}

/// Leaves the result. None: there is no trace in it.
std::optional<std::string> take_trace(std::string_view& bytes) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), size);
  const auto head = static_cast<std::size_t>(end - bytes.data()) + 1;
  if (error != std::errc() || head > bytes.size() || size > bytes.size() - head) return std::nullopt;
  std::string text(bytes.substr(bytes.size() - size));
  bytes = bytes.substr(head, bytes.size() - head - size);
  return text;
}

}  // namespace

std::vector<metrics::Objective> objectives_of(const SloConfig& slo) {
  std::vector<metrics::Objective> objectives = slo.objectives;
  for (metrics::Objective& o : objectives)
    if (slo.only_below && o.metric.starts_with("latency.")) o.metric = "only." + o.metric;
  return objectives;
}

NeededYield needed_yield(const SloConfig& slo) {
  for (const metrics::Objective& objective : slo.objectives)
    if (objective.metric == "yield") return {objective.bound, true};
  return {};
}

std::string version() {
  return HEADROOM_VERSION;
}

std::string fingerprint(const std::string& resolved_yaml) {
  return sha1("headroom " + version() + "\n" + resolved_yaml);
}

report::Run assemble(const ScenarioConfig& scenario,
                     const std::vector<metrics::ReplicationResult>& replications, std::vector<int> numbers) {
  ScenarioConfig alone = scenario;
  alone.forget_studies();
  report::Run run;
  run.scenario = scenario.scenario;
  run.question = scenario.question.value_or("");
  run.seed = static_cast<std::uint64_t>(scenario.seed);
  run.scenario_yaml = resolved_yaml(alone);
  run.fingerprint = fingerprint(run.scenario_yaml);
  run.window = window_of(scenario);
  run.result = metrics::merge(replications);
  run.numbers = std::move(numbers);
  const metrics::SeriesTable& series = run.result.series;
  run.faults = report::fault_bands(run.result.journal,
                                   TimePoint::at(series.slot * static_cast<std::int64_t>(series.rows)));
  std::vector<const std::vector<metrics::Use>*> uses;
  for (const metrics::ReplicationResult& r : replications) uses.push_back(&r.uses);
  run.limits = metrics::worst_minutes(uses, run.window);
  if (steady(scenario))
    run.settled = metrics::settled(series, run.window, metrics::saturated(uses),
                                   std::holds_alternative<client::Closed>(scenario.workload.arrivals));
  run.slo = judge(scenario.slo, run.result, run.settled && !run.settled->settled);
  run.catalogue = catalogue();
  run.partial = replications.size() < static_cast<std::size_t>(scenario.run.replications);
  if (const auto& until = scenario.run.until)
    run.precision = report::Precision{until->metric, until->relative_ci.value,
                                      relative_ci(run.result.find(until->metric))};
  run.versions = {{"headroom", version()}};
  return run;
}

report::Run assemble(const ScenarioConfig& scenario,
                     const std::vector<metrics::ReplicationResult>& replications) {
  std::vector<int> numbers(replications.size());
  std::iota(numbers.begin(), numbers.end(), 1);
  return assemble(scenario, replications, std::move(numbers));
}

report::Effort effort_since(std::chrono::steady_clock::time_point begin) {
  report::Effort effort;
  effort.wall_clock_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  effort.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
  effort.peak_memory_mib = used.ru_maxrss / 1024;
  effort.versions = {{"headroom", version()}};
  return effort;
}

RunOutcome run_scenario(const ScenarioConfig& scenario, int jobs, const std::function<void(double)>& progress,
                        bool trace) {
  const auto begin = std::chrono::steady_clock::now();
  const auto first = static_cast<int>(scenario.run.replications);
  const Duration each = scenario.run.warmup + scenario.run.duration;
  const auto& until = scenario.run.until;
  const double most =
      until ? std::max<double>(first, std::floor(until->at_most.seconds() / each.seconds())) : first;
  RunOutcome outcome;
  std::vector<metrics::ReplicationResult> replications;
  std::vector<int> numbers;
  for (int done = 0, next = first; next > done;) {
    PoolResult pool = run_pool(
        next - done, jobs,
        [&scenario, trace, done](int task, const std::function<void(double)>& tell) {
          const int replication = done + task;
          return trace && replication == kTraced ? traced(scenario, tell)
                                                 : metrics::serialise(simulate(scenario, replication, tell));
        },
        [&](double share) {
          if (progress) progress((done + share * (next - done)) / most);
        });
    for (TaskFailure& failure : pool.failures)
      outcome.failures.push_back({done + failure.task, failure.reason});
    outcome.interrupted = pool.interrupted;
    for (std::size_t task = 0; task < pool.results.size(); ++task) {
      if (!pool.results[task]) continue;
      const int replication = done + static_cast<int>(task);
      std::string_view bytes = *pool.results[task];
      if (trace && replication == kTraced) outcome.trace = take_trace(bytes);
      auto result = metrics::deserialise(bytes);
      if (result) {
        replications.push_back(std::move(*result));
        numbers.push_back(replication + 1);
      } else {
        outcome.failures.push_back({replication, "sent a result that cannot be read"});
      }
    }
    done = next;
    if (!until || outcome.interrupted || !outcome.failures.empty()) break;
    next = next_replications(*until, first, done, each, metrics::merge(replications).find(until->metric));
  }
  if (replications.empty()) return outcome;

  report::Run run = assemble(scenario, replications, std::move(numbers));
  const report::Effort effort = effort_since(begin);
  run.wall_clock_s = effort.wall_clock_s;
  run.cpu_s = effort.cpu_s;
  run.peak_memory_mib = effort.peak_memory_mib;
  outcome.run = std::move(run);
  return outcome;
}

}  // namespace headroom::study
