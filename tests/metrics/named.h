#pragma once

#include <string_view>

#include "sim/metrics/metric_info.h"
#include "sim/metrics/series.h"

namespace headroom::metrics::test {

/// Something to report, of which a test needs no more than the name. `name` must outlive it.
inline MetricInfo metric(std::string_view name) {
  return {name, "", ""};
}
inline SeriesInfo column(std::string_view name) {
  return {name, "", ""};
}
inline QuantileInfos latencies() {
  return {column("latency.p50_ms"), column("latency.p95_ms"), column("latency.p99_ms"),
          column("latency.p99_9_ms")};
}

}  // namespace headroom::metrics::test
