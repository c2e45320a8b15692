#pragma once

#include <array>

#include "sim/metrics/metric_info.h"

/// What is seen by clients.
namespace headroom::client {
namespace metric {

using metrics::Better;
using metrics::MetricInfo;

inline constexpr MetricInfo kOffered{"requests.offered", "count",
                                     "logical requests that clients meant to send in the window",
                                     Better::neither};
inline constexpr MetricInfo kAnswered{
    "requests.answered", "count",
    "requests of which at least one rendition came before the client's deadline", Better::higher};
inline constexpr MetricInfo kComplete{"requests.complete", "count", "requests of which all renditions came",
                                      Better::higher};
inline constexpr MetricInfo kPartial{"requests.partial", "count", "requests of which some renditions came",
                                     Better::neither};
inline constexpr MetricInfo kFailed{"requests.failed", "count", "requests of which no rendition came",
                                    Better::lower};
inline constexpr MetricInfo kAttempts{"attempts", "count",
                                      "attempts of all requests, the first ones included", Better::lower};
inline constexpr MetricInfo kRetryAmplification{"retry_amplification", "ratio", "attempts / offered",
                                                Better::lower};

/// How requests, and attempts, ended (client.h, Ending).
inline constexpr std::array<MetricInfo, 12> kOutcomes = {
    {{"outcome.complete", "count", "requests answered with all renditions", Better::higher},
     {"outcome.partial", "count", "requests answered with some renditions", Better::neither},
     {"outcome.dns_failed", "count", "requests whose name look-up failed", Better::lower},
     {"outcome.refused", "count", "requests to a host on which nothing listened", Better::lower},
     {"outcome.unreachable", "count", "requests with no live server to send them to", Better::lower},
     {"outcome.rejected", "count", "requests turned away before work began (overload)", Better::lower},
     {"outcome.denied", "count", "requests whose credentials were not accepted", Better::lower},
     {"outcome.error", "count", "requests answered with an error, a server's own deadline included",
      Better::lower},
     {"outcome.died", "count", "requests whose server died while it worked", Better::lower},
     {"outcome.late", "count", "requests without an answer at the client's deadline", Better::lower},
     {"outcome.lost", "count", "requests that were, or whose answer was, lost on the way", Better::lower},
     {"outcome.unfinished", "count", "requests without an outcome when the run ended", Better::lower}}};
inline constexpr std::array<MetricInfo, 12> kAttemptEndings = {
    {{"attempt.complete", "count", "attempts answered with all renditions", Better::higher},
     {"attempt.partial", "count", "attempts answered with some renditions", Better::neither},
     {"attempt.dns_failed", "count", "attempts whose name look-up failed", Better::lower},
     {"attempt.refused", "count", "attempts to a host on which nothing listened", Better::lower},
     {"attempt.unreachable", "count", "attempts with no live server to send them to", Better::lower},
     {"attempt.rejected", "count", "attempts turned away before work began (overload)", Better::lower},
     {"attempt.denied", "count", "attempts whose credentials were not accepted", Better::lower},
     {"attempt.error", "count", "attempts answered with an error", Better::lower},
     {"attempt.died", "count", "attempts whose server died while it worked", Better::lower},
     {"attempt.late", "count", "attempts without an answer when their request was over", Better::lower},
     {"attempt.lost", "count", "attempts that were, or whose answer was, lost on the way", Better::lower},
     {"attempt.unfinished", "count", "attempts without an outcome when the run ended", Better::lower}}};
inline constexpr MetricInfo kYield{"yield", "share", "answered / offered", Better::higher};
inline constexpr MetricInfo kOthersYield{
    "others.yield", "share", "answered / offered, of requests that are not an abuser's (faults: abuse)",
    Better::higher, "faults.*.abuse or slo.others.yield"};
inline constexpr MetricInfo kHarvest{"harvest", "share",
                                     "mean over answered requests of renditions delivered / renditions asked",
                                     Better::higher};
inline constexpr MetricInfo kDq{"dq", "share", "yield x harvest", Better::higher};
inline constexpr MetricInfo kUptime{"uptime", "share",
                                    "share of slots in which a synthetic probe was answered in time",
                                    Better::higher, "workload.probe"};
inline constexpr MetricInfo kThroughputRps{
    "throughput_rps", "1/s", "answered requests of the window per second of it", Better::higher};

/// Latency of one set of requests.
inline constexpr std::array kLatencyQuantiles = {0.5, 0.9, 0.95, 0.99, 0.999};
struct Latency {
  MetricInfo mean;
  std::array<MetricInfo, kLatencyQuantiles.size()> quantiles;
  MetricInfo max;
};
inline constexpr Latency kLatency = {
    {"latency.mean_ms", "ms", "mean time from intended send time to last byte, answered requests",
     Better::lower},
    {{{"latency.p50_ms", "ms", "median latency", Better::lower},
      {"latency.p90_ms", "ms", "90th percentile of latency", Better::lower},
      {"latency.p95_ms", "ms", "95th percentile of latency", Better::lower},
      {"latency.p99_ms", "ms", "99th percentile of latency", Better::lower},
      {"latency.p99_9_ms", "ms", "99.9th percentile of latency", Better::lower}}},
    {"latency.max_ms", "ms", "highest latency", Better::lower}};
inline constexpr Latency kOnlyLatency = {
    {"only.latency.mean_ms", "ms", "mean latency of the requests that slo.only selects", Better::lower,
     "slo.only"},
    {{{"only.latency.p50_ms", "ms", "median latency of the requests that slo.only selects", Better::lower,
       "slo.only"},
      {"only.latency.p90_ms", "ms", "90th percentile of latency of the requests that slo.only selects",
       Better::lower, "slo.only"},
      {"only.latency.p95_ms", "ms", "95th percentile of latency of the requests that slo.only selects",
       Better::lower, "slo.only"},
      {"only.latency.p99_ms", "ms", "99th percentile of latency of the requests that slo.only selects",
       Better::lower, "slo.only"},
      {"only.latency.p99_9_ms", "ms", "99.9th percentile of latency of the requests that slo.only selects",
       Better::lower, "slo.only"}}},
    {"only.latency.max_ms", "ms", "highest latency of the requests that slo.only selects", Better::lower,
     "slo.only"}};

}  // namespace metric

inline constexpr auto kMetrics = metrics::list<metrics::MetricInfo>(
    metric::kOffered, metric::kAnswered, metric::kComplete, metric::kPartial, metric::kFailed,
    metric::kAttempts, metric::kRetryAmplification, metric::kOutcomes, metric::kAttemptEndings,
    metric::kYield, metric::kOthersYield, metric::kHarvest, metric::kDq, metric::kUptime,
    metric::kThroughputRps, metric::kLatency.mean, metric::kLatency.quantiles, metric::kLatency.max,
    metric::kOnlyLatency.mean, metric::kOnlyLatency.quantiles, metric::kOnlyLatency.max);

namespace series {

using metrics::SeriesInfo;

inline constexpr SeriesInfo kOffered{"offered", "count",
                                     "logical requests that clients meant to send in the slot"};
inline constexpr SeriesInfo kAnswered{
    "answered", "count",
    "requests sent in the slot of which at least one rendition came before the deadline"};
inline constexpr SeriesInfo kAsked{"renditions.asked", "count",
                                   "renditions that the requests sent in the slot asked for"};
inline constexpr SeriesInfo kDelivered{"renditions.delivered", "count",
                                       "renditions that came for the requests sent in the slot"};
/// Of answered requests, by when they were sent.
inline constexpr std::array<SeriesInfo, 4> kLatency = {
    {{"latency.p50_ms", "ms", "median latency of the answered requests sent in the slot"},
     {"latency.p95_ms", "ms", "95th percentile of the same"},
     {"latency.p99_ms", "ms", "99th percentile of the same"},
     {"latency.p99_9_ms", "ms", "99.9th percentile of the same"}}};
inline constexpr SeriesInfo kAttempts{"attempts", "count",
                                      "attempts begun in the slot, the first ones included",
                                      "workload.attempt_timeout or workload.retry"};
inline constexpr SeriesInfo kOthersOffered{"others.offered", "count",
                                           "as offered, of requests that are not an abuser's (faults: abuse)",
                                           "faults.*.abuse or slo.others.yield"};
inline constexpr SeriesInfo kOthersAnswered{"others.answered", "count",
                                            "as answered, of requests that are not an abuser's",
                                            "faults.*.abuse or slo.others.yield"};
/// How the requests sent in the slot ended (client.h, Ending).
inline constexpr std::array<SeriesInfo, 12> kOutcomes = {
    {{"outcome.complete", "count", "requests of the slot answered with all renditions"},
     {"outcome.partial", "count", "requests of the slot answered with some renditions"},
     {"outcome.dns_failed", "count", "requests of the slot whose name look-up failed"},
     {"outcome.refused", "count", "requests of the slot to a host on which nothing listened"},
     {"outcome.unreachable", "count", "requests of the slot with no live server to send them to"},
     {"outcome.rejected", "count", "requests of the slot turned away before work began (overload)"},
     {"outcome.denied", "count", "requests of the slot whose credentials were not accepted"},
     {"outcome.error", "count",
      "requests of the slot answered with an error, a server's own deadline included"},
     {"outcome.died", "count", "requests of the slot whose server died while it worked"},
     {"outcome.late", "count", "requests of the slot without an answer at the client's deadline"},
     {"outcome.lost", "count", "requests of the slot that were, or whose answer was, lost on the way"},
     {"outcome.unfinished", "count", "requests of the slot without an outcome when the run ended"}}};

}  // namespace series

inline constexpr auto kSeries = metrics::list<metrics::SeriesInfo>(
    series::kOffered, series::kAnswered, series::kAsked, series::kDelivered, series::kLatency,
    series::kAttempts, series::kOthersOffered, series::kOthersAnswered, series::kOutcomes);

}  // namespace headroom::client
