#pragma once

#include <string_view>

#include "sim/faults/between.h"

namespace headroom::faults {

/// A second copy of a message between two sides arrives by chance, with delays of its own. Only messages of
/// protocols that bear copies (consensus, notices between workers and queue) are doubled: connections discard
/// copies.
struct Duplicate : Between<Duplicate> {
  static constexpr std::string_view tag = "duplicate";
  Share probability;
  template <class V>
  static void describe(V& v) {
    Sides::describe(v);
    v.required("probability", &Duplicate::probability, "that a second copy of a message arrives", positive());
  }
  world::Impairment impairment() const { return {.duplication = probability.value}; }
};

}  // namespace headroom::faults
