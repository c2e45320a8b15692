#pragma once

#include <string_view>

#include "sim/faults/between.h"

namespace headroom::faults {

/// No message passes between two sides; what is flowing is cut. Nobody is told: senders hear nothing.
struct Partition : Between<Partition> {
  static constexpr std::string_view tag = "partition";
  world::Impairment impairment() const { return {.blocked = true}; }
};

}  // namespace headroom::faults
