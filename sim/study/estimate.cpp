#include "sim/study/estimate.h"

#include <algorithm>
#include <variant>

#include "sim/study/offered_load.h"

namespace headroom::study {
namespace {

// CPU time in microseconds, from the shipped scenarios on the machine of tests/bench; see
// tests/study/offered_load_test.cpp, which holds the sum against what is written down there.
constexpr double kRequest = 0.5;  // arrival, choice of a server, outcome, metrics
constexpr double kBalancer = 0.7;
constexpr double kApi = 0.8;
constexpr double kCredentials = 0.3;
constexpr double kQueuedJob = 7;  // three entries of a replicated log, delivery, result
constexpr double kPushedJob = 0.4;
constexpr double kFlow = 2.2;  // a message that shares links
constexpr double kMeteredJob = 1.0;
constexpr double kHeartbeat = 1.0;  // of a queue's member, or of one health check
constexpr double kFailure = 2.0;    // of one host, and its repair; or of another fault
constexpr double kStoreProbe = 8;   // a write, and a read
constexpr double kReplication = 50'000;

// Memory in bytes.
constexpr double kProcess = 60e6;
constexpr double kRecord = 150;  // of usage, kept until the end
constexpr double kHost = 20e3;

bool limited(const world::NetworkConfig& network) {
  return !network.ideal &&
         (network.nic.bandwidth || network.internet.bandwidth || network.rack_uplink.bandwidth ||
          network.zone_uplink.bandwidth || network.between_zones.bandwidth);
}

}  // namespace

RunEstimate estimate(const ScenarioConfig& s) {
  const DeploymentConfig& d = s.deployment;
  RunEstimate all;
  all.requests = expected_requests(s);
  const auto replications = static_cast<double>(s.run.replications);
  const double length = (s.run.warmup + s.run.duration).seconds();
  const auto jobs = d.processing ? static_cast<double>(s.workload.renditions) : 0;

  double flows = 0;
  double request = kRequest;
  if (d.load_balancer && d.load_balancer->hosts) request += kBalancer;
  if (d.api) request += kApi;
  if (d.auth) request += kCredentials;
  if (d.queue) {
    request += jobs * kQueuedJob;
    flows += jobs * (d.queue->payload == queue::Payload::in_line ? 5 : 2);
  } else if (d.processing) {
    request += jobs * kPushedJob;
    if (d.api) flows += jobs * 2;
  }
  if (d.api || !d.queue) flows += 2;
  if (d.usage && d.api) request += jobs * kMeteredJob;
  if (s.workload.image_bytes && limited(s.platform.network)) request += flows * kFlow;

  double events = 0;  // of one replication, whatever the load is
  if (d.queue)
    events += kHeartbeat * length / d.queue->heartbeat.seconds() *
              static_cast<double>(s.platform.hosts.at(d.queue->hosts.name).count);
  if (d.usage && d.usage->store.probe) events += kStoreProbe * length * d.usage->store.probe->rate.per_second;
  const world::Topology topology(s.platform);
  for (const faults::FaultConfig& fault : s.faults) {
    if (!fault.stochastic() && !fault.every) continue;
    const auto parts = std::visit([&](const auto& kind) { return kind.parts(topology).size(); }, fault.kind);
    const double cycle = fault.stochastic() ? fault.mttf->mean().seconds() + fault.mttr->mean().seconds()
                                            : fault.every->seconds();
    if (cycle > 0) events += kFailure * static_cast<double>(parts) * length / cycle;
  }
  all.cpu_s = (all.requests * request + (events + kReplication) * replications) / 1e6;

  double hosts = 0;
  for (const auto& [name, group] : s.platform.hosts) hosts += static_cast<double>(group.count);
  all.memory_bytes = kProcess + kHost * hosts;
  if (d.usage) all.memory_bytes += kRecord * jobs * all.requests / replications;
  return all;
}

}  // namespace headroom::study
