#pragma once

#include <array>

#include "sim/metrics/metric_info.h"

/// What the load balancer reports.
namespace headroom::balancer {
namespace metric {

using metrics::Better;
using metrics::MetricInfo;

inline constexpr MetricInfo kUtilization{
    "lb.utilization", "share", "busy core-seconds / configured core-seconds of the balancer's hosts",
    Better::lower, "deployment.load_balancer.hosts"};
inline constexpr MetricInfo kEjections{
    "lb.ejections", "count",
    "servers left out because requests to them failed, each time by each balancer instance", Better::lower,
    "deployment.load_balancer.outlier_ejection"};
inline constexpr MetricInfo kUnhealthy{
    "lb.unhealthy", "count",
    "servers left out because they did not answer health checks, each time by each balancer instance",
    Better::lower, "deployment.load_balancer.health_check"};
inline constexpr MetricInfo kPanicPicks{
    "lb.panic_picks", "count", "choices among all servers because every one of them was left out",
    Better::lower, "deployment.load_balancer.outlier_ejection or deployment.load_balancer.health_check"};

}  // namespace metric

inline constexpr auto kMetrics = metrics::list<metrics::MetricInfo>(metric::kUtilization, metric::kEjections,
                                                                    metric::kUnhealthy, metric::kPanicPicks);

namespace series {

inline constexpr auto kUtilization = metrics::over_time(metric::kUtilization);

}  // namespace series

inline constexpr auto kSeries = metrics::list<metrics::SeriesInfo>(series::kUtilization);

}  // namespace headroom::balancer
