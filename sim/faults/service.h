#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/faults/component.h"
#include "sim/world/host.h"

namespace headroom::faults {

/// Something that was changed, and is undone when this is destroyed. Null: nothing was.
using Change = std::shared_ptr<void>;

/// The service as faults see it: who plays which role, and what can go wrong that is no matter of hardware.
/// The deployment implements it; a component that it does not have plays no role and does nothing.
class Service {
 public:
  virtual ~Service() = default;
  /// The places of the processes that play a role (`queue.leader`) now; empty if nobody does.
  virtual std::vector<world::ProcessSlot*> players(std::string_view role) const = 0;
  /// The places of a component's processes, in the order of their hosts.
  virtual std::vector<world::ProcessSlot*> instances(Component component) const = 0;
  /// The next request that clients send is poison: each process of the component (API or processing) that has
  /// worked on it is handed to `kill`, with the number of the request.
  using Kill = std::function<void(world::ProcessSlot& victim, std::uint64_t request)>;
  virtual void poison_next(Component component, Kill kill) = 0;

  /// How many users there are; they are numbered from 0.
  virtual std::uint64_t users() const { return 1; }
  /// (factor − 1) times as many requests on top, growing linearly over `ramp`; `key`: of what is drawn about
  /// them.
  virtual Change surge(double, Duration, const StreamKey&) { return nullptr; }
  /// A Poisson process of requests of these users on top.
  virtual Change abuse(const std::vector<std::uint64_t>&, Rate, const StreamKey&) { return nullptr; }
  /// Clients' name look-ups fail with this probability.
  virtual Change fail_names(double) { return nullptr; }
  /// What edges know of credentials is forgotten.
  virtual void flush_auth_caches() {}
};

}  // namespace headroom::faults
