#pragma once

#include <array>
#include <string_view>

#include "sim/metrics/metric_info.h"

/// What the usage pipeline and its store report.
namespace headroom::usage {
namespace metric {

using metrics::Better;
using metrics::MetricInfo;

/// Of metering and billing, which the store can be without.
inline constexpr std::string_view kMetered = "deployment.usage and deployment.api";

inline constexpr MetricInfo kBilledCpuS{
    "usage.billed_cpu_s", "s",
    "CPU of conversions that ended in the window, as it stands on the bill in the end", Better::neither,
    kMetered};
inline constexpr MetricInfo kBilledBytes{
    "usage.billed_bytes", "B",
    "image bytes of conversions that ended in the window, as they stand on the bill in the end",
    Better::neither, kMetered};
inline constexpr MetricInfo kBillingError{"usage.billing_error", "share", "(billed - actual) / actual CPU",
                                          Better::neither, kMetered};
inline constexpr MetricInfo kLostRecords{
    "usage.lost_records", "count", "conversions that ended in the window and are not on the bill in the end",
    Better::lower, kMetered};
inline constexpr MetricInfo kDuplicateRecords{
    "usage.duplicate_records", "count",
    "records on the bill in the end beyond the first of each conversion that ended in the window",
    Better::lower, kMetered};
inline constexpr MetricInfo kBilledUnanswered{
    "usage.billed_unanswered", "count",
    "conversions on the bill for requests of the window that were not answered", Better::lower, kMetered};
inline constexpr MetricInfo kAnsweredUnbilled{
    "usage.answered_unbilled", "count",
    "conversions delivered in answers to requests of the window that are not on the bill in the end",
    Better::lower, kMetered};
inline constexpr MetricInfo kWrongPeriodRecords{
    "usage.wrong_period_records", "count",
    "records metered in the window whose billing period, by their host's clock, is not the true one",
    Better::lower, kMetered};
inline constexpr MetricInfo kLateRecords{
    "usage.late_records", "count",
    "records that came to the bill of a period, in all of the run, after that had been computed",
    Better::lower, kMetered};
inline constexpr MetricInfo kStoreLagP99S{
    "usage.store_lag_p99_s", "s",
    "99th percentile of the time from a conversion's end to its batch's acknowledgement by the store",
    Better::lower, kMetered};
inline constexpr MetricInfo kLagP99S{
    "usage.lag_p99_s", "s", "99th percentile of the time from a conversion's end to its being on the bill",
    Better::lower, kMetered};
inline constexpr MetricInfo kHarvest{
    "usage.harvest", "share",
    "share of the store's shards that bills were computed from, all bills of the run", Better::higher,
    kMetered};
inline constexpr MetricInfo kReportHarvest{
    "usage.report_harvest", "share", "share of the store's shards that reports of usage were answered from",
    Better::higher, "deployment.usage.report and deployment.api"};
inline constexpr MetricInfo kBillingMeanS{"usage.billing_mean_s", "s", "mean time to compute a bill",
                                          Better::lower, kMetered};
inline constexpr MetricInfo kBackupTasks{"usage.backup_tasks", "count",
                                         "map tasks that were started a second time because they were slow",
                                         Better::neither, kMetered};
inline constexpr MetricInfo kReexecutedTasks{"usage.reexecuted_tasks", "count",
                                             "map tasks that were done again because they had failed",
                                             Better::lower, kMetered};
inline constexpr MetricInfo kInvoices{"usage.invoices", "count", "invoices in the end, all of the run",
                                      Better::neither, kMetered};
inline constexpr MetricInfo kInvoicedUsd{
    "usage.invoiced_usd", "USD", "sum of all invoices in the end, all of the run", Better::neither, kMetered};

// Of the store.
inline constexpr MetricInfo kStoreReadP999Ms{
    "store.read_p99_9_ms", "ms",
    "99.9th percentile of the time from a read's start at its coordinator to the R-th answer", Better::lower,
    "deployment.usage"};
inline constexpr MetricInfo kStoreWriteP999Ms{
    "store.write_p99_9_ms", "ms",
    "99.9th percentile of the time from a write's start at its coordinator to the W-th acknowledgement",
    Better::lower, "deployment.usage"};
inline constexpr MetricInfo kStoreReadsAnswered{"store.reads_answered", "share", "reads that got R answers",
                                                Better::higher, "deployment.usage"};
inline constexpr MetricInfo kStoreWritesAcknowledged{"store.writes_acknowledged", "share",
                                                     "writes that got W acknowledgements", Better::higher,
                                                     "deployment.usage"};
inline constexpr MetricInfo kStoreT999Ms{
    "store.t_99_9_ms", "ms", "time after a write's acknowledgement from which on 99.9 % of reads see it",
    Better::lower, "deployment.usage.store.probe"};
/// By how long after the acknowledgement (store_probes.h, kDelaysMs).
inline constexpr std::array<MetricInfo, 5> kConsistentAt = {
    {{"store.consistent_at_0ms", "share", "reads begun at a write's acknowledgement that see it",
      Better::higher, "deployment.usage.store.probe"},
     {"store.consistent_at_1ms", "share", "reads begun 1 ms after a write's acknowledgement that see it",
      Better::higher, "deployment.usage.store.probe"},
     {"store.consistent_at_10ms", "share", "reads begun 10 ms after a write's acknowledgement that see it",
      Better::higher, "deployment.usage.store.probe"},
     {"store.consistent_at_100ms", "share", "reads begun 100 ms after a write's acknowledgement that see it",
      Better::higher, "deployment.usage.store.probe"},
     {"store.consistent_at_1000ms", "share", "reads begun 1 s after a write's acknowledgement that see it",
      Better::higher, "deployment.usage.store.probe"}}};
inline constexpr MetricInfo kStoreProbePairs{
    "store.probe_pairs", "count", "probes: a write that was acknowledged and a read that was answered",
    Better::neither, "deployment.usage.store.probe"};
inline constexpr MetricInfo kStoreHintsStored{"store.hints_stored", "count",
                                              "copies kept for a host that was believed down",
                                              Better::neither, "deployment.usage"};
inline constexpr MetricInfo kStoreHintsDelivered{"store.hints_delivered", "count",
                                                 "copies handed over to a host that had missed them",
                                                 Better::neither, "deployment.usage"};
inline constexpr MetricInfo kStoreHintsExpired{
    "store.hints_expired", "count", "copies given up after hint_ttl", Better::lower, "deployment.usage"};
inline constexpr MetricInfo kStoreReadRepairs{
    "store.read_repairs", "count", "copies that replicas got because a read found that they lacked them",
    Better::neither, "deployment.usage"};
inline constexpr MetricInfo kStoreAntiEntropyRepairs{
    "store.anti_entropy_repairs", "count",
    "copies that replicas got because a comparison with another replica found that they lacked them",
    Better::neither, "deployment.usage"};

}  // namespace metric

inline constexpr auto kMetrics = metrics::list<metrics::MetricInfo>(
    metric::kBilledCpuS, metric::kBilledBytes, metric::kBillingError, metric::kLostRecords,
    metric::kDuplicateRecords, metric::kBilledUnanswered, metric::kAnsweredUnbilled,
    metric::kWrongPeriodRecords, metric::kLateRecords, metric::kStoreLagP99S, metric::kLagP99S,
    metric::kHarvest, metric::kReportHarvest, metric::kBillingMeanS, metric::kBackupTasks,
    metric::kReexecutedTasks, metric::kInvoices, metric::kInvoicedUsd, metric::kStoreReadP999Ms,
    metric::kStoreWriteP999Ms, metric::kStoreReadsAnswered, metric::kStoreWritesAcknowledged,
    metric::kStoreT999Ms, metric::kConsistentAt, metric::kStoreProbePairs, metric::kStoreHintsStored,
    metric::kStoreHintsDelivered, metric::kStoreHintsExpired, metric::kStoreReadRepairs,
    metric::kStoreAntiEntropyRepairs);

namespace series {

using metrics::SeriesInfo;

inline constexpr SeriesInfo kStoredCpu{
    "usage.stored_cpu_s", "s", "CPU of conversions whose records the store has acknowledged, when it did",
    metric::kMetered};
inline constexpr SeriesInfo kBilledCpu{
    "usage.billed_cpu_s", "s",
    "CPU of conversions that came onto the bill, when they did; what a replay takes off counts less",
    metric::kMetered};

}  // namespace series

inline constexpr auto kSeries = metrics::list<metrics::SeriesInfo>(series::kStoredCpu, series::kBilledCpu);

}  // namespace headroom::usage
