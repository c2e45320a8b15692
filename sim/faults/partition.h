#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/faults/hardware.h"
#include "sim/faults/target.h"

namespace headroom::faults {

enum class Direction { both, forward, backward };

/// No message passes between two sets of hosts, or between hosts and clients; what is flowing is cut. Nobody
/// is told: senders hear nothing. Within each set messages go on (so A–B and B–C can be whole while A–C is
/// not).
struct Partition {
  static constexpr std::string_view tag = "partition";
  std::vector<Target> between;
  Direction direction = Direction::both;
  template <class V>
  static void describe(V& v) {
    v.required("between", &Partition::between, "the two sides, [A, B]; each a target or a list of them");
    v.optional("direction", &Partition::direction,
               "what is cut: both ways, only from A to B (forward), or only from B to A (backward)");
  }
  static void check(const Partition& partition, Complaints& complaints);

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const;
  std::vector<Partition> parts(const world::Topology&) const { return {*this}; }
  Duration recovery() const { return {}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults

template <>
struct headroom::enum_names<headroom::faults::Direction> {
  static constexpr std::string_view names[] = {"both", "forward", "backward"};
};
