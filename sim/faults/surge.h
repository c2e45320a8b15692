#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/units.h"
#include "sim/faults/hardware.h"
#include "sim/faults/more_load.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// Clients send `factor` times as many requests: those of the scenario, unchanged, and (factor − 1) times as
/// many more, drawn apart, of the same users. What is more grows linearly over `ramp` and ends at once.
/// Several surges add what is more.
struct Surge {
  static constexpr std::string_view tag = "surge";
  double factor = 1;
  Duration ramp;
  template <class V>
  static void describe(V& v) {
    v.required("factor", &Surge::factor, "the load then, as a multiple of the scenario's", between(1, 1e6));
    v.optional("ramp", &Surge::ramp, "time in which it grows to that (its end is abrupt)", not_negative());
  }

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const;
  std::vector<Surge> parts(const world::Topology&) const { return {*this}; }
  Duration recovery() const { return {}; }
  Duration onset() const { return ramp; }
  MoreLoad more_load() const { return {.of_own = factor - 1}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
