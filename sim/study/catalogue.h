#pragma once

#include <string_view>
#include <vector>

#include "sim/metrics/metric_info.h"

namespace headroom::study {

/// Every metric of every component, in the order in which they are documented.
const std::vector<metrics::MetricInfo>& catalogue();
/// Null if there is no such metric.
const metrics::MetricInfo* find_metric(std::string_view name);
std::vector<std::string_view> metric_names();

}  // namespace headroom::study
