#pragma once

#include "sim/metrics/metric_info.h"

/// What the whole deployment and its hardware report, apart from the components (models/COMPONENT/metrics.h).
namespace headroom::study {
namespace metric {

using metrics::Better;
using metrics::MetricInfo;

inline constexpr MetricInfo kHealS{
    "heal_s",
    "s",
    "time from the end of the last fault until yield was back: the first instant from which 5 slots of the "
    "time series in a row, together, had a yield no more than 3 of its standard deviations below that of the "
    "window before the first fault; null: not within heal_watched_s; told only if faults are on a schedule "
    "and end before the window does",
    Better::lower,
    "faults",
    true};
inline constexpr MetricInfo kHealWatchedS{
    "heal_watched_s",
    "s",
    "time from the end of the last fault to the end of the window, if faults are on a schedule and end "
    "before "
    "it; null: there were not 5 slots of the window before the first fault to compare with",
    Better::neither,
    "faults",
    true};
inline constexpr MetricInfo kHealStarting{
    "heal_starting",
    "count",
    "processes that had ended in faults that were over and were not started again, or whose hosts still "
    "booted, at the end of the window; while there are any, that yield is not back says nothing; told "
    "together with heal_s",
    Better::lower,
    "faults",
    true};
inline constexpr MetricInfo kAvailability{
    "availability.<group>", "share",
    "share of time in which at least the members of the group that are needed (watch) were up: their hosts "
    "had power and had booted",
    Better::higher, "watch.*.group=<group>"};
inline constexpr MetricInfo kNetworkUtilizationMax{
    "network.utilization_max", "share",
    "bytes / capacity of the link on which that is highest, over the window", Better::lower,
    "platform.network.*.bandwidth or platform.network.nic and platform.hosts.*.nic"};
inline constexpr MetricInfo kUsdPerHour{"cost.usd_per_hour", "USD/h", "price of all hosts of the platform",
                                        Better::lower, "platform.hosts.*.price"};
inline constexpr MetricInfo kUsdPerMillionRequests{
    "cost.usd_per_million_requests", "USD", "price of all hosts for the window per million answered requests",
    Better::lower, "platform.hosts.*.price"};
inline constexpr MetricInfo kEnergyKwh{
    "energy.kwh", "kWh",
    "energy of all hosts over the window while they had power: idle + (busy - idle) x CPU utilization, in "
    "watts; a host that is down or booting after a crash draws nothing",
    Better::lower, "platform.hosts.*.watts"};

}  // namespace metric

inline constexpr auto kMetrics = metrics::list<metrics::MetricInfo>(
    metric::kHealS, metric::kHealWatchedS, metric::kHealStarting, metric::kAvailability,
    metric::kNetworkUtilizationMax, metric::kUsdPerHour, metric::kUsdPerMillionRequests, metric::kEnergyKwh);

namespace series {

using metrics::SeriesInfo;

inline constexpr SeriesInfo kUp{"up.<group>", "count", "members of the group that were up (watch)",
                                "watch.*.group=<group>"};

}  // namespace series

inline constexpr auto kSeries = metrics::list<metrics::SeriesInfo>(series::kUp);

}  // namespace headroom::study
