#pragma once

#include <array>

#include "sim/metrics/metric_info.h"

/// What the identity service reports.
namespace headroom::auth {
namespace metric {

using metrics::Better;
using metrics::MetricInfo;

inline constexpr MetricInfo kUtilization{
    "auth.utilization", "share", "busy core-seconds / configured core-seconds of the data plane's hosts",
    Better::lower, "deployment.auth.data_plane.hosts"};
inline constexpr MetricInfo kHitRatio{"auth.hit_ratio", "share",
                                      "share of credential checks answered from the edge cache",
                                      Better::higher, "deployment.auth.edge_cache"};
inline constexpr MetricInfo kStaleServed{
    "auth.stale_served", "count",
    "credential checks answered from an entry past its time, because the data plane could not be reached",
    Better::neither, "deployment.auth.edge_cache"};
inline constexpr MetricInfo kCoalesced{
    "auth.coalesced", "count", "credential checks that waited for a look-up which another one had begun",
    Better::neither, "deployment.auth.edge_cache"};
inline constexpr MetricInfo kRetries{"auth.retries", "count",
                                     "look-ups that no host had answered and that were tried again",
                                     Better::lower, "deployment.auth.data_plane.retry"};
inline constexpr MetricInfo kUnchecked{
    "auth.unchecked", "count",
    "credential checks that could not be made: no entry to believe, no answer from the data plane",
    Better::lower, "deployment.auth"};
inline constexpr MetricInfo kAvailability{
    "auth.availability", "share",
    "share of credential checks beyond the edge cache that the data plane answered", Better::higher,
    "deployment.auth"};
inline constexpr MetricInfo kDeniedValid{"auth.denied_valid", "count",
                                         "requests denied although their credentials were valid, because "
                                         "that was not yet known where they were checked",
                                         Better::lower, "deployment.auth.management"};
inline constexpr MetricInfo kServedRevoked{"auth.served_revoked", "count",
                                           "requests accepted although their credentials were revoked, "
                                           "because that was not yet known where they were checked",
                                           Better::lower, "deployment.auth.management"};
inline constexpr MetricInfo kPropagationMeanS{
    "auth.propagation_mean_s", "s",
    "mean time from a change of an account to its arrival at a data-plane host or an edge cache",
    Better::lower, "deployment.auth.management"};
inline constexpr MetricInfo kPropagationP99S{"auth.propagation_p99_s", "s",
                                             "99th percentile of the time from a change of an account to its "
                                             "arrival at a data-plane host or an edge cache",
                                             Better::lower, "deployment.auth.management"};

}  // namespace metric

inline constexpr auto kMetrics = metrics::list<metrics::MetricInfo>(
    metric::kUtilization, metric::kHitRatio, metric::kStaleServed, metric::kCoalesced, metric::kRetries,
    metric::kUnchecked, metric::kAvailability, metric::kDeniedValid, metric::kServedRevoked,
    metric::kPropagationMeanS, metric::kPropagationP99S);

namespace series {

using metrics::SeriesInfo;

/// Checks of credentials, by what they rest on (auth.h, Source).
inline constexpr std::array<SeriesInfo, 4> kBySource = {
    {{"auth.by_cache", "count", "credential checks answered from an entry of the edge cache",
      "deployment.auth"},
     {"auth.by_data_plane", "count", "credential checks answered by the data plane", "deployment.auth"},
     {"auth.by_stale", "count",
      "credential checks answered from an entry past its time, because the data plane could not be reached",
      "deployment.auth"},
     {"auth.by_nobody", "count", "credential checks that could not be made", "deployment.auth"}}};
inline constexpr auto kDeniedValid = metrics::over_time(metric::kDeniedValid);
inline constexpr auto kServedRevoked = metrics::over_time(metric::kServedRevoked);
inline constexpr auto kUtilization = metrics::over_time(metric::kUtilization);

}  // namespace series

inline constexpr auto kSeries = metrics::list<metrics::SeriesInfo>(
    series::kBySource, series::kDeniedValid, series::kServedRevoked, series::kUtilization);

}  // namespace headroom::auth
