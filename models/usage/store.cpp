#include "models/usage/store.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "models/calls/call.h"
#include "models/calls/host_choice.h"
#include "models/calls/messages.h"
#include "models/usage/metrics.h"
#include "models/usage/ring.h"
#include "models/usage/store_node.h"
#include "models/usage/store_probes.h"

namespace headroom::usage {
namespace {

/// A call that failed is made again after this, for as long as the caller waits.
calls::PortConfig as_long_as_wanted() {
  constexpr Duration kPause = Duration::ms(500);
  calls::PortConfig config;
  config.retry = {INT64_MAX, calls::FixedBackoff{kPause}, calls::Jitter::none, std::nullopt};
  return config;
}

/// A coordinator that cannot reach enough replicas lives: that is no reason for other callers to leave it.
calls::Verdict verdict_of(Failure failure) {
  return failure == Failure::unreachable ? calls::Verdict::good : calls::Verdict::bad;
}

/// How long a caller waits for one attempt, in the coordinator's timeouts: it may need one to find that
/// somebody is down, and another one for who stands in.
constexpr int kPatience = 2;

Cluster make_cluster(const StoreConfig& config, const calls::Environment& env,
                     const std::vector<world::Host*>& hosts, StreamKey key, const calls::Members& members) {
  const auto count = static_cast<std::int64_t>(hosts.size());
  std::vector<std::string> names;
  std::vector<Engine> engines;
  for (const world::Host* host : hosts) {
    names.push_back(host->name());
    engines.push_back((key / host->name()).engine());
  }
  Cluster c{.config = config,
            .world = env.world,
            .window = env.window,
            .journal = env.journal,
            .homes = static_cast<int>(config.replicas_of(count)),
            .write_quorum = static_cast<int>(config.write_quorum_of(count)),
            .read_quorum = static_cast<int>(config.read_quorum_of(count)),
            .preference = preference_lists(names, static_cast<int>(config.shards)),
            .partners = std::vector<std::vector<int>>(hosts.size()),
            .members = members,
            .disks = std::vector<Replica>(hosts.size(), Replica(static_cast<int>(config.shards))),
            .engines = std::move(engines),
            .books = {},
            .forgotten = {},
            .probes = nullptr,
            .watch = nullptr};
  for (int shard = 0; shard < static_cast<int>(config.shards); ++shard)
    for (const int a : c.homes_of(shard))
      for (const int b : c.homes_of(shard)) {
        std::vector<int>& partners = c.partners[static_cast<std::size_t>(a)];
        if (a != b && std::find(partners.begin(), partners.end(), b) == partners.end()) partners.push_back(b);
      }
  return c;
}

}  // namespace

/// Answers a caller on another host. Destroyed without an answer, it resets the connection.
template <class Reply>
class BatchStore::RemoteSink final : public Sink<Reply> {
 public:
  explicit RemoteSink(calls::Responder<Reply> responder) : responder_(std::move(responder)) {}
  ~RemoteSink() override = default;
  void answer(Outcome<Reply> outcome, Bytes size) override { responder_.reply(std::move(outcome), size); }

 private:
  calls::Responder<Reply> responder_;
};

BatchStore::BatchStore(const StoreConfig& config, const calls::Environment& env,
                       const std::vector<world::Host*>& hosts, StreamKey key)
    : cluster_(make_cluster(config, env, hosts, key, members_)),
      ports_(as_long_as_wanted(), env),
      port_(ports_, members_, std::make_unique<calls::StickyChoice>(0), "store") {
  for (world::Host* host : hosts)
    members_.install(*host, [this](world::Host& h, int number) {
      return std::make_unique<StoreNode>(h, cluster_, number);
    });
  if (config.probe) {
    probes_ = std::make_unique<Probes>(cluster_, key / "probes");
    cluster_.probes = probes_.get();
  }
}

BatchStore::~BatchStore() = default;

void BatchStore::start() {
  if (probes_) probes_->start();
}

void BatchStore::wind_down() {
  if (probes_) probes_->wind_down();
}

bool BatchStore::wound_down() const {
  return !probes_ || probes_->wound_down();
}

void BatchStore::tear_down() {
  if (probes_) probes_->tear_down();
}

/// Asks one store host after the other. `ask_node(node, sink)` is called where the question arrives.
template <class Reply, class Ask>
world::Task<Outcome<Reply>> BatchStore::ask(world::HostId from, Bytes size, TimePoint until, Ask ask_node) {
  world::Network& network = cluster_.world.network();
  if (cluster_.world.now() >= until) co_return Failure::timeout;
  calls::Port::Question question;
  question.round.caller = from.value;
  question.until = until;
  question.timeout = cluster_.config.timeout * kPatience;
  question.verdict = verdict_of;
  const auto send = [&](calls::Call<Reply>& call, const calls::Endpoint& to) {
    calls::send_to<StoreNode>(
        network, {from, to.host}, size, *to.slot,
        [ask_node, responder = call.responder(network, {to.host, from})](StoreNode& node) mutable {
          ask_node(node, std::make_unique<RemoteSink<Reply>>(std::move(responder)));
        },
        calls::lost_if(call.slot()));
  };
  co_return co_await port_.ask<Reply>(std::move(question), send);
}

world::Task<Outcome<Stored>> BatchStore::put(world::HostId from, ItemPtr item, TimePoint until) {
  const Bytes size = item->size;
  return ask<Stored>(from, size, until,
                     [item = std::move(item)](StoreNode& node, std::unique_ptr<Sink<Stored>> sink) {
                       node.put(item, std::move(sink));
                     });
}

world::Task<Outcome<Found>> BatchStore::scan(world::HostId from, int shard, std::int64_t period,
                                             TimePoint until) {
  return ask<Found>(from, calls::kControl, until,
                    [shard, period](StoreNode& node, std::unique_ptr<Sink<Found>> sink) {
                      node.get({shard, period, {}}, std::move(sink));
                    });
}

void BatchStore::forget(const ItemKey& key) {
  cluster_.forgotten.insert(key);
  if (cluster_.watch != nullptr) cluster_.watch->released(key);
  for (Replica& disk : cluster_.disks) {
    disk.remove(key);
    for (const int home : cluster_.homes_of(key.shard)) disk.remove_hint(home, key);
  }
}

void BatchStore::report(metrics::ResultBuilder& results) const {
  const StoreBooks& b = cluster_.books;
  results.quantile(metric::kStoreReadP999Ms, b.read_ns, 0.999, 1e-6);
  results.quantile(metric::kStoreWriteP999Ms, b.write_ns, 0.999, 1e-6);
  results.share(metric::kStoreReadsAnswered, b.reads_answered, b.reads);
  results.share(metric::kStoreWritesAcknowledged, b.writes_acknowledged, b.writes);
  results.total(metric::kStoreHintsStored, b.hints_stored);
  results.total(metric::kStoreHintsDelivered, b.hints_delivered);
  results.total(metric::kStoreHintsExpired, b.hints_expired);
  results.total(metric::kStoreReadRepairs, b.read_repairs);
  results.total(metric::kStoreAntiEntropyRepairs, b.anti_entropy_repairs);
  if (probes_) probes_->report(results);
}

void BatchStore::for_each_copy(const std::function<void(int, const ItemKey&, int)>& seen) const {
  for (std::size_t h = 0; h < cluster_.disks.size(); ++h) {
    const auto host = static_cast<int>(h);
    for (const auto& [key, item] : cluster_.disks[h].items())
      if (key.period != kProbePeriod) seen(host, key, -1);
    for (const auto& [address, hint] : cluster_.disks[h].hints())
      if (address.second.period != kProbePeriod) seen(host, address.second, address.first);
  }
}

}  // namespace headroom::usage
