#pragma once

#include <array>

#include "sim/metrics/metric_info.h"

/// What the workers report.
namespace headroom::processing {
namespace metric {

using metrics::Better;
using metrics::MetricInfo;

inline constexpr MetricInfo kUtilization{"processing.utilization", "share",
                                         "busy slot-seconds / configured slot-seconds in the window; slots "
                                         "of hosts that are down count as configured",
                                         Better::lower, "deployment.processing"};
inline constexpr MetricInfo kHeld{
    "processing.held", "count",
    "mean number of slots that only wait: for the image of the job that a queue gave them", Better::lower,
    "deployment.processing and deployment.queue"};
inline constexpr MetricInfo kWaitMeanMs{"processing.wait_mean_ms", "ms",
                                        "mean time from arrival at the worker to start, zero waits included",
                                        Better::lower, "deployment.processing"};
inline constexpr MetricInfo kWaitProbability{"processing.wait_probability", "share",
                                             "share of jobs that had to wait at the worker", Better::lower,
                                             "deployment.processing"};
inline constexpr MetricInfo kServiceMeanMs{"processing.service_mean_ms", "ms",
                                           "mean time in a slot, from start to end", Better::lower,
                                           "deployment.processing"};
inline constexpr MetricInfo kWastedCpuS{"processing.wasted_cpu_s", "s",
                                        "CPU of conversions that ended when their request was over, past the "
                                        "deadline of who asked, or in an error, or that had been done before",
                                        Better::lower, "deployment.processing"};
inline constexpr MetricInfo kRepeated{"processing.repeated", "count",
                                      "conversions completed that had been completed before", Better::lower,
                                      "deployment.processing"};
inline constexpr MetricInfo kActualCpu{"usage.actual_cpu_s", "s",
                                       "CPU of the first completed execution of each distinct conversion",
                                       Better::neither, "deployment.processing"};

}  // namespace metric

inline constexpr auto kMetrics = metrics::list<metrics::MetricInfo>(
    metric::kUtilization, metric::kHeld, metric::kWaitMeanMs, metric::kWaitProbability,
    metric::kServiceMeanMs, metric::kWastedCpuS, metric::kRepeated, metric::kActualCpu);

namespace series {

using metrics::SeriesInfo;

inline constexpr SeriesInfo kActualCpu{
    "usage.actual_cpu_s", "s",
    "CPU of the first completed execution of each distinct conversion, when that ended",
    "deployment.processing"};
inline constexpr SeriesInfo kUtilization{
    "processing.utilization", "share",
    "busy slots / configured slots; slots of hosts that are down count as configured",
    "deployment.processing"};
inline constexpr SeriesInfo kHeldShare{
    "processing.held_share", "share",
    "slots that only wait for the image of the job that a queue gave them / configured slots",
    "deployment.processing and deployment.queue"};

}  // namespace series

inline constexpr auto kSeries =
    metrics::list<metrics::SeriesInfo>(series::kActualCpu, series::kUtilization, series::kHeldShare);

}  // namespace headroom::processing
