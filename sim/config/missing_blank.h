#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sim/config/node.h"

namespace headroom::config {

/// Where the value begins in "key:value", if the text begins so: there a blank is missing, and YAML takes all
/// of it for a text.
std::optional<std::size_t> missing_blank(std::string_view text);

/// As describe_node, of what stands where a map is expected: "key:value" lacks a blank, which is said.
std::string describe_no_map(const Node& node);

}  // namespace headroom::config
