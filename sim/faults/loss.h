#pragma once

#include <string_view>

#include "sim/faults/between.h"

namespace headroom::faults {

/// Messages between two sides are lost by chance, each for itself, whole ones, and nobody is told. What a
/// transport would send again is lost all the same: the probability is that of what is left after that.
struct Loss : Between<Loss> {
  static constexpr std::string_view tag = "loss";
  Share probability;
  template <class V>
  static void describe(V& v) {
    Sides::describe(v);
    v.required("probability", &Loss::probability, "that a message is lost", positive());
  }
  world::Impairment impairment() const { return {.loss = probability.value}; }
};

}  // namespace headroom::faults
