#pragma once

#include <optional>
#include <string_view>

#include "sim/base/describe.h"
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

/// The load balancer in front of the service. Without `hosts` it is a costless decision of the client.
struct BalancerConfig {
  std::optional<Ref> hosts;
  Policy policy = Policy::random;
  Duration cpu = Duration::us(50);
  template <class V>
  static void describe(V& v) {
    v.optional(
        "hosts", &BalancerConfig::hosts,
        "host group that it runs on; clients spread over its members; without it, a costless decision");
    v.optional("policy", &BalancerConfig::policy, "how a server is chosen");
    v.optional("cpu", &BalancerConfig::cpu, "CPU per request on its host (none without hosts)",
               not_negative());
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
