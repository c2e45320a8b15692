#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/calls/environment.h"
#include "models/calls/members.h"
#include "models/usage/config.h"
#include "models/usage/store.h"
#include "sim/base/random.h"
#include "sim/metrics/result.h"
#include "sim/world/host.h"
#include "sim/world/task.h"

namespace headroom::usage {

/// What a run of the batch read, by shard: null where no map task got through.
using MappedShards = std::vector<std::unique_ptr<std::vector<ItemPtr>>>;

/// Computes bills: a MapReduce over the store's shards. One map task per shard reads what is there and sums
/// it up; one reduce task puts the sums together. The master runs on the first host that is up, and is
/// started again on another one if it dies; nothing of a run counts before all of it does.
class Billing {
 public:
  Billing(const BillingConfig& config, const calls::Environment& env, BatchStore& store,
          const std::vector<world::Host*>& hosts, StreamKey key);
  Billing(const Billing&) = delete;
  Billing& operator=(const Billing&) = delete;
  ~Billing();

  /// Runs the batch. What it could read; empty if no run was over by `until`.
  world::Task<MappedShards> run(TimePoint until);
  /// A host of the group that is up; null if none is.
  world::Host* live_host() const;
  int cores() const;

  void report(metrics::ResultBuilder& results) const;

 private:
  class Worker;
  struct Run;
  using RunPtr = std::shared_ptr<Run>;
  Duration slowdown(std::uint64_t task, Duration work) const;

  BillingConfig config_;
  world::World& world_;
  metrics::Journal& journal_;
  BatchStore& store_;
  StreamKey key_;
  calls::Members workers_;
  std::uint64_t runs_ = 0;
  std::int64_t shards_asked_ = 0;
  std::int64_t shards_read_ = 0;
  std::int64_t backups_ = 0;
  std::int64_t reexecutions_ = 0;
  metrics::Tally seconds_;
};

}  // namespace headroom::usage
