#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/auth/config.h"
#include "models/auth/update_log.h"
#include "models/calls/environment.h"
#include "sim/base/random.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/result.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::auth {

/// Who is told of changes: a data-plane host or an edge cache.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  /// The changes (from, to] of the log have arrived. Returns how much of the log it has now.
  virtual std::uint64_t receive(std::uint64_t from, std::uint64_t to) = 0;
};

/// The management plane: accepts changes of accounts and publishes them. Each subscriber is sent every change
/// in order, `propagation` after it was accepted; what is not acknowledged within a second is sent again, so
/// that one who was cut off catches up. The log, and who has acknowledged what, are on its disks; changes
/// that are wanted while it is down are accepted when it is back.
class Management {
 public:
  /// `host`: null, it is outside of the region. What changes, and when, is drawn from `key` alone.
  Management(const ManagementConfig& config, const calls::Environment& env, UpdateLog& log, StreamKey key,
             std::int64_t users, world::Host* host);
  ~Management();

  void start();
  /// No more changes from now on; those that were accepted are still published.
  void wind_down() { winding_down_ = true; }
  void tear_down() { outside_.clear(); }
  void report(metrics::ResultBuilder& results) const;

 private:
  friend class Listener;
  class Publisher;
  /// A subscriber's place: it stays when the subscriber's process dies.
  struct Seat {
    world::HostId host;
    std::string name;
    StreamKey delays;
    std::uint64_t acknowledged = 0;  ///< what it is known to have
    std::uint64_t delivered = 0;     ///< what has arrived, dead letters included
    Subscriber* subscriber = nullptr;
  };
  Seat& seat(world::HostId host, const std::string& name);
  /// Where it runs now; null while it is down.
  world::Scope* scope();
  world::HostId place() const { return host_ == nullptr ? world::kClients : host_->id(); }
  TimePoint due(const Seat& seat, std::uint64_t position) const;
  world::Task<> change_accounts();
  void accept();
  static world::Task<> publish(Management* self, Seat* seat);
  std::uint64_t deliver(Seat& seat, std::uint64_t from, std::uint64_t to);

  ManagementConfig config_;
  world::World& world_;
  metrics::Window window_;
  UpdateLog& log_;
  StreamKey key_;
  std::uint64_t users_;
  world::Host* host_;
  world::ProcessSlot* slot_ = nullptr;
  std::vector<std::unique_ptr<Seat>> seats_;
  world::Condition news_;
  bool winding_down_ = false;
  std::uint64_t changes_ = 0;  ///< drawn so far
  std::uint64_t wanted_ = 0;   ///< while it was down
  metrics::BatchHistogram propagation_;
  world::Scope outside_;
};

/// While it lives, its subscriber hears of changes; nothing without a management plane.
class Listener {
 public:
  /// `name` tells the subscribers on a host apart.
  Listener(Management* management, world::HostId host, const std::string& name, Subscriber& subscriber);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() {
    if (seat_ != nullptr) seat_->subscriber = nullptr;
  }

 private:
  Management::Seat* seat_ = nullptr;
};

}  // namespace headroom::auth
