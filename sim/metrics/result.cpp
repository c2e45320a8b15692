#include "sim/metrics/result.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "sim/base/check.h"
#include "sim/metrics/statistics.h"

namespace headroom::metrics {
namespace {

/// The element of that name, made at the end if there is none. Lists are short.
template <class T>
T& named(std::vector<T>& list, const std::string& name) {
  for (T& element : list) {
    if (element.name == name) return element;
  }
  list.emplace_back();
  list.back().name = name;
  return list.back();
}

/// The quantile that says into how large clumps what goes wrong comes, where nothing went wrong: requests
/// that were slow are what comes nearest.
constexpr std::string_view kClumps = "latency.p99_ms";

void merge_metrics(const std::vector<ReplicationResult>& replications, StudyResult& study) {
  std::vector<std::vector<Observed>> observed;
  for (std::size_t r = 0; r < replications.size(); ++r) {
    for (const MetricValue& metric : replications[r].metrics) {
      StudyMetric& merged = named(study.metrics, metric.name);
      merged.values.resize(replications.size());
      merged.values[r] = metric.value;
      observed.resize(study.metrics.size());
      const auto at = static_cast<std::size_t>(&merged - study.metrics.data());
      if (metric.value) observed[at].push_back({*metric.value, &metric.evidence});
    }
  }
  double clumps = 1;
  for (std::size_t m = 0; m < observed.size(); ++m)
    if (study.metrics[m].name == kClumps) clumps = clumping(observed[m]);
  for (std::size_t m = 0; m < observed.size(); ++m) {
    StudyMetric& metric = study.metrics[m];
    const Estimated estimated = estimate(observed[m], clumps);
    metric.mean = estimated.mean;
    metric.ci95 = estimated.interval;
    if (estimated.longer) metric.would_do_s = *estimated.longer * replications.front().measured_s;
  }
}

void merge_invariants(const std::vector<ReplicationResult>& replications, StudyResult& study) {
  for (std::size_t r = 0; r < replications.size(); ++r) {
    for (const Invariant& invariant : replications[r].invariants) {
      Invariant& merged = named(study.invariants, invariant.name);
      merged.checked += invariant.checked;
      if (invariant.holds || !merged.holds) continue;
      merged.holds = false;
      merged.detail = "replication " + std::to_string(r + 1) + ": " + invariant.detail;
    }
  }
}

void merge_series(const std::vector<ReplicationResult>& replications, StudyResult& study) {
  SeriesTable& merged = study.series;
  for (const ReplicationResult& replication : replications) {
    const SeriesTable& table = replication.series;
    if (table.rows == 0) continue;
    HEADROOM_CHECK(merged.rows == 0 || merged.slot == table.slot, "replications have equal slots");
    merged.slot = table.slot;
    merged.rows = std::max(merged.rows, table.rows);
    for (const auto& column : table.columns) named(merged.columns, column.name).counter = column.counter;
  }
  for (auto& column : merged.columns) {
    std::vector<Moments> rows(merged.rows);
    for (const ReplicationResult& replication : replications) {
      const auto* source = replication.series.find(column.name);
      if (source == nullptr) continue;
      for (std::size_t row = 0; row < source->values.size(); ++row) {
        if (!std::isnan(source->values[row])) rows[row].add(source->values[row]);
      }
      // Nothing happens after the end of a run: a sum over the rows is the mean of the runs' sums.
      if (!column.counter) continue;
      for (std::size_t row = source->values.size(); row < merged.rows; ++row) rows[row].add(0);
    }
    for (const Moments& row : rows) {
      column.values.push_back(row.count() == 0 ? std::numeric_limits<double>::quiet_NaN() : row.mean());
    }
  }
}

}  // namespace

const StudyMetric* StudyResult::find(std::string_view name) const {
  for (const StudyMetric& metric : metrics) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

StudyResult merge(const std::vector<ReplicationResult>& replications) {
  StudyResult study;
  study.replications = static_cast<int>(replications.size());
  study.intervals =
      study.replications < kEnoughReplications ? IntervalSource::batch_means : IntervalSource::replications;
  merge_metrics(replications, study);
  merge_invariants(replications, study);
  merge_series(replications, study);
  for (std::size_t r = 0; r < replications.size(); ++r) {
    const ReplicationResult& replication = replications[r];
    study.measured_s = replication.measured_s;
    for (const LatencyClass& latency : replication.latency) {
      named(study.latency, latency.name).histogram.merge(latency.histogram);
    }
    for (const Durations& durations : replication.durations) {
      Durations& merged = named(study.durations, durations.name);
      merged.histogram.merge(durations.histogram);
      merged.published = durations.published;
    }
    for (const Event& event : replication.journal) study.journal.push_back({static_cast<int>(r + 1), event});
    study.journal_left_out += replication.journal_left_out;
    study.events += replication.events;
    study.simulated_s += replication.simulated_s;
  }
  return study;
}

}  // namespace headroom::metrics
