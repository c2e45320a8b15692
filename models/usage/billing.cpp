#include "models/usage/billing.h"

#include <algorithm>
#include <utility>

#include "models/calls/call.h"
#include "models/calls/messages.h"
#include "models/usage/metrics.h"
#include "models/usage/task_tracker.h"

namespace headroom::usage {
namespace {

/// How long the master waits for a worker to say that it lives, and for a map task; how long that waits for
/// its shard. No request waits for a bill; and `backup_tasks` begins a task anew that takes longer than
/// others, so that a bill seldom waits for a host that is gone.
constexpr Duration kPing = Duration::s(1);
constexpr Duration kTask = Duration::s(15);
constexpr Duration kScan = Duration::s(4);
/// Pause before a run is tried again when no host is up.
constexpr Duration kPause = Duration::s(1);
/// Size of a sum in what a map task hands on.
constexpr Bytes kSum{32};

struct Alive {};
struct Mapped {
  std::vector<ItemPtr> items;
};

std::int64_t records_of(const std::vector<ItemPtr>& items) {
  std::int64_t n = 0;
  for (const ItemPtr& item : items) n += static_cast<std::int64_t>(item->records.size());
  return n;
}

}  // namespace

/// One execution of the batch, as its master knows it and as the one who ordered it sees it.
struct Billing::Run {
  Run(std::uint64_t n, int shards, const TaskTracker::Rules& rules)
      : number(n), tracker(shards, rules), shards_mapped(static_cast<std::size_t>(shards)) {}
  std::uint64_t number;
  TaskTracker tracker;
  MappedShards shards_mapped;
  int workers = 0;  ///< that are believed to live
  bool ended = false;
  bool complete = false;
  world::Condition changed;  ///< for its workers and its master
  world::Condition over;     ///< for who ordered it
};

/// A host's part in it: does map tasks, and is the master if it is asked to.
class Billing::Worker final : public world::Process {
 public:
  Worker(world::Host& host, Billing& billing) : Process(host), billing_(billing) {}
  ~Worker() override { scope().clear(); }

  void map(int shard, std::uint64_t execution, calls::Responder<Mapped> responder) {
    scope().spawn(do_map(this, shard, execution, std::move(responder)));
  }
  void lead(RunPtr run) { scope().spawn(be_master(this, std::move(run))); }

 private:
  /// Says that a run is over, however it ends.
  class Mastership {
   public:
    explicit Mastership(Run& run) : run_(run) {}
    Mastership(const Mastership&) = delete;
    Mastership& operator=(const Mastership&) = delete;
    ~Mastership() {
      run_.ended = true;
      run_.over.notify_all();
    }

   private:
    Run& run_;
  };

  static world::Task<> do_map(Worker* self, int shard, std::uint64_t execution,
                              calls::Responder<Mapped> responder) {
    const BillingConfig& config = self->billing_.config_;
    world::Host& host = self->host();
    auto found = co_await self->billing_.store_.scan(host.id(), shard, 0, host.scheduler().now() + kScan);
    if (!found) {
      responder.reply(Failure::error);
      co_return;
    }
    const std::int64_t records = records_of(found->items);
    co_await host.cpu().run(self->billing_.slowdown(execution, config.cpu_per_record * records));
    const std::int64_t sums = config.invoices == Invoices::per_user ? records : 1;
    responder.reply(Mapped{std::move(found->items)}, calls::kControl + Bytes(kSum.count() * sums));
  }

  static world::Task<> be_master(Worker* self, RunPtr run) {
    const Mastership mastership(*run);
    const Billing& billing = self->billing_;
    world::Host& host = self->host();
    run->workers = billing.workers_.size();
    for (world::ProcessSlot* worker : billing.workers_.slots())
      self->scope().spawn(employ(self, run, worker));
    while (!run->tracker.over() && run->workers > 0) co_await run->changed.wait(host.scheduler());
    if (!run->tracker.over()) co_return;
    // The reduce task: as many sums as came, and the new bill on disk.
    std::int64_t sums = 0;
    for (const auto& items : run->shards_mapped)
      if (items) sums += billing.config_.invoices == Invoices::per_user ? records_of(*items) : 1;
    co_await host.cpu().run(billing.config_.cpu_per_record * sums);
    co_await host.disk().write(Bytes(kSum.count() * sums));
    co_await host.disk().fsync();
    run->complete = true;
  }

  /// Gives work to one host as long as there is some and the host answers.
  static world::Task<> employ(Worker* self, RunPtr run, world::ProcessSlot* slot) {
    world::Scheduler& scheduler = self->host().scheduler();
    world::Network& network = self->billing_.world_.network();
    const world::Route there{self->host().id(), slot->host().id()};
    const world::Route back{there.to, there.from};
    {
      calls::Call<Alive> ping(scheduler, scheduler.now() + kPing);
      calls::send_to<Worker>(
          network, there, calls::kControl, *slot,
          [r = ping.responder(network, back)](Worker&) mutable { r.reply(Alive{}); },
          calls::lost_if(ping.slot()));
      if (!co_await ping) {
        --run->workers;
        run->changed.notify_all();
        co_return;
      }
    }
    while (!run->tracker.over()) {
      const auto work = run->tracker.assign(scheduler.now());
      if (!work) {
        co_await run->changed.wait(scheduler, run->tracker.next_backup().value_or(TimePoint::never()));
        continue;
      }
      constexpr std::uint64_t kMost = 1 << 14;  // shards, and attempts at one
      const std::uint64_t execution = (run->number * kMost + static_cast<std::uint64_t>(work->task)) * kMost +
                                      static_cast<std::uint64_t>(work->attempt);
      calls::Call<Mapped> call(scheduler, scheduler.now() + kTask);
      calls::send_to<Worker>(
          network, there, calls::kControl, *slot,
          [task = work->task, execution, r = call.responder(network, back)](Worker& w) mutable {
            w.map(task, execution, std::move(r));
          },
          calls::lost_if(call.slot()));
      auto mapped = co_await call;
      if (!mapped) {
        run->tracker.failed(work->task);
      } else if (run->tracker.completed(work->task, scheduler.now())) {
        run->shards_mapped[static_cast<std::size_t>(work->task)] =
            std::make_unique<std::vector<ItemPtr>>(std::move(mapped->items));
      }
      // One that could not read its shard goes on; one that is silent or dead does not.
      const bool gone = !mapped && mapped.failure() != Failure::error;
      if (gone) --run->workers;
      run->changed.notify_all();
      if (gone) co_return;
    }
  }

  Billing& billing_;
};

Billing::Billing(const BillingConfig& config, const calls::Environment& env, BatchStore& store,
                 const std::vector<world::Host*>& hosts, StreamKey key)
    : config_(config), world_(env.world), journal_(env.journal), store_(store), key_(key) {
  for (world::Host* host : hosts)
    workers_.install(*host, [this](world::Host& h, int) { return std::make_unique<Worker>(h, *this); });
}

Billing::~Billing() = default;

Duration Billing::slowdown(std::uint64_t execution, Duration work) const {
  if (!config_.stragglers) return work;
  Engine draw = key_.engine_for(execution);
  return uniform01(draw) < config_.stragglers->probability.value ? work * config_.stragglers->slowdown : work;
}

world::Host* Billing::live_host() const {
  for (world::ProcessSlot* worker : workers_.slots())
    if (worker->get() != nullptr) return &worker->host();
  return nullptr;
}

int Billing::cores() const {
  int n = 0;
  for (world::ProcessSlot* worker : workers_.slots()) n += worker->host().cores();
  return n;
}

world::Task<MappedShards> Billing::run(TimePoint until) {
  world::Scheduler& scheduler = world_.scheduler();
  const TimePoint began = scheduler.now();
  shards_asked_ += store_.shards();
  TaskTracker::Rules rules;
  rules.backup_tasks = config_.backup_tasks;
  MappedShards mapped;
  while (mapped.empty() && scheduler.now() < until) {
    const auto slots = workers_.slots();
    const auto leader =
        std::find_if(slots.begin(), slots.end(), [](world::ProcessSlot* w) { return w->get() != nullptr; });
    if (leader == slots.end()) {
      co_await world::Sleep(scheduler, std::min(until, scheduler.now() + kPause));
      continue;
    }
    const auto run = std::make_shared<Run>(runs_++, store_.shards(), rules);
    (*leader)->as<Worker>()->lead(run);
    while (!run->ended && co_await run->over.wait(scheduler, until)) {
    }
    backups_ += run->tracker.backups();
    reexecutions_ += run->tracker.reexecutions();
    if (run->complete) {
      shards_read_ += run->tracker.completed();
      mapped = std::move(run->shards_mapped);
    } else if (run->ended) {
      co_await world::Sleep(scheduler, std::min(until, scheduler.now() + kPause));
    }
  }
  seconds_.add(0, (scheduler.now() - began).seconds());
  std::int64_t read = 0;
  for (const auto& items : mapped) read += items != nullptr;
  journal_.record(
      scheduler.now(), "bill", "usage",
      {{"shards", store_.shards()}, {"shards_read", read}, {"took_s", (scheduler.now() - began).seconds()}});
  co_return mapped;
}

void Billing::report(metrics::ResultBuilder& results) const {
  const auto of = [](std::int64_t part, std::int64_t whole) {
    return whole == 0 ? std::nullopt : std::optional(static_cast<double>(part) / static_cast<double>(whole));
  };
  results.single(metric::kHarvest, of(shards_read_, shards_asked_));
  results.single(metric::kBillingMeanS,
                 seconds_.count() == 0
                     ? std::nullopt
                     : std::optional(seconds_.sum() / static_cast<double>(seconds_.count())));
  results.single(metric::kBackupTasks, static_cast<double>(backups_));
  results.single(metric::kReexecutedTasks, static_cast<double>(reexecutions_));
}

}  // namespace headroom::usage
