#pragma once

#include <cstdint>
#include <vector>

#include "sim/metrics/result.h"

namespace headroom::metrics::queue_runs {

/// A queue of which theory knows the truth, run without the simulator: Kiefer and Wolfowitz's recursion (for
/// one server Lindley's) feeds the very classes that the simulator feeds. Mean service time 100 ms.
struct Queue {
  int servers = 1;
  double load = 0.8;
  /// Squared coefficient of variation of the service time: 1 exponential, above it hyperexponential with
  /// balanced means.
  double scv = 1;
};

/// What is known about it in the long run. Quantiles of M/G/1 are from a simulation of 4·10⁸ requests.
struct Truth {
  double latency_ms = 0, wait_ms = 0, p50_ms = 0, p99_ms = 0, utilization = 0;
};
Truth truth(const Queue&);

/// How many seconds of a run are worth one independent observation of the number of requests in the system
/// (twice the integrated correlation): 2(1 + ρ)/(1 − ρ)² service times over the servers (Whitt 1989), more
/// with the variance of service.
double memory_s(const Queue&);

/// One replication, begun in the steady state. Metrics: latency.{mean,p50,p99}_ms, wait_mean_ms, utilization.
ReplicationResult run(const Queue&, double window_s, std::uint64_t seed);

}  // namespace headroom::metrics::queue_runs
