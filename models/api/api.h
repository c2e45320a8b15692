#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "models/api/config.h"
#include "models/api/quota.h"
#include "models/calls/authenticator.h"
#include "models/calls/environment.h"
#include "models/calls/job.h"
#include "models/calls/members.h"
#include "models/calls/service.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/result.h"
#include "sim/metrics/station.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::api {

/// Meters conversions on one API server (models/usage). Part of the API's process.
class Meter {
 public:
  virtual ~Meter() = default;
  /// Tells the job's gather that it is done, once its record is as safe as it is to be.
  virtual void converted(const calls::Job& job) = 0;
};

/// The tier as a whole: what its servers are made of, and what is counted.
class Tier {
 public:
  struct Parts {
    std::function<std::unique_ptr<calls::Authenticator>(world::Host&)> authenticator;  ///< empty: no auth
    std::function<std::unique_ptr<Meter>(world::Process&)> meter;                      ///< empty: no usage
    calls::Dispatcher* dispatcher = nullptr;  ///< of all servers; null, and no session: nothing to convert
    /// Makes each server's own dispatcher, a part of its process; empty: `dispatcher` is used.
    std::function<std::unique_ptr<calls::Dispatcher>(const calls::Origin&)> session;
    Duration tls_cpu;      ///< per new connection
    bool proxied = false;  ///< a balancer's proxies send what the answers carry
  };
  Tier(const ApiConfig& config, const calls::Environment& env);
  /// Starts a server on each host.
  void install(const std::vector<world::Host*>& hosts, Parts parts);

  const calls::Members& members() const { return members_; }
  const ApiConfig& config() const { return config_; }
  /// Requests that servers work on, their integral over time up to now, in requests·ns.
  double in_flight(TimePoint now) const { return static_cast<double>(station_.area(now)); }
  /// How far quotas were used up; see QuotaUse.
  QuotaUse& quota_use() { return quota_use_; }
  void report(metrics::ResultBuilder& results) const;

 private:
  friend class Server;
  /// One server's share.
  Quota quota() const;
  ApiConfig config_;
  world::World& world_;
  metrics::Window window_;
  Parts parts_;
  calls::Members members_;
  metrics::BatchSum reached_;
  metrics::BatchSum answered_;
  metrics::BatchSum over_quota_;
  QuotaUse quota_use_;
  metrics::Station station_;
};

}  // namespace headroom::api
