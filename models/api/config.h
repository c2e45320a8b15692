#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/base/describe.h"
#include "sim/base/units.h"

namespace headroom::api {

/// What an API server answers when its deadline comes before all renditions are there.
enum class AtDeadline { fail, partial };

/// The customer-facing API tier.
struct ApiConfig {
  Ref hosts;
  Duration cpu;
  std::optional<std::int64_t> max_in_flight;
  std::optional<Duration> deadline;
  AtDeadline at_deadline = AtDeadline::fail;
  std::optional<Rate> quota_per_user;
  std::optional<std::int64_t> quota_burst;
  template <class V>
  static void describe(V& v) {
    v.required("hosts", &ApiConfig::hosts, "host group that it runs on");
    v.optional("cpu", &ApiConfig::cpu, "CPU per request", not_negative());
    v.optional("max_in_flight", &ApiConfig::max_in_flight,
               "requests that one server works on at once; more are rejected (default: no limit)",
               at_least(1));
    v.optional("deadline", &ApiConfig::deadline,
               "time from a request's arrival at the server to its answer, however little is done",
               positive());
    v.optional("at_deadline", &ApiConfig::at_deadline,
               "at the deadline: fail, or answer with the renditions that are there");
    v.optional("quota_per_user", &ApiConfig::quota_per_user,
               "requests of one user that all servers together accept in the long run; more are rejected "
               "(default: no limit)",
               positive());
    v.optional("quota_burst", &ApiConfig::quota_burst,
               "so many of them at once, after a rest (default: a second's worth)", at_least(1));
  }
  static void check(const ApiConfig& a, Complaints& complaints) {
    if (a.quota_burst && !a.quota_per_user)
      complaints.add("quota_burst", "there is no quota, expected quota_per_user with it");
  }
};

}  // namespace headroom::api

namespace headroom {
template <>
struct enum_names<api::AtDeadline> {
  static constexpr std::string_view names[] = {"fail", "partial"};
};
}  // namespace headroom
