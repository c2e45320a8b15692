#pragma once

#include <cstdint>
#include <optional>

#include "sim/base/describe.h"
#include "sim/base/units.h"

namespace headroom::auth {

/// Credentials kept where they are checked, so that the data plane is not asked on every request.
struct EdgeCacheConfig {
  Duration ttl = Duration::s(300);
  std::int64_t entries = 100'000;
  template <class V>
  static void describe(V& v) {
    v.optional("ttl", &EdgeCacheConfig::ttl, "how long an entry is believed after it was fetched",
               positive());
    v.optional("entries", &EdgeCacheConfig::entries,
               "capacity of each server's cache; the least recently used entry makes room", between(1, 1e9));
  }
};

/// The service that knows all credentials.
struct DataPlaneConfig {
  std::optional<Ref> hosts;
  Duration cpu;
  template <class V>
  static void describe(V& v) {
    v.optional("hosts", &DataPlaneConfig::hosts,
               "host group that it runs on; without it, an answer costs nothing");
    v.optional("cpu", &DataPlaneConfig::cpu, "CPU per look-up", not_negative());
  }
};

/// Every request is authenticated: by the edge cache of the server that handles it, or by the data plane.
struct AuthConfig {
  std::optional<EdgeCacheConfig> edge_cache;
  DataPlaneConfig data_plane;
  template <class V>
  static void describe(V& v) {
    v.optional("edge_cache", &AuthConfig::edge_cache,
               "cache on each API server (without an API tier: one for all); none: every request asks");
    v.optional("data_plane", &AuthConfig::data_plane, "the service that knows all credentials");
  }
};

}  // namespace headroom::auth
