// Stands in for sim/study/catalogue.cpp, which asks every component for the names of its metrics and so needs
// all models. Some of each kind: shares and others, with a pattern, higher and lower being better, and
// neither.
#include "sim/study/catalogue.h"

namespace headroom::study {

const std::vector<metrics::MetricInfo>& catalogue() {
  using metrics::Better;
  static const std::vector<metrics::MetricInfo> all = {
      {"yield", "share", "answered / offered", Better::higher},
      {"harvest", "share", "how much of its answer an answered request got", Better::higher},
      {"others.yield", "share", "answered / offered, without abusers", Better::higher},
      {"uptime", "share", "answered / sent, of probes", Better::higher},
      {"throughput_rps", "1/s", "answered requests per second", Better::neither},
      {"latency.mean_ms", "ms", "mean latency", Better::lower},
      {"latency.p99_ms", "ms", "99th percentile of latency", Better::lower},
      {"outcome.<kind>", "count", "requests with that outcome", Better::neither},
      {"queue.wait_mean_ms", "ms", "mean wait in the queue", Better::lower},
      {"election.max_ms", "ms", "longest election", Better::lower},
      {"processing.utilization", "share", "busy slots", Better::neither},
      {"api.over_quota", "count", "requests over the quota", Better::lower},
      {"auth.retries", "count", "calls of the data plane that were repeated", Better::lower},
      {"usage.billing_error", "share", "billed / actual - 1", Better::lower},
      {"store.t_99_9_ms", "ms", "when 99.9 % of reads see the last write", Better::lower},
      {"lb.panic_picks", "count", "picks of a host that is not healthy", Better::lower},
      {"availability.<group>", "share", "time with enough members up", Better::higher},
      {"cost.usd_per_hour", "USD/h", "price of all hosts", Better::lower},
      {"energy.kwh", "kWh", "energy of all hosts", Better::lower},
  };
  return all;
}

const metrics::MetricInfo* find_metric(std::string_view name) {
  return metrics::find(catalogue(), name);
}

std::vector<std::string_view> metric_names() {
  std::vector<std::string_view> names;
  for (const metrics::MetricInfo& m : catalogue()) names.push_back(m.name);
  return names;
}

}  // namespace headroom::study
