#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/balancer/choice.h"
#include "models/balancer/config.h"
#include "models/balancer/health.h"
#include "models/calls/entrance.h"
#include "models/calls/environment.h"
#include "models/calls/service.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/result.h"
#include "sim/world/task.h"

namespace headroom::balancer {

/// What all instances of the balancer count, and how they are set.
struct Balancing {
  Balancing(const BalancerConfig& c, const calls::Environment& env) : config(c), environment(env) {}
  void report(metrics::ResultBuilder& results) const;

  BalancerConfig config;
  calls::Environment environment;
  bool winding_down = false;  ///< nobody need be checked any more
  metrics::BatchSum ejections;
  metrics::BatchSum unhealthy;
  metrics::BatchSum panic_picks;
};

/// The servers as one balancer instance sees them: which one gets the next request, and which are left out,
/// because checks or requests failed. Each change stands in the journal.
class Backends final : world::Event {
 public:
  /// `name`: of the instance, for the journal. Everything given outlives it.
  Backends(Balancing& balancing, const std::vector<calls::Endpoint>& servers, std::string name);
  Backends(const Backends&) = delete;
  Backends& operator=(const Backends&) = delete;
  ~Backends() override = default;

  int pick(Engine& draw, std::uint64_t user);
  void started(int server) { choice_.started(server); }
  void finished(int server, Duration took, calls::Sign sign);

  /// Checks each server every so often if that is asked for: a message from `from` to the server's process
  /// and back. `scope` dies with whoever checks, before this. `key`: of the times of the first checks.
  void check_regularly(world::Scope& scope, world::HostId from, StreamKey key);
  /// Where no process of the world takes it along.
  void tear_down() { cancel(); }

 private:
  static world::Task<> check(Backends* self, int server, world::HostId from, Duration phase);
  void fire() override;
  void checked(int server, bool answered);
  void consider(int server);
  void note(const char* kind, int server, std::vector<metrics::Field> details = {});
  world::World& world() const { return balancing_.environment.world; }
  TimePoint now() const { return world().now(); }
  int batch() const { return balancing_.environment.window.batch(now()); }

  Balancing& balancing_;
  const std::vector<calls::Endpoint>& servers_;
  std::string name_;
  Choice choice_;
  std::vector<HealthState> health_;          ///< empty: nobody is checked
  std::optional<Outliers> outliers_;         ///< none: nobody is ejected
  std::multimap<TimePoint, int> returning_;  ///< who is ejected, by when that is over
};

}  // namespace headroom::balancer
