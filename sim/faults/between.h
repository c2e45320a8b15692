#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/faults/hardware.h"
#include "sim/faults/target.h"
#include "sim/world/network.h"

namespace headroom::faults {

enum class Direction { both, forward, backward };

/// Two sets of hosts, or hosts and clients, between which messages fare badly. Within each set all is well
/// (so A–B and B–C can be whole while A–C is not).
struct Sides {
  std::vector<Target> between;
  Direction direction = Direction::both;
  template <class V>
  static void describe(V& v) {
    v.required("between", &Sides::between, "the two sides, [A, B]; each a target or a list of them");
    v.optional("direction", &Sides::direction,
               "which messages are struck: both ways, only from A to B (forward), or only from B to A "
               "(backward)");
  }
  static void check(const Sides& sides, Complaints& complaints);
  std::string subject() const;
  void check_sides(const std::string& path, std::string_view kind, const Names& names,
                   Complaints& complaints) const;
  /// What `impairment` says of messages, between the sides as they are now.
  std::unique_ptr<Effect> impair(Hardware& hardware, Engine& draw, world::Impairment impairment) const;
};

/// A kind of fault that is an impairment between two sides: it says which, by `impairment()`.
template <class Kind>
struct Between : Sides {  // NOLINT(bugprone-crtp-constructor-accessibility): kinds are aggregates
  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
    check_sides(path, Kind::tag, names, complaints);
  }
  std::vector<Kind> parts(const world::Topology&) const { return {self()}; }
  Duration recovery() const { return {}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const {
    return impair(hardware, draw, self().impairment());
  }

 private:
  const Kind& self() const { return static_cast<const Kind&>(*this); }
};

}  // namespace headroom::faults

template <>
struct headroom::enum_names<headroom::faults::Direction> {
  static constexpr std::string_view names[] = {"both", "forward", "backward"};
};
