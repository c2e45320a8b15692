#pragma once

#include <string>
#include <vector>

#include "sim/config/node.h"

namespace headroom::config {

/// A node that is not the same in two trees.
struct Change {
  std::string path;    ///< dotted, as in --set
  std::string before;  ///< in one line; empty: absent
  std::string after;
};

/// The smallest nodes in which the trees differ, in the order of the first. The order of keys means nothing.
std::vector<Change> changes(const Node& before, const Node& after);

}  // namespace headroom::config
