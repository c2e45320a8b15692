#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/auth/cache.h"
#include "models/auth/config.h"
#include "models/calls/call.h"
#include "models/calls/environment.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::auth {

/// What is known of a user.
struct Credentials {};

/// The identity service as a whole: its data plane's hosts, and what is counted.
class Identity {
 public:
  /// `data_plane`: empty if it costs nothing.
  Identity(const AuthConfig& config, const calls::Environment& env,
           const std::vector<world::Host*>& data_plane);

  const AuthConfig& config() const { return config_; }
  world::World& world() { return world_; }
  bool data_plane_costs_nothing() const { return data_plane_.empty(); }
  /// The data-plane server that a request of this number asks.
  world::ProcessSlot& server_for(std::uint64_t request) const {
    return *data_plane_[request % data_plane_.size()];
  }
  void count(bool hit, TimePoint now, bool probe) {
    const int batch = probe ? -1 : window_.batch(now);
    checks_.add(batch);
    if (hit) hits_.add(batch);
  }
  void report(metrics::ResultBuilder& results) const;

 private:
  AuthConfig config_;
  world::World& world_;
  metrics::Window window_;
  std::vector<world::ProcessSlot*> data_plane_;
  metrics::BatchSum checks_;
  metrics::BatchSum hits_;
};

/// Where credentials are checked: one per API server (part of its process, lost with it), or one for all at
/// the clients' side if there is no API tier.
class Edge {
 public:
  Edge(Identity& identity, world::HostId host);
  /// From the cache if it is believed there; no waiting then.
  bool known(std::uint64_t user, bool probe);
  /// Asks the data plane; keeps the answer.
  world::Task<Outcome<Credentials>> ask(std::uint64_t user, std::uint64_t request, TimePoint until);

 private:
  Identity& identity_;
  world::HostId host_;
  std::optional<TtlCache> cache_;
};

extern const std::vector<metrics::MetricInfo> kMetrics;

}  // namespace headroom::auth
