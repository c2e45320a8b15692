#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/faults/hardware.h"
#include "sim/faults/malfunction.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// The same bug is in every instance of a component's version and fires in all of them at the same instant (a
/// certificate that expires, a leap second, a counter that overflows): `trigger` after the version was
/// deployed, which was at `at`, or when the simulation began. `for` is how long it then lasts.
struct Bug {
  static constexpr std::string_view tag = "bug";
  Component component{};
  Distribution<Duration> trigger;
  Malfunction effect;
  template <class V>
  static void describe(V& v) {
    v.required("component", &Bug::component, "whose software");
    v.required("trigger", &Bug::trigger,
               "from `at` (the version is deployed; default: it was before the run) until it fires",
               not_negative());
    v.required("effect", &Bug::effect, "what every instance does from then on");
  }

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const { return std::string(name_of(component)); }
  std::vector<Bug> parts(const world::Topology&) const { return {*this}; }
  /// A process that died of it restarts with the next version.
  Duration recovery() const { return effect.crash ? kRestart : Duration(); }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults
