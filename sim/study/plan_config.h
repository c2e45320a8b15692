#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/units.h"

namespace headroom::study {

/// Of what any one may be gone. `any`: of all that the platform has.
enum class Survive { any, host, rack, switch_, power, cooling, zone };

/// What `headroom plan` looks for; options of the command line come first. `headroom run` does not look at
/// it.
struct PlanConfig {
  std::optional<std::string> minimize;
  std::optional<std::string> maximize;
  std::vector<Survive> survive;
  Share confidence{0.95};
  std::optional<Share> indifference;
};

}  // namespace headroom::study

template <>
struct headroom::enum_names<headroom::study::Survive> {
  static constexpr std::string_view names[] = {"any", "host", "rack", "switch", "power", "cooling", "zone"};
};
