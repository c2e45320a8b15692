#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "sim/base/describe.h"
#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

namespace headroom::config {

/// Puts the complaints of a struct's own check where the struct was written.
class Located final : public Complaints {
 public:
  Located(const Node& node, Diagnostics& diagnostics) : node_(node), diagnostics_(diagnostics) {}
  void add(std::string_view path, std::string message) override {
    diagnostics_.error(locate(node_, path), std::move(message));
  }

 private:
  const Node& node_;
  Diagnostics& diagnostics_;
};

}  // namespace headroom::config
