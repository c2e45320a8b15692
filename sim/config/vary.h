#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

namespace headroom::config {

/// The most values that may be tried of one thing.
inline constexpr std::size_t kMostValues = 10'000;

/// Something that is varied: a path as in `--set`, and the values that it takes in turn.
struct Axis {
  std::string path;
  Mark where;                ///< of the path
  std::vector<Node> values;  ///< at least one, all different
};

/// `PATH=a,b,c`: values are YAML (commas within brackets or quotes do not separate), and one may be a range
/// `LO..HI:STEP`, three numbers of the same unit: LO, LO + STEP, … up to HI, in decimal arithmetic. Errors
/// read `--vary PATH:1:col: error: …`, the column counting in the path or in what stands behind the `=`, as
/// do later errors on the values.
std::optional<Axis> parse_vary(std::string_view assignment, Diagnostics& diagnostics);

/// The same written in a scenario, `PATH: [a, b, c]`, `PATH: LO..HI:STEP`, or a list with ranges in it.
std::optional<Axis> parse_vary(const Node::Entry& entry, Diagnostics& diagnostics);

}  // namespace headroom::config
