#pragma once

#include <cstdint>
#include <string_view>

#include "sim/base/describe.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// How a member is chosen (choice.h).
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

}  // namespace headroom::calls

namespace headroom {
template <>
struct enum_names<calls::Policy> {
  static constexpr std::string_view names[] = {
      "random", "round_robin", "least_requests", "power_of_two_choices", "ewma_latency", "consistent_hash"};
};
}  // namespace headroom
