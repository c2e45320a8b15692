#pragma once

#include <string_view>

#include "sim/base/distribution.h"
#include "sim/faults/between.h"

namespace headroom::faults {

/// Messages between two sides take longer: each by a time of its own, added to that of the way, so that a law
/// with spread lets them overtake one another.
struct Latency : Between<Latency> {
  static constexpr std::string_view tag = "latency";
  Distribution<Duration> add;
  template <class V>
  static void describe(V& v) {
    Sides::describe(v);
    v.required("add", &Latency::add, "added to the time that a message takes, drawn for each one",
               not_negative());
  }
  world::Impairment impairment() const { return {.delay = add}; }
};

}  // namespace headroom::faults
