#pragma once

#include <array>

#include "sim/metrics/metric_info.h"

/// What the API tier reports.
namespace headroom::api {
namespace metric {

using metrics::Better;
using metrics::MetricInfo;

inline constexpr MetricInfo kUtilization{"api.utilization", "share",
                                         "busy core-seconds / configured core-seconds of the API hosts",
                                         Better::lower, "deployment.api"};
inline constexpr MetricInfo kAvailability{
    "api.availability", "share", "share of attempts reaching the API tier that a live API server answered",
    Better::higher, "deployment.api"};
inline constexpr MetricInfo kOverQuota{"api.over_quota", "count",
                                       "attempts rejected because their user had used up the quota",
                                       Better::neither, "deployment.api.quota_per_user"};

}  // namespace metric

inline constexpr auto kMetrics =
    metrics::list<metrics::MetricInfo>(metric::kUtilization, metric::kAvailability, metric::kOverQuota);

namespace series {

inline constexpr auto kUtilization = metrics::over_time(metric::kUtilization);

}  // namespace series

inline constexpr auto kSeries = metrics::list<metrics::SeriesInfo>(series::kUtilization);

}  // namespace headroom::api
