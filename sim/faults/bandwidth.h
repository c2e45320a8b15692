#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/faults/hardware.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// Links have less bandwidth, each direction: network cards of hosts, uplinks of racks (or switches) and
/// zones, the internet (of clients, or a region). Flows slow down; messages of one packet pass as before.
struct Bandwidth {
  static constexpr std::string_view tag = "bandwidth";
  Target target;
  Share to;
  template <class V>
  static void describe(V& v) {
    v.required("target", &Bandwidth::target, "whose link it is");
    v.required("to", &Bandwidth::to, "the share of its bandwidth that is left; at 0% flows stand still");
  }

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const { return to_text(target); }
  std::vector<Bandwidth> parts(const world::Topology& topology) const {
    return one_for_each(*this, topology);
  }
  Duration recovery() const { return {}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

/// Complains if none of the links that a target names has a limit, so that there is nothing to take a share
/// of.
void check_limited(const Target& target, const std::string& path, const world::Topology& topology,
                   Complaints& complaints);

}  // namespace headroom::faults
