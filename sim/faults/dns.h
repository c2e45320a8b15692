#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/units.h"
#include "sim/faults/hardware.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// Name look-ups of clients fail, at once. Who has a connection goes on: only attempts that open a new one
/// look the name up. Several of these are independent of each other.
struct Dns {
  static constexpr std::string_view tag = "dns";
  Share probability{1};
  template <class V>
  static void describe(V& v) {
    v.optional("probability", &Dns::probability, "that a look-up fails");
  }

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const;
  std::vector<Dns> parts(const world::Topology&) const { return {*this}; }
  Duration recovery() const { return {}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
