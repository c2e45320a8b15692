#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "models/calls/redundancy.h"
#include "models/calls/retry_config.h"
#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"

namespace headroom::auth {

/// Credentials kept where they are checked, so that the data plane is not asked on every request.
struct EdgeCacheConfig {
  Duration ttl = Duration::s(300);
  std::int64_t entries = 100'000;
  Duration negative_ttl;
  Duration serve_stale_for;
  bool coalesce = true;
  template <class V>
  static void describe(V& v) {
    v.optional("ttl", &EdgeCacheConfig::ttl, "how long an entry is believed after it was fetched",
               positive());
    v.optional("entries", &EdgeCacheConfig::entries,
               "capacity of each server's cache; the least recently used entry makes room", between(1, 1e9));
    v.optional("negative_ttl", &EdgeCacheConfig::negative_ttl,
               "how long a denial is believed after it was fetched; 0s: denials are not kept",
               not_negative());
    v.optional("serve_stale_for", &EdgeCacheConfig::serve_stale_for,
               "how long after its end an entry is still believed while the data plane cannot be reached; "
               "0s: such requests fail",
               not_negative());
    v.optional("coalesce", &EdgeCacheConfig::coalesce,
               "requests of a user that miss at the same time share one look-up");
  }
};

using calls::Redundancy;
using calls::Standby;

/// The service that knows all credentials.
struct DataPlaneConfig {
  std::optional<Ref> hosts;
  Duration cpu;
  Redundancy redundancy = Redundancy::active_active;
  Standby standby = Standby::hot;
  Duration detect_after = Duration::s(3);
  std::optional<Duration> take_over;
  Duration timeout = Duration::ms(100);
  Duration retry_after = Duration::s(1);
  std::optional<calls::RetryConfig> retry;
  template <class V>
  static void describe(V& v) {
    v.optional("hosts", &DataPlaneConfig::hosts,
               "host group that it runs on; without it, an answer costs nothing");
    v.optional("cpu", &DataPlaneConfig::cpu, "CPU per look-up", not_negative());
    v.optional("redundancy", &DataPlaneConfig::redundancy,
               "active_active: all hosts answer; active_passive: the first one does, another one takes over");
    v.optional("standby", &DataPlaneConfig::standby, "active_passive: what a passive host is ready for");
    v.optional("detect_after", &DataPlaneConfig::detect_after,
               "active_passive: silence of the active host after which another one takes over", positive());
    v.optional("take_over", &DataPlaneConfig::take_over,
               "from noticing the silence to answering (default: hot 0s, warm 10s, cold 2min)",
               not_negative());
    v.optional("timeout", &DataPlaneConfig::timeout,
               "a host that has not answered by then is given up, and another one asked", positive());
    v.optional("retry_after", &DataPlaneConfig::retry_after,
               "a host that was given up is not asked again for so long, but by one request", positive());
    v.optional("retry", &DataPlaneConfig::retry,
               "a look-up that no host answered is tried again, with hosts that were given up, too; the "
               "budget is each server's own (default: it is not)");
  }
  static void check(const DataPlaneConfig& d, Complaints& complaints) {
    if (d.redundancy == Redundancy::active_active && d.take_over)
      complaints.add("take_over", "all hosts are active, expected redundancy: active_passive");
    if (d.redundancy == Redundancy::active_passive && !d.hosts)
      complaints.add("redundancy", "there is no host that could be passive, expected hosts");
    if (d.retry && !d.hosts)
      complaints.add("retry", "without hosts every look-up is answered, expected hosts with it");
  }
};

/// How long a standby takes from noticing to answering.
inline Duration take_over_time(const DataPlaneConfig& config) {
  return calls::take_over_time(config.take_over, config.standby);
}

/// Where accounts are changed: rare writes, apart from the data plane that answers every look-up.
struct ManagementConfig {
  std::optional<Ref> hosts;
  Rate updates{1};
  Distribution<Duration> propagation = Distribution<Duration>::constant(Duration::s(2));
  Share new_users{0.01};
  Share revocations{0.001};
  template <class V>
  static void describe(V& v) {
    v.optional("hosts", &ManagementConfig::hosts,
               "host group on whose first host it runs; without it, it is outside of the region");
    v.optional("updates", &ManagementConfig::updates, "changes of accounts, a Poisson process", frequency());
    v.optional("propagation", &ManagementConfig::propagation,
               "from a change to its being sent to a data-plane host or a cache; the network comes on top",
               not_negative());
    v.optional("new_users", &ManagementConfig::new_users,
               "share of changes that are a new user, in the place of one who leaves");
    v.optional("revocations", &ManagementConfig::revocations,
               "share of changes that revoke a user's credentials; the rest are key changes");
  }
  static void check(const ManagementConfig& m, Complaints& complaints) {
    if (m.new_users.value + m.revocations.value > 1)
      complaints.add("revocations",
                     "new_users and revocations are shares of all changes, expected at most 100% together");
  }
};

/// Every request is authenticated: by the edge cache of the server that handles it, or by the data plane.
struct AuthConfig {
  std::optional<EdgeCacheConfig> edge_cache;
  DataPlaneConfig data_plane;
  std::optional<ManagementConfig> management;
  template <class V>
  static void describe(V& v) {
    v.optional("edge_cache", &AuthConfig::edge_cache,
               "cache on each API server (without an API tier: one for all); none: every request asks");
    v.optional("data_plane", &AuthConfig::data_plane, "the service that knows all credentials");
    v.optional("management", &AuthConfig::management,
               "where accounts change; none: all credentials are valid and stay so");
  }
};

}  // namespace headroom::auth
