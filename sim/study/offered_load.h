#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/study/degraded.h"
#include "sim/study/scenario.h"
#include "sim/world/topology.h"

namespace headroom::study {

/// What a resource is asked for and what it can give, by the utilisation law: busy = rate × demand per
/// request (P. J. Denning and J. P. Buzen, “The operational analysis of queueing network models”, ACM
/// Computing Surveys 10(3), 1978).
struct ResourceLoad {
  enum class Unit { cores, slots, bytes_per_s, jobs_per_s };
  std::string name;  ///< as in metrics/resource.h; and `queue`, if it has no leader
  Unit unit = Unit::cores;
  double offered = 0;        ///< what the load needs
  double capacity = 0;       ///< of what is alive and can be reached
  std::string where{};       ///< a member that is fuller than the tier as a whole: the numbers are its own
  double busy = 0;           ///< what a simulation would measure: share of what is configured, while it holds
  std::int64_t alive = 1;    ///< hosts of a tier
  std::int64_t members = 1;  ///< hosts of it that are configured
  /// Of two directions of a link the fuller one. Infinite if nothing is left.
  double share() const;
};

/// Every tier, link and (with `payload: inline`) disk of the queue at a steady rate of requests, with what is
/// left of the platform; the fullest first, of equals the first that a request meets.
///
/// What is assumed: each request is tried once and nothing is rejected or late, so that retries, hedges,
/// probes and what backpressure keeps away are not in it; sizes and costs are means; what spreads load by
/// what is outstanding spreads it by speed, what does not (`random`, `round_robin`, `consistent_hash`)
/// evenly. Servers that are gone are avoided by whoever can know (health checks, ejection, outstanding
/// requests, another attempt); otherwise their share of the requests is lost. Workers are taken to be as
/// contended as when all slots are busy. Left out: control messages and log entries of one packet,
/// credentials, usage records (64 B a conversion), snapshots of the queue. A rate of requests that is not
/// finite or images without a mean: the links are left out.
std::vector<ResourceLoad> offered_load(const ScenarioConfig& scenario, const world::Topology& topology,
                                       double requests_per_s, const Degraded& left = {});

/// The highest rate of requests in a part of the run, requests/s. A trace's is that of its busiest second; of
/// a fixed number of users what they could ask for if nothing ever waited.
double peak_rate(const ScenarioConfig& scenario, TimePoint from, TimePoint to);
/// Requests expected in the whole run, warm-up and all replications included; faults that add load, too.
double expected_requests(const ScenarioConfig& scenario);

/// The load in one phase of the run, at its peak.
struct PhaseLoad {
  Phase phase;
  double requests_per_s = 0;
  std::vector<ResourceLoad> resources;
};
/// The undisturbed run first, then what each scheduled fault makes of it.
std::vector<PhaseLoad> offered_load(const ScenarioConfig& scenario);

}  // namespace headroom::study
