#pragma once

#include <string_view>

#include "sim/metrics/metric_info.h"

/// What the queue reports.
namespace headroom::queue {
namespace metric {

using metrics::Better;
using metrics::MetricInfo;

inline constexpr MetricInfo kDepthMean{"queue.depth_mean", "count",
                                       "time average of committed jobs that wait for a worker", Better::lower,
                                       "deployment.queue"};
inline constexpr MetricInfo kDepthMax{"queue.depth_max", "count", "most committed jobs that waited at once",
                                      Better::lower, "deployment.queue"};
inline constexpr MetricInfo kWaitMeanMs{"queue.wait_mean_ms", "ms",
                                        "mean time from commit (or return) to delivery, zero waits included",
                                        Better::lower, "deployment.queue"};
inline constexpr MetricInfo kRejected{"queue.rejected", "count", "jobs refused because the queue was full",
                                      Better::lower, "deployment.queue"};
inline constexpr MetricInfo kExpired{
    "queue.expired", "count",
    "jobs dropped at delivery because their deadline (the client's or the API's) had passed", Better::lower,
    "deployment.queue.drop_expired"};
inline constexpr MetricInfo kDropped{"queue.dropped", "count", "jobs dropped to make room for newer ones",
                                     Better::lower, "deployment.queue.when_full=drop_oldest"};
inline constexpr MetricInfo kRedeliveries{"queue.redeliveries", "count",
                                          "deliveries of jobs that had been delivered before", Better::lower,
                                          "deployment.queue"};
inline constexpr MetricInfo kDeadLettered{"queue.dead_lettered", "count",
                                          "jobs given up after too many deliveries", Better::lower,
                                          "deployment.queue"};
inline constexpr MetricInfo kLostAcknowledged{
    "queue.lost_acknowledged", "count",
    "jobs, over the whole run, that a session was told are safe and that are neither finished nor there",
    Better::lower, "deployment.queue"};

/// Where one member leads; with `availability_first` each takes jobs by itself.
inline constexpr std::string_view kOneLeads =
    "deployment.queue.replication=raft or deployment.queue.replication=none";
inline constexpr MetricInfo kLeaderChanges{"queue.leader_changes", "count", "elections won in the window",
                                           Better::lower, kOneLeads};
inline constexpr MetricInfo kLeaderlessS{
    "queue.leaderless_s", "s",
    "time in the window without a leader that a majority hears: from a leader's death, or the last answer "
    "that it had from a majority, to the next election",
    Better::lower, kOneLeads};
inline constexpr MetricInfo kElectionMeanMs{
    "election.mean_ms", "ms", "mean time without a leader before an election, of elections in the window",
    Better::lower, kOneLeads};
inline constexpr MetricInfo kElectionP50Ms{"election.p50_ms", "ms", "median of the same", Better::lower,
                                           kOneLeads};
inline constexpr MetricInfo kElectionP99Ms{"election.p99_ms", "ms", "99th percentile of the same",
                                           Better::lower, kOneLeads};
inline constexpr MetricInfo kElectionMaxMs{"election.max_ms", "ms", "the longest of the same", Better::lower,
                                           kOneLeads};

}  // namespace metric

inline constexpr auto kMetrics = metrics::list<metrics::MetricInfo>(
    metric::kDepthMean, metric::kDepthMax, metric::kWaitMeanMs, metric::kRejected, metric::kExpired,
    metric::kDropped, metric::kRedeliveries, metric::kDeadLettered, metric::kLostAcknowledged,
    metric::kLeaderChanges, metric::kLeaderlessS, metric::kElectionMeanMs, metric::kElectionP50Ms,
    metric::kElectionP99Ms, metric::kElectionMaxMs);

namespace series {

using metrics::SeriesInfo;

inline constexpr SeriesInfo kDepth{"queue.depth", "count", "committed jobs that wait for a worker",
                                   "deployment.queue"};
inline constexpr SeriesInfo kLeader{"queue.leader", "share",
                                    "share of the time in which there was a leader that a majority hears",
                                    metric::kOneLeads};

}  // namespace series

inline constexpr auto kSeries = metrics::list<metrics::SeriesInfo>(series::kDepth, series::kLeader);

}  // namespace headroom::queue
