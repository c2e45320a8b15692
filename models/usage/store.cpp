#include "models/usage/store.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "models/calls/call.h"
#include "models/calls/job.h"

namespace headroom::usage {
namespace {

/// How long a caller waits for one attempt, and pauses after one that failed.
constexpr Duration kAttempt = Duration::s(2);
constexpr Duration kPause = Duration::ms(500);

}  // namespace

/// A store's process.
class BatchStore::Node final : public world::Process {
 public:
  Node(world::Host& host, BatchStore& store, std::size_t number)
      : Process(host), store_(store), number_(number) {}
  ~Node() override { scope().clear(); }
  void put(ItemPtr item, calls::Responder<Stored> responder) {
    scope().spawn(write(this, std::move(item), std::move(responder)));
  }
  void scan(int shard, std::int64_t period, calls::Responder<Found> responder) {
    Found found;
    Bytes size = calls::kControl;
    const auto& disk = store_.disks_[number_];
    for (auto i = disk.lower_bound({shard, period, 0}); i != disk.end(); ++i) {
      if (i->first.shard != shard || i->first.period != period) break;
      found.items.push_back(i->second);
      size += i->second->size;
    }
    responder.reply(std::move(found), size);
  }

 private:
  static world::Task<> write(Node* self, ItemPtr item, calls::Responder<Stored> responder) {
    co_await self->host().disk().write(item->size);
    co_await self->host().disk().fsync();
    self->store_.disks_[self->number_].emplace(item->key, item);
    responder.reply(Stored{});
  }
  BatchStore& store_;
  std::size_t number_;
};

BatchStore::BatchStore(const StoreConfig& config, world::World& world, const std::vector<world::Host*>& hosts,
                       StreamKey, const metrics::Window&, metrics::Series&)
    : config_(config), world_(world), disks_(hosts.size()) {
  for (world::Host* host : hosts) {
    const std::size_t number = nodes_.size();
    nodes_.push_back(
        &host->install([this, number](world::Host& h) { return std::make_unique<Node>(h, *this, number); }));
  }
}

int BatchStore::shard_of(std::uint64_t hash) const {
  return static_cast<int>(hash % static_cast<std::uint64_t>(config_.shards));
}

world::Task<Outcome<Stored>> BatchStore::put(world::HostId from, ItemPtr item, TimePoint until) {
  world::Scheduler& scheduler = world_.scheduler();
  Failure why = Failure::timeout;
  while (scheduler.now() < until) {
    world::ProcessSlot& slot = *nodes_[static_cast<std::size_t>(item->key.shard) % nodes_.size()];
    calls::Call<Stored> call(scheduler, std::min(until, scheduler.now() + kAttempt));
    const world::HostId to = slot.host().id();
    calls::send_to<Node>(world_.network(), {from, to}, item->size, slot,
                         [item, r = call.responder(world_.network(), {to, from})](Node& n) mutable {
                           n.put(item, std::move(r));
                         });
    const auto outcome = co_await call;
    if (outcome) co_return *outcome;
    why = outcome.failure();
    co_await world::Sleep(scheduler, std::min(until, scheduler.now() + kPause));
  }
  co_return why;
}

world::Task<Outcome<Found>> BatchStore::scan(world::HostId from, int shard, std::int64_t period,
                                             TimePoint until) {
  world::Scheduler& scheduler = world_.scheduler();
  Failure why = Failure::timeout;
  while (scheduler.now() < until) {
    world::ProcessSlot& slot = *nodes_[static_cast<std::size_t>(shard) % nodes_.size()];
    calls::Call<Found> call(scheduler, std::min(until, scheduler.now() + kAttempt));
    const world::HostId to = slot.host().id();
    calls::send_to<Node>(world_.network(), {from, to}, calls::kControl, slot,
                         [shard, period, r = call.responder(world_.network(), {to, from})](Node& n) mutable {
                           n.scan(shard, period, std::move(r));
                         });
    auto outcome = co_await call;
    if (outcome) co_return std::move(*outcome);
    why = outcome.failure();
    co_await world::Sleep(scheduler, std::min(until, scheduler.now() + kPause));
  }
  co_return why;
}

void BatchStore::report(metrics::ResultBuilder&) const {}

}  // namespace headroom::usage
