#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "models/calls/redundancy.h"
#include "sim/base/describe.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"

namespace headroom::balancer {

/// How a server is chosen (see README.md in this folder).
enum class Policy {
  random,
  round_robin,
  least_requests,
  power_of_two_choices,
  ewma_latency,
  consistent_hash
};

/// Each server is asked every so often whether it is there (active checks).
struct HealthCheckConfig {
  Duration interval = Duration::s(2);
  Duration timeout = Duration::ms(500);
  std::int64_t unhealthy_after = 2;
  std::int64_t healthy_after = 2;
  template <class V>
  static void describe(V& v) {
    v.optional("interval", &HealthCheckConfig::interval, "from one check of a server to the next",
               recurring());
    v.optional("timeout", &HealthCheckConfig::timeout, "a check without answer by then has failed",
               positive());
    v.optional("unhealthy_after", &HealthCheckConfig::unhealthy_after,
               "failed checks in a row after which a server gets no more requests", at_least(1));
    v.optional("healthy_after", &HealthCheckConfig::healthy_after,
               "answered checks in a row after which it gets them again", at_least(1));
  }
  static void check(const HealthCheckConfig& h, Complaints& complaints) {
    if (h.timeout > h.interval)
      complaints.add("timeout", "the next check begins before this one is over, expected at most interval");
  }
};

/// A server whose answers fail in a row gets no requests for some time (passive checks; names and defaults
/// are those of Envoy's outlier detection).
struct OutlierConfig {
  std::int64_t consecutive_failures = 5;
  Duration interval = Duration::s(10);
  Duration base_ejection = Duration::s(30);
  Duration max_ejection = Duration::s(300);
  Share max_ejected{0.1};
  template <class V>
  static void describe(V& v) {
    v.optional("consecutive_failures", &OutlierConfig::consecutive_failures,
               "failures in a row (errors, deaths, refusals of the host, silence) that eject a server",
               at_least(1));
    v.optional("interval", &OutlierConfig::interval,
               "time without ejection after which one earlier ejection is forgotten", positive());
    v.optional("base_ejection", &OutlierConfig::base_ejection,
               "length of the first ejection; the n-th in a row is n times as long", positive());
    v.optional("max_ejection", &OutlierConfig::max_ejection, "the longest ejection", positive());
    v.optional("max_ejected", &OutlierConfig::max_ejected,
               "share of the servers that may be ejected at a time; one always may");
  }
  static void check(const OutlierConfig& o, Complaints& complaints) {
    if (o.max_ejection < o.base_ejection)
      complaints.add("max_ejection",
                     "the longest ejection is shorter than the first, expected at least base_ejection");
  }
};

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

namespace headroom {
template <>
struct enum_names<balancer::Policy> {
  static constexpr std::string_view names[] = {
      "random", "round_robin", "least_requests", "power_of_two_choices", "ewma_latency", "consistent_hash"};
};
}  // namespace headroom
