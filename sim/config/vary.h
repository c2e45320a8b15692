#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

namespace headroom::config {

/// The most alternatives that may be tried of one thing.
inline constexpr std::size_t kMostValues = 10'000;

/// One thing that is varied: alternatives that are tried in turn. Each has a name, by which tables, figures
/// and files call it, and sets any number of paths. A list of values is the plain case: every alternative
/// sets the one path that the axis is labelled with, and is named by its value.
struct Axis {
  struct Setting {
    std::string path;  ///< as in `--set`
    Mark where;        ///< of the path
    Node value;
  };
  struct Alternative {
    std::string name;
    Mark where;
    std::vector<Setting> settings;  ///< applied in this order; may be empty in a named choice
  };
  std::string label;  ///< the path; of a named choice, its own name
  Mark where;         ///< of the label
  bool named = false;
  std::vector<Alternative> alternatives{};  ///< at least one, with different names
};

/// `PATH=a,b,c`: values are YAML (commas within brackets or quotes do not separate). A value may be a range:
///
///     LO..HI:STEP      LO, LO + STEP, … up to HI: numbers of one unit, in decimal arithmetic
///     LO..HI           the same with step 1: whole numbers without a unit
///     log:LO..HI:N     N values from LO to HI, each the same multiple of the one before it, to six digits;
///                      whole numbers where LO and HI are written as such, equal ones once
///
/// `NAME={ALTERNATIVE: {PATH: VALUE, …}, …}`, one map alone, is a named choice. Errors read
/// `--vary PATH:1:col: error: …`, the column counting in the path or in what stands behind the `=`, as do
/// later errors on the values. `option`: the option that it stands in.
std::optional<Axis> parse_vary(std::string_view assignment, Diagnostics& diagnostics,
                               std::string_view option = "--vary");

/// The same as an entry of a scenario's `sweep`: `PATH: [a, b, c]`, `PATH: LO..HI`, a list with ranges in it,
/// or a named choice, `NAME: {ALTERNATIVE: {PATH: VALUE, …}, …}`.
std::optional<Axis> parse_vary(const Node::Entry& entry, Diagnostics& diagnostics);

/// As it would stand in a scenario: reads back to the same axis.
Node::Entry dump_vary(const Axis& axis);

}  // namespace headroom::config
