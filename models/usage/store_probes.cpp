#include "models/usage/store_probes.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <limits>
#include <string>
#include <utility>

#include "models/calls/call.h"
#include "models/usage/metrics.h"
#include "models/usage/pbs.h"
#include "models/usage/store_node.h"

namespace headroom::usage {
namespace {

constexpr Bytes kProbeBytes{100};

/// When something reached a replica.
struct At {
  int host;
  TimePoint when;
};
using Ats = boost::container::small_vector<At, 4>;

const At* find(const Ats& ats, int host) {
  const auto found = std::find_if(ats.begin(), ats.end(), [&](const At& a) { return a.host == host; });
  return found == ats.end() ? nullptr : &*found;
}

}  // namespace

/// As an event: its read begins.
struct Probes::Pair final : world::Event, world::Pooled {
  Pair(Probes& p, std::uint64_t n, ItemKey k) : probes(p), number(n), key(k) {}
  ~Pair() override = default;
  void fire() override { probes.read(*this); }
  Probes& probes;
  std::uint64_t number;
  ItemKey key;
  std::size_t delay = 0;  ///< which of kDelaysMs
  TimePoint acknowledged;
  bool answered = false;
  bool seen = false;
  Ats written;
  Ats asked;
  boost::container::small_vector<int, 4> replicas;  ///< those that answered first
};

class Probes::StoredSink final : public Sink<Stored> {
 public:
  StoredSink(Probes& probes, std::uint64_t number) : probes_(&probes), number_(number) {}
  ~StoredSink() override {
    if (probes_ != nullptr) probes_->stored(number_, false);
  }
  void answer(Outcome<Stored> outcome, Bytes) override {
    std::exchange(probes_, nullptr)->stored(number_, outcome.ok());
  }

 private:
  Probes* probes_;
  std::uint64_t number_;
};

class Probes::FoundSink final : public Sink<Found> {
 public:
  FoundSink(Probes& probes, std::uint64_t number) : probes_(&probes), number_(number) {}
  ~FoundSink() override {
    if (probes_ != nullptr) probes_->found(number_, Failure::died);
  }
  void answer(Outcome<Found> outcome, Bytes) override {
    std::exchange(probes_, nullptr)->found(number_, outcome);
  }

 private:
  Probes* probes_;
  std::uint64_t number_;
};

Probes::Probes(Cluster& cluster, StreamKey key)
    : cluster_(cluster), key_(key / "pairs"), arrivals_((key / "arrivals").engine()) {
  const StoreLatency& latency = cluster.config.latency;
  exact_ = latency.write && latency.ack && latency.read && latency.respond;
}

Probes::~Probes() = default;

void Probes::start() {
  plan_next();
}

void Probes::plan_next() {
  const Duration mean = Duration::from_seconds(1 / cluster_.config.probe->rate.per_second);
  cluster_.world.scheduler().schedule_in(next_, Distribution<Duration>::exponential(mean).sample(arrivals_));
}

/// A live host, all equally likely; null if there is none.
world::ProcessSlot* Probes::live_host(Engine& engine) {
  const int hosts = cluster_.members.size();
  const int first = static_cast<int>(uniform_below(engine, static_cast<std::size_t>(hosts)));
  for (int i = 0; i < hosts; ++i)
    if (world::ProcessSlot* slot = cluster_.members[(first + i) % hosts].slot; slot->get() != nullptr)
      return slot;
  return nullptr;
}

void Probes::begin_pair() {
  plan_next();
  const std::uint64_t number = pairs_++;
  Engine engine = key_.engine_for(number);
  world::ProcessSlot* coordinator = live_host(engine);
  if (coordinator == nullptr) {
    cluster_.books.writes.add(cluster_.batch());
    return;
  }
  const auto shards = static_cast<std::uint64_t>(cluster_.config.shards);
  const ItemKey key{static_cast<int>(number % shards), kProbePeriod, number};
  auto pair = std::make_unique<Pair>(*this, number, key);
  pair->delay = static_cast<std::size_t>(number / shards % kDelaysMs.size());
  open_.emplace(number, std::move(pair));
  coordinator->as<StoreNode>()->put(std::make_shared<Item>(Item{key, kProbeBytes, {}}),
                                    std::make_unique<StoredSink>(*this, number));
}

void Probes::stored(std::uint64_t number, bool acknowledged) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  Pair& pair = *found->second;
  if (!acknowledged) return close(pair);
  world::Scheduler& scheduler = cluster_.world.scheduler();
  pair.acknowledged = scheduler.now();
  scheduler.schedule_in(pair, Duration::ms(kDelaysMs[pair.delay]));
}

void Probes::read(Pair& pair) {
  Engine engine = (key_ / "reader").engine_for(pair.number);
  world::ProcessSlot* coordinator = live_host(engine);
  if (coordinator == nullptr) {
    cluster_.books.reads.add(cluster_.batch());
    return close(pair);
  }
  coordinator->as<StoreNode>()->get({pair.key.shard, pair.key.period, pair.key.id},
                                    std::make_unique<FoundSink>(*this, pair.number));
}

void Probes::written(const ItemKey& key, int host, Cause cause) {
  // What the pair's own read mended says nothing about a read at another time.
  if (cause == Cause::read_repair) return;
  const auto open = open_.find(key.id);
  if (open == open_.end()) return;
  Pair& pair = *open->second;
  if (find(pair.written, host) != nullptr) return;
  pair.written.push_back({host, cluster_.world.now()});
  finish_if_known(pair);
}

void Probes::asked(std::uint64_t id, int host) {
  const auto open = open_.find(id);
  if (open != open_.end()) open->second->asked.push_back({host, cluster_.world.now()});
}

void Probes::found(std::uint64_t number, const Outcome<Found>& outcome) {
  const auto open = open_.find(number);
  if (open == open_.end()) return;
  Pair& pair = *open->second;
  if (!outcome) return close(pair);
  pair.answered = true;
  pair.seen = !outcome->items.empty();
  pair.replicas.assign(outcome->replicas.begin(), outcome->replicas.end());
  const int batch = cluster_.window.batch(pair.acknowledged);
  measured_.add(batch);
  if (!exact_) {
    told_[pair.delay].add(batch);
    if (pair.seen) seen_[pair.delay].add(batch);
  }
  finish_if_known(pair);
}

/// When all replicas that answered first have the batch, what the pair tells is known.
void Probes::finish_if_known(Pair& pair) {
  if (!pair.answered) return;
  const auto has = [&](int host) { return find(pair.written, host) != nullptr; };
  if (!std::all_of(pair.replicas.begin(), pair.replicas.end(), has)) return;
  tell(pair);
  close(pair);
}

void Probes::tell(const Pair& pair) {
  Duration since = Duration::max();
  for (const int host : pair.replicas) {
    const At* written = find(pair.written, host);
    const TimePoint had = written != nullptr ? written->when : cluster_.world.now();
    since = std::min(since, had - find(pair.asked, host)->when);
  }
  const Duration consistent_after = std::max(Duration(), Duration::ms(kDelaysMs[pair.delay]) + since);
  const int batch = cluster_.window.batch(pair.acknowledged);
  consistent_after_ns_.record(batch, consistent_after);
  if (!exact_) return;
  for (std::size_t d = 0; d < kDelaysMs.size(); ++d) {
    told_[d].add(batch);
    if (consistent_after <= Duration::ms(kDelaysMs[d])) seen_[d].add(batch);
  }
}

void Probes::tear_down() {
  next_.cancel();
  for (const auto& [number, pair] : open_)
    if (pair->answered) tell(*pair);
  open_.clear();
}

/// What is left of the batch is taken away, so that a run's memory does not grow with its length.
void Probes::close(Pair& pair) {
  for (std::size_t h = 0; h < cluster_.disks.size(); ++h) {
    Replica& disk = cluster_.disks[h];
    disk.remove(pair.key);
    if (!disk.hints().empty())
      for (const int home : cluster_.homes_of(pair.key.shard)) disk.remove_hint(home, pair.key);
  }
  open_.erase(pair.number);
}

void Probes::report(metrics::ResultBuilder& results) const {
  results.total(metric::kStoreProbePairs, measured_);
  static_assert(metric::kConsistentAt.size() == kDelaysMs.size());
  for (std::size_t d = 0; d < kDelaysMs.size(); ++d)
    results.share(metric::kConsistentAt[d], seen_[d], told_[d]);
  results.quantile(metric::kStoreT999Ms, consistent_after_ns_, 0.999, 1e-6);
  results.durations("store.consistent_after", consistent_after_ns_,
                    published_consistency(cluster_.config.latency, cluster_.homes, cluster_.read_quorum,
                                          cluster_.write_quorum));
}

}  // namespace headroom::usage
