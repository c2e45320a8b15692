#pragma once

#include <optional>
#include <span>
#include <string>

#include "sim/config/diagnostics.h"
#include "sim/config/node.h"
#include "sim/config/vary.h"

namespace headroom::config {

/// The scenario in `file` with the platform file that it names in place of the name, and then the `--set`s
/// applied in order. (A --set that names another platform file has it read, relative to the current folder.)
/// Nothing, and errors, if the scenario's file cannot be read. After other errors (a platform that cannot be
/// read, then null without a place; a --set, then left out) there is a tree, in which the rest can be
/// checked.
std::optional<Node> load_tree(const std::string& file, std::span<const std::string> sets,
                              Diagnostics& diagnostics);

/// A scenario's tree with all that the alternative sets, one after the other, as `--set`s would.
std::optional<Node> with_alternative(const Node& scenario, const Axis::Alternative& alternative,
                                     Diagnostics& diagnostics);

/// The tree that load_tree returned has no platform because its file cannot be read, which was said.
bool platform_unread(const Node& scenario);

}  // namespace headroom::config
