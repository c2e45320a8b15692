#pragma once

#include <string_view>

#include "sim/base/distribution.h"
#include "sim/faults/between.h"

namespace headroom::faults {

/// Some messages between two sides are held back, so that those sent after them overtake them. The default
/// holds them for 10 ms, the delay in the examples of Linux's netem (tc-netem(8), `reorder`).
struct Reorder : Between<Reorder> {
  static constexpr std::string_view tag = "reorder";
  Share probability;
  Distribution<Duration> add = Distribution<Duration>::constant(Duration::ms(10));
  template <class V>
  static void describe(V& v) {
    Sides::describe(v);
    v.required("probability", &Reorder::probability, "that a message is held back", positive());
    v.optional("add", &Reorder::add, "for how long", positive());
  }
  world::Impairment impairment() const { return {.delay = add, .delay_probability = probability.value}; }
};

}  // namespace headroom::faults
