#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/balancer/addresses.h"
#include "models/balancer/backends.h"
#include "models/calls/entrance.h"
#include "models/calls/environment.h"
#include "models/calls/job.h"
#include "models/calls/service.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/result.h"
#include "sim/metrics/station.h"
#include "sim/world/host.h"
#include "sim/world/world.h"

namespace headroom::balancer {

/// The load balancer as a whole. With hosts: a streaming (layer 7) proxy on each of them, and clients spread
/// over them at random (as DNS does); each one knows only its own requests. Without: one decision for all
/// clients that costs nothing.
class Balancer final : public calls::Entrance {
 public:
  /// `balancing` outlives it.
  Balancer(Balancing& balancing, StreamKey key);
  /// `servers`: what is balanced. `hosts`: its own, or none.
  void install(const std::vector<world::Host*>& hosts, const std::vector<calls::Endpoint>& servers,
               Duration tls_cpu, double rendition_share);

  Way choose(const calls::Request& request, int attempt) override;
  void started(const Way& way) override;
  void finished(const Way& way, Duration took, calls::Sign sign) override;

  /// Its own; none without hosts.
  const std::vector<calls::Endpoint>& proxies() const { return proxies_; }
  /// Without hosts, servers are checked from where the clients are; with redundancy, addresses move from now
  /// on.
  void start();
  /// Nobody need be checked any more.
  void wind_down() { balancing_.winding_down = true; }
  void tear_down();
  void report(metrics::ResultBuilder& results) const;

 private:
  friend class Proxy;
  Balancing& balancing_;
  world::World& world_;
  StreamKey entrance_key_;
  StreamKey choice_key_;
  StreamKey check_key_;
  /// Looks now and then which balancers live, and moves their addresses.
  world::Task<> watch_addresses();

  std::vector<calls::Endpoint> proxies_;
  std::optional<Addresses> addresses_;  ///< none: each balancer has its own, alive or not
  std::vector<calls::Endpoint> servers_;
  std::unique_ptr<Backends> backends_;  ///< without hosts
  Duration tls_cpu_;
  double rendition_share_ = 0;
  metrics::Station station_;
  world::Scope scope_;  ///< without hosts: checks; else the watch on addresses
};

/// Sends each job to a worker chosen by the policy, from the server that asks for it; used when there is no
/// queue. Workers whose jobs fail may be ejected; nobody checks them. A job counts as outstanding on its
/// worker until its result or a refusal comes back; if neither does (the worker's host died, or a message was
/// lost), until who asked gives up, or its connection does.
class JobBalancer final : public calls::Dispatcher, world::Event {
 public:
  /// `balancing` outlives it.
  JobBalancer(Balancing& balancing, const std::vector<calls::Endpoint>& workers, StreamKey key);
  ~JobBalancer() override = default;
  void dispatch(calls::Job job) override;
  /// What is still outstanding does not matter.
  void tear_down() {
    torn_down_ = true;
    cancel();
    backends_.tear_down();
  }

 private:
  class Outstanding;
  /// When a connection on which nothing comes back is given up, if who asked does not give up earlier. Only
  /// the balancer's count of what is outstanding depends on it: nobody waits.
  static constexpr Duration kSilence = Duration::s(10);
  struct Silent {
    int worker;
    TimePoint since;
  };
  void fire() override;
  void ended(int worker, TimePoint since, calls::Sign sign);
  void fell_silent(int worker, TimePoint since, TimePoint deadline);

  world::World& world_;
  std::vector<calls::Endpoint> workers_;
  StreamKey key_;
  Backends backends_;
  std::multimap<TimePoint, Silent> silent_;  // by when they are given up
  bool torn_down_ = false;
};

extern const std::vector<metrics::MetricInfo> kMetrics;

}  // namespace headroom::balancer
