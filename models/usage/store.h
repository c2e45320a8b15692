#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/calls/environment.h"
#include "models/calls/members.h"
#include "models/calls/port.h"
#include "models/usage/item.h"
#include "models/usage/store_cluster.h"
#include "models/usage/store_config.h"
#include "sim/base/outcome.h"
#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/metrics/result.h"
#include "sim/world/host.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::usage {

class Probes;

/// The replicated store of usage batches: its hosts, what is on their disks, and the library through which it
/// is asked. Batches are spread over shards; each shard lives on hosts of its own.
class BatchStore {
 public:
  BatchStore(const StoreConfig& config, const calls::Environment& env, const std::vector<world::Host*>& hosts,
             StreamKey key);
  BatchStore(const BatchStore&) = delete;
  BatchStore& operator=(const BatchStore&) = delete;
  ~BatchStore();

  /// It is told of acknowledgements from now on.
  void set_watch(StoreWatch& watch) { cluster_.watch = &watch; }
  /// Begins to probe, if the configuration says so.
  void start();
  /// No new probes from now on.
  void wind_down();
  /// No probe is under way.
  bool wound_down() const;
  /// What probes are under way is given up; before the world ends.
  void tear_down();

  /// Its hosts.
  const calls::Members& members() const { return members_; }

  int shards() const { return static_cast<int>(cluster_.config.shards); }
  /// The shard of a key's hash (of a user, say); equally likely for well mixed hashes.
  int shard_of(std::uint64_t hash) const {
    return static_cast<int>(hash % static_cast<std::uint64_t>(shards()));
  }

  /// Asks for the batch to be kept; tries again, through other store hosts too, until it is acknowledged or
  /// it is `until`. A failure does not say that it was not kept: the acknowledgement may be what was lost.
  /// Putting the same batch again is harmless. Runs inside the caller: who dies with it gives up. `from`: the
  /// caller's host.
  ///
  /// An acknowledged batch is on the disks of W hosts. It is not lost as long as one of those disks survives
  /// and, if all of those hosts are stand-ins, one of them can hand it over within `hint_ttl`.
  world::Task<Outcome<Stored>> put(world::HostId from, ItemPtr item, TimePoint until);
  /// All batches of a shard and period that at least one of R of its replicas has; tries again as `put` does.
  /// Fails if fewer than R replicas answer: that shard is missing from the answer, which then has a harvest
  /// below 1.
  world::Task<Outcome<Found>> scan(world::HostId from, int shard, std::int64_t period, TimePoint until);

  /// Drops a batch for good, on all disks, as a time to live on each of them would.
  void forget(const ItemKey& key);

  void report(metrics::ResultBuilder& results) const;

  /// For checkers: `seen(host, key, for_host)` for all that is on disks; for_host −1: it is there to stay.
  void for_each_copy(const std::function<void(int host, const ItemKey& key, int for_host)>& seen) const;
  const Cluster& cluster() const { return cluster_; }

 private:
  template <class Reply>
  class RemoteSink;
  template <class Reply, class Ask>
  world::Task<Outcome<Reply>> ask(world::HostId from, Bytes size, TimePoint until, Ask ask_node);

  calls::Members members_;
  Cluster cluster_;
  calls::PortKind ports_;
  calls::Port port_;  ///< of all callers: each of their hosts stays with one of the store's
  std::unique_ptr<Probes> probes_;
};

}  // namespace headroom::usage
