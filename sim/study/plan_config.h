#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/units.h"
#include "sim/study/vary_config.h"

namespace headroom::study {

/// Of what any one may be gone. `any`: of all that the platform has.
enum class Survive { any, host, rack, network_switch, power, cooling, zone };

/// What `headroom plan` looks for; options of the command line come first. `headroom run` does not look at
/// it.
struct PlanConfig {
  std::optional<VaryConfig> vary;
  std::optional<std::string> minimize;
  std::optional<std::string> maximize;
  std::vector<Survive> survive;
  Share confidence{0.95};
  std::optional<Share> indifference;
  template <class V>
  static void describe(V& v) {
    v.optional("vary", &PlanConfig::vary, "what may be chosen: as in `sweep`");
    v.optional("minimize", &PlanConfig::minimize,
               "cost.usd_per_hour (the default), a path that is varied, or any other metric (every point is "
               "then run): of "
               "what holds, the least is wanted");
    v.optional("maximize", &PlanConfig::maximize, "a path that is varied: of what holds, the most is wanted");
    v.optional("survive", &PlanConfig::survive,
               "the objectives have to hold with any one of these gone, too: a list");
    v.optional("confidence", &PlanConfig::confidence, "how sure the answer is to be", between(0.5, 0.999999));
    v.optional(
        "indifference", &PlanConfig::indifference,
        "how far from its bound either answer is right: a part of the bound, of a share of its distance to "
        "perfect (default: 1 % and 10 %)",
        between(1e-6, 0.999999));
  }
};

}  // namespace headroom::study

template <>
struct headroom::enum_names<headroom::study::Survive> {
  static constexpr std::string_view names[] = {"any", "host", "rack", "switch", "power", "cooling", "zone"};
};
