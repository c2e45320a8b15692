#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "models/auth/config.h"
#include "models/auth/management.h"
#include "models/auth/standby.h"
#include "models/auth/update_log.h"
#include "models/calls/call.h"
#include "models/calls/environment.h"
#include "models/calls/members.h"
#include "models/calls/port.h"
#include "sim/metrics/tracer.h"
#include "sim/world/host.h"

namespace headroom::auth {

/// What the data plane says of credentials.
struct DataPlaneAnswer {
  bool accepted = true;
  std::uint64_t position = 0;  ///< the entries of the log of changes that it knew of
};

/// The service that knows all credentials, as far as the management plane has told it: its hosts, each with a
/// copy of the log on its disk. Without hosts it answers at once and costs nothing.
class DataPlane {
 public:
  /// `management`: null, nothing ever changes.
  DataPlane(const DataPlaneConfig& config, const calls::Environment& env, const UpdateLog& log,
            Management* management, const std::vector<world::Host*>& hosts);

  const DataPlaneConfig& config() const { return config_; }
  /// Its hosts.
  const calls::Members& members() const { return members_; }
  /// How edges call them.
  calls::PortKind& ports() { return ports_; }
  /// Without hosts.
  DataPlaneAnswer answer(Credentials who) const { return look_up(*outside_, who); }
  /// Asks a host, for the request of this number; the call is answered, or fails. `trace`: the request's.
  void ask(calls::Call<DataPlaneAnswer>& call, world::HostId from, const calls::Endpoint& to, Credentials who,
           std::uint64_t number, metrics::TraceId trace);
  /// The hosts need not watch each other any more.
  void wind_down() { winding_down_ = true; }

 private:
  class Server;
  /// How much of the log it has; survives the process.
  class Copy final : public Subscriber {
   public:
    std::uint64_t receive(std::uint64_t from, std::uint64_t to) override {
      subscription_.receive(from, to);
      return position();
    }
    std::uint64_t position() const { return subscription_.position(); }

   private:
    Subscription subscription_;
  };
  /// What a host keeps while its processes come and go.
  struct Kept {
    Copy copy;
    int lives = 0;
  };
  DataPlaneAnswer look_up(const Copy& copy, Credentials who) const {
    return {log_.valid(who, copy.position()), copy.position()};
  }

  DataPlaneConfig config_;
  world::World& world_;
  metrics::Journal& journal_;
  const UpdateLog& log_;
  Management* management_;
  calls::PortKind ports_;
  calls::Members members_;
  std::deque<Kept> kept_;        ///< by member
  std::optional<Copy> outside_;  ///< without hosts
  std::optional<Listener> outside_listener_;
  bool winding_down_ = false;
};

}  // namespace headroom::auth
