#include "sim/study/run.h"

#include <sys/resource.h>

#include <boost/uuid/detail/sha1.hpp>
#include <chrono>
#include <cstdio>
#include <utility>

#include "sim/config/units.h"
#include "sim/metrics/slo.h"
#include "sim/report/fault_bands.h"
#include "sim/study/catalogue.h"
#include "sim/study/load.h"
#include "sim/study/simulate.h"

namespace headroom::study {
namespace {

/// Latency objectives look at the requests that `only` selects; they are named as they were written.
std::vector<metrics::Verdict> judge(const SloConfig& slo, const metrics::StudyResult& result) {
  std::vector<metrics::Objective> objectives = slo.objectives;
  for (metrics::Objective& o : objectives)
    if (slo.only_below && o.metric.starts_with("latency.")) o.metric = "only." + o.metric;
  std::vector<metrics::Verdict> verdicts = metrics::evaluate(objectives, result);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    verdicts[i].objective = metrics::to_text(slo.objectives[i]);
    if (slo.only_below && objectives[i].metric.starts_with("only."))
      verdicts[i].of = "images below " + config::print(*slo.only_below);
  }
  return verdicts;
}

}  // namespace

std::string version() {
  return HEADROOM_VERSION;
}

std::string fingerprint(const std::string& resolved_yaml) {
  boost::uuids::detail::sha1 sha;
  const std::string text = "headroom " + version() + "\n" + resolved_yaml;
  sha.process_bytes(text.data(), text.size());
  unsigned digest[5];
  sha.get_digest(digest);
  std::string hex;
  for (const unsigned word : digest) {
    char part[9];
    std::snprintf(part, sizeof part, "%08x", word);
    hex += part;
  }
  return hex;
}

RunOutcome run_scenario(const ScenarioConfig& scenario, int jobs,
                        const std::function<void(double)>& progress) {
  const auto begin = std::chrono::steady_clock::now();
  PoolResult pool = run_pool(
      static_cast<int>(scenario.run.replications), jobs,
      [&scenario](int replication, const std::function<void(double)>& tell) {
        return metrics::serialise(simulate(scenario, replication, tell));
      },
      progress);

  RunOutcome outcome;
  outcome.failures = std::move(pool.failures);
  outcome.interrupted = pool.interrupted;
  std::vector<metrics::ReplicationResult> replications;
  for (std::size_t r = 0; r < pool.results.size(); ++r) {
    if (!pool.results[r]) continue;
    auto result = metrics::deserialise(*pool.results[r]);
    if (result)
      replications.push_back(std::move(*result));
    else
      outcome.failures.push_back({static_cast<int>(r), "sent a result that cannot be read"});
  }
  if (replications.empty()) return outcome;

  report::Run run;
  run.scenario = scenario.scenario;
  run.question = scenario.question.value_or("");
  run.seed = static_cast<std::uint64_t>(scenario.seed);
  run.scenario_yaml = resolved_yaml(scenario);
  run.fingerprint = fingerprint(run.scenario_yaml);
  run.window = window_of(scenario);
  run.result = metrics::merge(replications);
  const metrics::SeriesTable& series = run.result.series;
  run.faults = report::fault_bands(run.result.journal,
                                   TimePoint::at(series.slot * static_cast<std::int64_t>(series.rows)));
  run.slo = judge(scenario.slo, run.result);
  run.catalogue = catalogue();
  run.partial = replications.size() < pool.results.size();
  run.wall_clock_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  run.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
  run.peak_memory_mib = used.ru_maxrss / 1024;
  run.versions = {{"headroom", version()}};
  outcome.run = std::move(run);
  return outcome;
}

}  // namespace headroom::study
