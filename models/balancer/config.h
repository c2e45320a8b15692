#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "models/calls/port_config.h"
#include "models/calls/redundancy.h"
#include "sim/base/describe.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"

namespace headroom::balancer {

using calls::HealthCheckConfig;
using calls::OutlierConfig;
using calls::Policy;

/// The load balancer in front of the service. Without `hosts` it is a costless decision of the client.
struct BalancerConfig {
  std::optional<Ref> hosts;
  Policy policy = Policy::random;
  Duration cpu = Duration::us(50);
  std::optional<calls::Redundancy> redundancy;
  std::optional<calls::Standby> standby;  ///< none: hot
  std::optional<Duration> detect_after;   ///< none: 3 s
  std::optional<Duration> take_over;
  std::optional<HealthCheckConfig> health_check;
  std::optional<OutlierConfig> outlier_ejection;
  std::optional<Duration> slow_start;
  template <class V>
  static void describe(V& v) {
    v.optional(
        "hosts", &BalancerConfig::hosts,
        "host group that it runs on; clients spread over its members; without it, a costless decision");
    v.optional("policy", &BalancerConfig::policy, "how a server is chosen");
    v.optional("cpu", &BalancerConfig::cpu, "CPU per request on its host (none without hosts)",
               not_negative());
    v.optional(
        "redundancy", &BalancerConfig::redundancy,
        "who takes the address of a balancer that dies. active_active: each has one, and a neighbour takes "
        "it over; active_passive: the first has the only one, the others stand by (default: its clients "
        "find nobody there)");
    v.optional("standby", &BalancerConfig::standby,
               "active_passive: what a passive balancer is ready for (default: hot)");
    v.optional("detect_after", &BalancerConfig::detect_after,
               "silence of a balancer after which another one takes over (default: 3s)", positive());
    v.optional("take_over", &BalancerConfig::take_over,
               "from noticing the silence to answering (default: hot 0s, warm 10s, cold 2min)",
               not_negative());
    v.optional("health_check", &BalancerConfig::health_check,
               "asks each server every so often whether it is there (default: nobody asks)");
    v.optional("outlier_ejection", &BalancerConfig::outlier_ejection,
               "leaves out servers whose answers fail (default: none)");
    v.optional("slow_start", &BalancerConfig::slow_start,
               "time in which the share of a server that came back grows from 10 % to all of its own "
               "(default: at once)",
               positive());
  }
  static void check(const BalancerConfig& b, Complaints& complaints) {
    using calls::Redundancy;
    if (b.redundancy && !b.hosts)
      complaints.add("redundancy", "there is no balancer that could die, expected hosts");
    if (b.standby && b.redundancy != Redundancy::active_passive)
      complaints.add("standby", "nobody stands by, expected redundancy: active_passive");
    if (b.detect_after && !b.redundancy)
      complaints.add("detect_after", "nobody takes over, expected redundancy");
    if (b.take_over && !b.redundancy) complaints.add("take_over", "nobody takes over, expected redundancy");
    if (b.slow_start && !b.health_check && !b.outlier_ejection)
      complaints.add("slow_start",
                     "no server ever comes back, expected health_check or outlier_ejection with it");
  }
};

}  // namespace headroom::balancer
