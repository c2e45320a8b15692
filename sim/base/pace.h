#pragma once

#include "sim/base/describe.h"

/// How often things may happen, for the limits in a config struct's field list.
namespace headroom {

/// The step of what happens again and again: nothing real is faster, and a run of nothing else would not end.
constexpr Limits recurring() {
  return {.low = 1e-5};
}
/// Of what is sent or happens at random: the clock counts nanoseconds, so that more of them would be at one
/// instant.
constexpr double kMostFrequent = 1e9;
constexpr Limits frequency() {
  return {.low = 0, .high = kMostFrequent, .low_open = true};
}

}  // namespace headroom
