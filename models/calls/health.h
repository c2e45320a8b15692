#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/calls/port_config.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// What one balancer instance makes of its checks of one server. A server is healthy at first;
/// `unhealthy_after` failed checks in a row make it unhealthy, `healthy_after` answered ones healthy again.
/// Pure.
class HealthState {
 public:
  /// Whether that changes what it is.
  bool checked(bool answered, const HealthCheckConfig& config) {
    if (answered == healthy_) {
      against_ = 0;
      return false;
    }
    if (++against_ < (healthy_ ? config.unhealthy_after : config.healthy_after)) return false;
    against_ = 0;
    healthy_ = answered;
    return true;
  }
  bool healthy() const { return healthy_; }

 private:
  bool healthy_ = true;
  std::int64_t against_ = 0;  ///< checks in a row that say otherwise
};

/// Passive checks, as one balancer instance makes them: `consecutive_failures` failures in a row eject a
/// server, unless too many are ejected. The n-th ejection lasts n times as long as the first, up to
/// `max_ejection`; for each `interval` that passes without one, n falls by one (Envoy, outlier detection:
/// `consecutive_5xx`, `base_ejection_time`, `max_ejection_time`, `max_ejection_percent`; there ejections end
/// with the next sweep, here to the nanosecond). Pure.
class Outliers {
 public:
  Outliers(const OutlierConfig& config, int servers);
  /// A request to the server ended. For how long it is ejected, if that ejects it.
  std::optional<Duration> ended(int server, bool failed, TimePoint now);
  /// The ejection is over.
  void returned(int server, TimePoint now);
  bool ejected(int server) const { return servers_[static_cast<std::size_t>(server)].ejected; }
  int ejected() const { return ejected_; }
  /// So many servers are known from now on, and so many of them are admitted: the share that may be ejected
  /// is one of those.
  void resize(int servers, int admitted);

 private:
  struct Server {
    std::int64_t failures = 0;  // in a row
    std::int64_t ejections = 0;
    TimePoint returned;
    bool ejected = false;
  };
  OutlierConfig config_;
  std::vector<Server> servers_;
  int most_ = 1;
  int ejected_ = 0;
};

}  // namespace headroom::calls
