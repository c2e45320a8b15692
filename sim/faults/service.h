#pragma once

#include <string_view>
#include <vector>

#include "sim/faults/component.h"
#include "sim/world/caches.h"
#include "sim/world/host.h"
#include "sim/world/traffic.h"

namespace headroom::faults {

/// The service as faults see it: who plays which role, and what can be changed that is no matter of hardware.
/// The deployment implements it; what is asked for is there if the scenario has passed its checks.
class Service {
 public:
  virtual ~Service() = default;
  /// The places of the processes that play a role (`queue.leader`) now; empty if nobody does.
  virtual std::vector<world::ProcessSlot*> players(std::string_view role) const = 0;
  /// The places of a component's processes, in the order of their hosts.
  virtual std::vector<world::ProcessSlot*> instances(Component component) const = 0;
  /// What clients send.
  virtual world::Traffic& traffic() = 0;
  /// The caches of a component that has some.
  virtual world::Caches& caches(Component component) = 0;
};

}  // namespace headroom::faults
