#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/calls/environment.h"
#include "models/usage/aggregator.h"
#include "models/usage/audit.h"
#include "models/usage/batch_log.h"
#include "models/usage/bill.h"
#include "models/usage/billing.h"
#include "models/usage/config.h"
#include "models/usage/store.h"
#include "sim/base/random.h"
#include "sim/metrics/result.h"
#include "sim/world/host.h"
#include "sim/world/task.h"

namespace headroom::usage {

/// All of the usage pipeline that belongs to no single process: what is on disks (the journals of the API
/// hosts, the store, the bill, cold storage), the clock that says when bills are computed, and the books.
class Pipeline {
 public:
  struct Hosts {
    std::vector<world::Host*> store;
    std::vector<world::Host*> billing;  ///< on which map tasks run
  };
  /// `check` may be null.
  Pipeline(const UsageConfig& config, const calls::Environment& env, const Hosts& hosts, StreamKey key,
           BooksCheck* check);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline();

  /// The part of the pipeline on an API server.
  std::unique_ptr<Aggregator> aggregator(world::Process& server);

  void start();
  /// Ships what there is, computes the last bill, replays it if it is to be.
  void wind_down();
  bool wound_down() const { return wound_down_; }
  void tear_down();
  void report(metrics::ResultBuilder& results) const;

  Audit& audit() { return audit_; }

  // For its parts:
  const UsageConfig& config() const { return config_; }
  const StreamKey& key() const { return key_; }
  BatchStore& store() { return store_; }
  /// The billing period of a date.
  std::int64_t period(TimePoint date) const;
  /// Cold storage has these batches.
  void keep(const std::vector<ItemPtr>& raw);
  void gone(const Aggregator& aggregator);

 private:
  world::Task<> work();
  world::Task<> bill(TimePoint until);
  world::Task<> replay();
  world::Task<> report_regularly();
  world::Task<> ask(std::shared_ptr<std::int64_t> answers, int shard, TimePoint until);
  /// Nothing is on its way to the store.
  bool shipped() const;

  UsageConfig config_;
  world::World& world_;
  metrics::Journal& journal_;
  StreamKey key_;
  BatchStore store_;
  Audit audit_;
  Bill bill_;
  Billing billing_;
  std::map<std::uint32_t, std::unique_ptr<BatchLog>> logs_;  ///< by API host
  std::vector<Aggregator*> aggregators_;                     ///< that live
  std::map<ItemKey, ItemPtr> cold_;
  std::map<ItemKey, ItemPtr> billed_not_cold_;  ///< batches that a replay needs, too
  world::Condition winding_down_begins_;
  bool winding_down_ = false;
  bool wound_down_ = false;
  std::int64_t reports_ = 0;
  std::int64_t report_answers_ = 0;
  world::Scope scope_;
};

}  // namespace headroom::usage
