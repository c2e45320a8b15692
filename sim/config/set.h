#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

namespace headroom::config {

/// Applies `PATH=VALUE` to the tree (SPEC §2): PATH is dotted from the root, list elements by index (the
/// index after the last one appends); VALUE is YAML and replaces the whole node; `null` removes it; missing
/// parents are made; keys that contain dots are matched longest first, and below `slo` a new key is
/// everything that is left of the path. Removing what is not there leaves a null, so that a misspelt path is
/// still found by validation. Errors read `--set PATH:1:col: error: …`, as do later errors on the nodes set.
/// Returns the new tree; nothing if there was an error.
std::optional<Node> apply_set(const Node& root, std::string_view assignment, Diagnostics& diagnostics);

/// The same with a value that has been read already. `where` is where the path was written.
std::optional<Node> apply_value(const Node& root, std::string_view path, const Node& value, const Mark& where,
                                Diagnostics& diagnostics);

/// The first place in a dotted path where a name is missing; npos if there is none.
std::size_t hole_in(std::string_view path);

}  // namespace headroom::config
