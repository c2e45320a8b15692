#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/balancer/addresses.h"
#include "models/balancer/config.h"
#include "models/calls/entrance.h"
#include "models/calls/environment.h"
#include "models/calls/job.h"
#include "models/calls/members.h"
#include "models/calls/port.h"
#include "models/calls/service.h"
#include "sim/metrics/result.h"
#include "sim/metrics/station.h"
#include "sim/world/host.h"
#include "sim/world/world.h"

namespace headroom::balancer {

/// What all instances of the balancer have in common.
struct Balancing {
  Balancing(const BalancerConfig& c, const calls::Environment& env);
  void report(metrics::ResultBuilder& results) const;
  /// How one instance calls these servers. `name`: of the instance, for the journal.
  std::unique_ptr<calls::Port> port(const calls::Members& servers, std::string name);

  BalancerConfig config;
  calls::PortKind ports;
};

/// The load balancer as a whole. With hosts: a streaming (layer 7) proxy on each of them, and clients spread
/// over them at random (as DNS does); each one knows only its own requests. Without: one decision for all
/// clients that costs nothing.
class Balancer final {
 public:
  /// `balancing` outlives it, and so do `servers`: what is balanced.
  Balancer(Balancing& balancing, const calls::Members& servers, StreamKey key);
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;
  /// `hosts`: its own, or none.
  void install(const std::vector<world::Host*>& hosts, Duration tls_cpu);

  /// For clients.
  const calls::Entrance& entrance() const { return entrance_; }
  /// Its own instances; none without hosts.
  const calls::Members& members() const { return proxies_; }
  /// Without hosts, servers are checked from where the clients are; with redundancy, addresses move from now
  /// on.
  void start();
  /// Nobody need be checked any more.
  void wind_down() { balancing_.ports.winding_down = true; }
  void tear_down();
  void report(metrics::ResultBuilder& results) const;

 private:
  friend class Proxy;
  /// Looks now and then which balancers live, and moves their addresses.
  world::Task<> watch_addresses();

  Balancing& balancing_;
  world::World& world_;
  const calls::Members& servers_;
  StreamKey key_;
  calls::Members proxies_;
  std::optional<Addresses> addresses_;  ///< none: each balancer has its own, alive or not
  calls::PortKind to_proxies_;
  std::unique_ptr<calls::Port> port_;  ///< of the clients: to the proxies; without them, to the servers
  calls::Entrance entrance_;
  Duration tls_cpu_;
  metrics::Station station_;
  world::Scope scope_;  ///< without hosts: checks; else the watch on addresses
};

/// Sends each job to a worker chosen by the policy, from the server that asks for it; used when there is no
/// queue. Workers whose jobs fail may be ejected; nobody checks them. A job counts as outstanding on its
/// worker until its result or a refusal comes back; if neither does (the worker's host died, or a message was
/// lost), until who asked gives up, or its connection does.
class JobBalancer final : public calls::Dispatcher, world::Event {
 public:
  /// `balancing` outlives it, and so do `workers`.
  JobBalancer(Balancing& balancing, const calls::Members& workers, StreamKey key);
  ~JobBalancer() override = default;
  void dispatch(calls::Job job) override;
  /// What is still outstanding does not matter.
  void tear_down();

 private:
  class Outstanding;
  /// When a connection on which nothing comes back is given up, if who asked does not give up earlier. Only
  /// the balancer's count of what is outstanding depends on it: nobody waits.
  static constexpr Duration kSilence = Duration::s(10);
  void fire() override;
  void fell_silent(calls::Use use, TimePoint deadline);

  world::World& world_;
  StreamKey key_;
  std::unique_ptr<calls::Port> port_;
  std::multimap<TimePoint, calls::Use> silent_;  // by when they are given up
  bool torn_down_ = false;
};

}  // namespace headroom::balancer
