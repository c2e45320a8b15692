#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/faults/hardware.h"
#include "sim/faults/target.h"

namespace headroom::faults {

/// Where a poison request kills: the worker that converts its image, or the API server that works on it.
enum class Poisoned { processing, api };

/// What poison does. It kills; anything less is a bug's matter.
struct Deadly {
  bool crash = true;
  template <class V>
  static void describe(V& v) {
    v.required("crash", &Deadly::crash, "true: the process that works on such a request dies");
  }
  static void check(const Deadly& effect, Complaints& complaints);
};

/// Some requests kill the process that works on them, again at each redelivery and at each retry. They are
/// requests that would have come anyway: the first one after each instant of a Poisson process.
struct Poison {
  static constexpr std::string_view tag = "poison";
  Poisoned component = Poisoned::processing;
  Rate rate;
  Deadly effect;
  Duration restart = Duration::s(2);
  template <class V>
  static void describe(V& v) {
    v.required("component", &Poison::component, "who dies of it");
    v.required("rate", &Poison::rate, "poison requests per unit of time: a Poisson process",
               {.low = 0, .high = 1e6, .low_open = true});
    v.optional("effect", &Poison::effect, "what happens to who works on one");
    v.optional("restart", &Poison::restart, "from a process's death to its running again", not_negative());
  }

  void check_targets(const std::string& path, const Names& names, Complaints& complaints) const;
  std::string subject() const;
  std::vector<Poison> parts(const world::Topology&) const { return {*this}; }
  Duration recovery() const { return {}; }
  std::unique_ptr<Effect> strike(Hardware& hardware, Engine& draw) const;
};

}  // namespace headroom::faults

template <>
struct headroom::enum_names<headroom::faults::Poisoned> {
  static constexpr std::string_view names[] = {"processing", "api"};
};
