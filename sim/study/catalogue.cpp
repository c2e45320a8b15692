#include "sim/study/catalogue.h"

#include "models/api/api.h"
#include "models/auth/auth.h"
#include "models/balancer/balancer.h"
#include "models/client/client.h"
#include "models/processing/fleet.h"
#include "models/queue/elections.h"
#include "models/queue/queue.h"
#include "models/usage/store.h"
#include "models/usage/usage.h"
#include "sim/metrics/healing.h"

namespace headroom::study {
namespace {

using metrics::Better;

std::vector<metrics::MetricInfo> collect() {
  std::vector<metrics::MetricInfo> all = client::kMetrics;
  for (const auto* component :
       {&balancer::kMetrics, &api::kMetrics, &auth::kMetrics, &queue::kMetrics, &queue::kElectionMetrics,
        &processing::kMetrics, &usage::kMetrics, &usage::kStoreMetrics, &metrics::kHealingMetrics})
    all.insert(all.end(), component->begin(), component->end());
  all.insert(
      all.end(),
      {{"availability.<group>", "share",
        "share of time in which at least the members of the group that are needed (watch) were up: their "
        "hosts had power and had booted",
        Better::higher},
       {"network.utilization_max", "share",
        "bytes / capacity of the link on which that is highest, over the window", Better::lower},
       {"cost.usd_per_hour", "USD/h", "price of all hosts of the platform", Better::lower},
       {"cost.usd_per_million_requests", "USD",
        "price of all hosts for the window per million answered requests", Better::lower},
       {"energy.kwh", "kWh",
        "energy of all hosts over the window while they had power: idle + (busy - idle) x CPU utilization, "
        "in "
        "watts; a host that is down or booting after a crash draws nothing",
        Better::lower}});
  return all;
}

}  // namespace

const std::vector<metrics::MetricInfo>& catalogue() {
  static const std::vector<metrics::MetricInfo> all = collect();
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
