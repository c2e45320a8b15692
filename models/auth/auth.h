#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/auth/config.h"
#include "models/auth/data_plane.h"
#include "models/auth/management.h"
#include "models/auth/update_log.h"
#include "models/calls/environment.h"
#include "sim/base/random.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/window.h"
#include "sim/world/caches.h"
#include "sim/world/host.h"
#include "sim/world/world.h"

namespace headroom::auth {

class Edge;

/// What a check of credentials rests on.
enum class Source {
  cache,       ///< an entry of the edge cache
  data_plane,  ///< an answer
  stale,       ///< an entry past its time, because nobody could be asked
  nobody,      ///< nothing: the request failed
};
inline constexpr std::size_t kSources = 4;

/// The identity service as a whole: the truth about all accounts, the planes that know of it, and what is
/// counted.
class Identity final : public world::Caches {
 public:
  struct Hosts {
    std::vector<world::Host*> data_plane;  ///< empty: it costs nothing
    std::vector<world::Host*> management;  ///< empty: it is outside of the region
  };
  /// `users`: how many there are, from 0.
  Identity(const AuthConfig& config, const calls::Environment& env, StreamKey key, std::int64_t users,
           const Hosts& hosts);

  void start();
  /// No more changes, and nobody watches anybody.
  void wind_down();
  void tear_down();

  const AuthConfig& config() const { return config_; }
  world::World& world() const { return world_; }
  metrics::Journal& journal() { return journal_; }
  const UpdateLog& log() const { return log_; }
  DataPlane& data_plane() { return *data_plane_; }
  /// Null: nothing ever changes.
  Management* management() { return management_ ? &*management_ : nullptr; }

  /// Edges live and die with the servers that they are part of.
  void add(Edge& edge) { edges_.push_back(&edge); }
  void remove(Edge& edge) { std::erase(edges_, &edge); }
  /// Of all edges that live.
  void empty_caches() override;

  /// A check ended: accepted, or denied.
  void decided(Source source, bool accepted, Credentials who, bool probe);
  /// A check could not be made.
  void unchecked(bool probe) { count(Source::nobody, probe); }
  /// A check waits for a look-up that another one began.
  void coalesced(bool probe) { coalesced_.add(batch(probe)); }
  /// A look-up that no host answered is tried again.
  void asked_again(bool probe) { retries_.add(batch(probe)); }
  /// Of the waits before that.
  const StreamKey& backoff_key() const { return backoff_key_; }
  void report(metrics::ResultBuilder& results) const;

 private:
  /// A count, and when.
  struct Counted {
    metrics::BatchSum sum;
    metrics::Series::Counter* series = nullptr;
  };
  int batch(bool probe) const { return probe ? -1 : window_.batch(world_.now()); }
  void count(Counted& counted, bool probe);
  void count(Source source, bool probe) { count(checks_[static_cast<std::size_t>(source)], probe); }
  const metrics::BatchSum& checks(Source source) const {
    return checks_[static_cast<std::size_t>(source)].sum;
  }

  AuthConfig config_;
  world::World& world_;
  metrics::Window window_;
  metrics::Journal& journal_;
  UpdateLog log_;
  std::optional<Management> management_;
  std::optional<DataPlane> data_plane_;
  std::array<Counted, kSources> checks_;
  std::vector<Edge*> edges_;  ///< that live
  Counted denied_valid_;
  Counted served_revoked_;
  metrics::BatchSum coalesced_;
  metrics::BatchSum retries_;
  StreamKey backoff_key_;
};

}  // namespace headroom::auth
