#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "sim/base/random.h"
#include "sim/world/fluid.h"
#include "sim/world/host.h"
#include "sim/world/network.h"
#include "sim/world/platform.h"
#include "sim/world/scheduler.h"
#include "sim/world/topology.h"

namespace headroom::world {

/// The simulated hardware and its clock. What runs on it is installed on its hosts; what lives outside
/// (clients, say) must be destroyed before the world.
class World {
 public:
  /// The platform must have passed its `check`. All randomness of the hardware comes from `key`.
  World(const PlatformConfig& platform, StreamKey key);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// May come at any date, with anything still under way.
  ~World();

  Scheduler& scheduler() { return scheduler_; }
  TimePoint now() const { return scheduler_.now(); }
  Network& network() { return *network_; }
  const Network& network() const { return *network_; }
  const Topology& topology() const { return topology_; }
  StreamKey key() const { return key_; }

  /// Not for kClients.
  Host& host(HostId id) { return *hosts_[id.value - 1]; }
  /// All hosts in the order of their ids.
  const std::vector<std::unique_ptr<Host>>& hosts() { return hosts_; }
  /// The hosts of a group, in order; empty if there is no such group.
  std::vector<Host*> group(std::string_view name);

  /// Runs all that happens until `end`, that included, or until `stop()` is true; it is asked before each
  /// instant. Afterwards `now` is `end`, unless it was stopped or
  /// `end` is never. May be called again. Returns whether `end` was
  /// reached.
  bool run_until(TimePoint end, const std::function<bool()>& stop = {});

 private:
  Scheduler scheduler_;
  StreamKey key_;
  Topology topology_;
  Fluid fluid_;
  std::unique_ptr<Network> network_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace headroom::world
