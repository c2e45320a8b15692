#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "models/auth/auth.h"
#include "models/auth/cache.h"
#include "models/auth/management.h"
#include "models/auth/update_log.h"
#include "models/calls/port.h"
#include "sim/base/counted.h"
#include "sim/base/outcome.h"
#include "sim/metrics/tracer.h"
#include "sim/world/pool.h"
#include "sim/world/task.h"

namespace headroom::auth {

/// Where credentials are checked: one per API server (part of its process, lost with it), or one for all at
/// the clients' side if there is no API tier.
class Edge final : Subscriber {
 public:
  /// `name`: of where it is, for the journal (`host/api-1`).
  Edge(Identity& identity, world::HostId host, const std::string& name);
  ~Edge() override;

  /// Whether the user's request is accepted at once, without waiting.
  bool known(std::uint64_t user, bool probe);
  /// The answer to a request that is not: by the data plane, or without it. Nothing: accepted. `number` is
  /// the request's. `trace`: the request's, if any.
  world::Task<std::optional<Failure>> ask(std::uint64_t user, bool probe, std::uint64_t number,
                                          TimePoint until, metrics::TraceId trace = {});
  /// Forgets what it knows of everybody's credentials.
  void empty() {
    if (cache_) cache_->clear();
  }
  /// Gives up what is under way; before the world is destroyed, if it is no part of it.
  void tear_down() { scope_.clear(); }

 private:
  /// A look-up under way, and who waits for it.
  struct Flight : world::Pooled, Counted<Flight> {
    Flight(Credentials c, bool p, metrics::TraceId t) : who(c), probe(p), trace(t) {}
    Credentials who;
    bool probe;              ///< who asked first was one
    metrics::TraceId trace;  ///< of who asked first
    bool ended = false;
    std::optional<DataPlaneAnswer> answer;
    world::Condition end;
  };
  using FlightPtr = boost::intrusive_ptr<Flight>;
  struct Decision {
    Source source;
    bool accepted;
  };

  TimePoint now() const { return identity_.world().now(); }
  std::optional<Decision> at_once(Credentials who);
  FlightPtr look_up(Credentials who, bool probe, std::uint64_t number, metrics::TraceId trace);
  static world::Task<> fly(Edge* self, FlightPtr flight, std::uint64_t number);
  void keep(Credentials who, const DataPlaneAnswer& answer);
  std::optional<Failure> decide(Decision decision, Credentials who, bool probe);
  std::optional<Failure> without_data_plane(Credentials who, bool probe);
  void data_plane_lost();
  void data_plane_back();
  std::uint64_t receive(std::uint64_t from, std::uint64_t to) override;

  Identity& identity_;
  world::HostId host_;
  std::string name_;
  std::optional<TtlCache> cache_;
  calls::Port port_;
  Subscription subscription_;
  std::unordered_map<std::uint64_t, FlightPtr> flights_;  ///< by user; never iterated
  bool cut_off_ = false;
  std::int64_t stale_ = 0;   ///< served since it was cut off
  std::int64_t failed_ = 0;  ///< and not served
  Listener listener_;
  world::Scope scope_;
};

}  // namespace headroom::auth
