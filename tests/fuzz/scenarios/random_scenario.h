#pragma once

#include <cstdint>
#include <string>

namespace headroom::fuzz {

/// A valid scenario drawn at random over the whole language – components, policies, platforms, laws,
/// arrivals, faults, objectives, watches –, as YAML. The same for the same seed, everywhere. Small: a run
/// simulates at most a few seconds of a few hundred requests each.
std::string random_scenario(std::uint64_t seed);

}  // namespace headroom::fuzz
