#pragma once

#include <optional>
#include <span>
#include <string>

#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

namespace headroom::config {

/// The scenario in `file` with the platform file that it names in place of the name, and then the `--set`s
/// applied in order. (A --set that names another platform file has it read, relative to the current folder.)
/// Nothing, and errors, if a file or a --set cannot be read.
std::optional<Node> load_tree(const std::string& file, std::span<const std::string> sets,
                              Diagnostics& diagnostics);

}  // namespace headroom::config
