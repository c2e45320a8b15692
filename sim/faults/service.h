#pragma once

#include <string_view>
#include <vector>

#include "sim/world/host.h"

namespace headroom::faults {

/// The service as faults see it: who plays which role, and what can go wrong that is no matter of hardware.
/// The deployment implements it; a component that it does not have plays no role and does nothing.
class Service {
 public:
  virtual ~Service() = default;
  /// The places of the processes that play a role (`queue.leader`) now; empty if nobody does.
  virtual std::vector<world::ProcessSlot*> players(std::string_view role) const = 0;
};

}  // namespace headroom::faults
