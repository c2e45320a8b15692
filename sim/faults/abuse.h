#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"
#include "sim/faults/hardware.h"
#include "sim/faults/more_load.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// Some users, drawn when it strikes, send many requests more: a Poisson process, each request of one of them
/// at random. They are requests like all others, offered ones too. Several of these add up.
struct Abuse {
  static constexpr std::string_view tag = "abuse";
  std::int64_t users = 1;
  Rate rate;
  template <class V>
  static void describe(V& v) {
    v.optional("users", &Abuse::users, "how many users do it together", between(1, 1e6));
    v.required("rate", &Abuse::rate, "requests of all of them together, beyond what they send anyway",
               frequency());
  }

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const;
  std::vector<Abuse> parts(const world::Topology&) const { return {*this}; }
  Duration recovery() const { return {}; }
  MoreLoad more_load() const { return {.per_second = rate.per_second, .users = static_cast<double>(users)}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
