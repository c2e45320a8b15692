#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/config/node.h"

namespace headroom::config {

/// The tree as JSON; plain scalars become what they mean, quantities stay text.
nlohmann::json to_json(const Node& node);

}  // namespace headroom::config
