#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "models/usage/item.h"
#include "models/usage/store_config.h"
#include "sim/base/outcome.h"
#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/task.h"
#include "sim/world/world.h"

namespace headroom::usage {

/// A put was acknowledged: the batch is durable.
struct Stored {};

/// What a read found, each batch once, in the order of keys.
struct Found {
  std::vector<ItemPtr> items;
};

/// The replicated store of usage batches: its hosts, what is on their disks, and the library through which it
/// is asked. Batches are spread over shards; each shard lives on hosts of its own.
class BatchStore {
 public:
  BatchStore(const StoreConfig& config, world::World& world, const std::vector<world::Host*>& hosts,
             StreamKey key, const metrics::Window& window, metrics::Series& series);

  int shards() const { return static_cast<int>(config_.shards); }
  /// The shard of a key's hash (of a user, say); equally likely for well mixed hashes.
  int shard_of(std::uint64_t hash) const;

  /// Asks for the batch to be kept; tries again, on other store hosts too, until it is acknowledged or it is
  /// `until`. A failure does not say that it was not kept: the acknowledgement may be what was lost. Putting
  /// the same batch again is harmless. Runs inside the caller: who dies with it gives up. `from`: the
  /// caller's host.
  world::Task<Outcome<Stored>> put(world::HostId from, ItemPtr item, TimePoint until);
  /// All batches of a shard and period that enough replicas know of; tries again as `put` does.
  world::Task<Outcome<Found>> scan(world::HostId from, int shard, std::int64_t period, TimePoint until);

  void report(metrics::ResultBuilder& results) const;

 private:
  class Node;
  StoreConfig config_;
  world::World& world_;
  std::vector<world::ProcessSlot*> nodes_;
  std::vector<std::map<ItemKey, ItemPtr>> disks_;
};

}  // namespace headroom::usage
