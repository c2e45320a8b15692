#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/node.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"

/// What is reported: the lists of all components (models/COMPONENT/metrics.h) in one.
namespace headroom::study {

/// Every metric of every component, in the order in which they are documented.
std::span<const metrics::MetricInfo> catalogue();
/// Every column of the time series, those that follow from others included.
std::span<const metrics::SeriesInfo> series_catalogue();

/// Null if there is no such metric.
const metrics::MetricInfo* find_metric(std::string_view name);
std::vector<std::string_view> metric_names();

/// What the resolved scenario (config::dump) would need to have for this metric, or column, to be reported,
/// in words for a person: what it lacks of MetricInfo::needs, or the whole where there are alternatives;
/// empty if nothing. `name` is an entry's, or one of a family's.
std::string unmet(std::string_view name, const metrics::MetricInfo& info, const config::Node& scenario);
std::string unmet(std::string_view name, const metrics::SeriesInfo& info, const config::Node& scenario);
/// The names of metrics that a run of that scenario reports.
std::vector<std::string_view> reported_names(const config::Node& scenario);

/// Aborts if a metric or a column is reported that is in no catalogue: a component that forgot to list it.
void check_catalogued(const metrics::ReplicationResult& result);

}  // namespace headroom::study
