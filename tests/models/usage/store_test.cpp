#include "models/usage/store.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/usage/replica.h"
#include "sim/invariants/replica_ledger.h"
#include "sim/world/world.h"

namespace headroom::usage {
namespace {

Distribution<Duration> exactly(Duration d) {
  return Distribution<Duration>::constant(d);
}

/// A store on hosts 1 ms from each other and from who asks it, with fsyncs of 1 ms.
class Bench : public StoreWatch {
 public:
  explicit Bench(StoreConfig config, std::int64_t hosts = 3, std::uint64_t seed = 1)
      : window_(TimePoint(), Duration::s(1'000'000)),
        series_(Duration::s(1000)),
        world_(std::make_unique<world::World>(platform(hosts), StreamKey(seed))),
        env_{*world_, window_, series_, journal_},
        config_(std::move(config)) {
    config_.hosts = {"store"};
    store_ = std::make_unique<BatchStore>(config_, env_, world_->group("store"), StreamKey(seed) / "store");
    store_->set_watch(*this);
  }
  ~Bench() override {
    callers_.clear();
    events_.clear();
    store_->tear_down();
    world_.reset();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void acknowledged(const ItemKey& key) override { ledger_.acknowledged(name(key)); }
  void released(const ItemKey& key) override { ledger_.released(name(key)); }
  void hint_given_up(const ItemKey& key) override { ledger_.copy_given_up(name(key)); }

  void put(ItemKey key, Duration patience = Duration::s(60)) {
    callers_.spawn(put_task(this, std::make_shared<Item>(Item{key, Bytes(1000), {}}), now() + patience));
  }
  void scan(int shard, std::int64_t period, Duration patience = Duration::s(60)) {
    callers_.spawn(scan_task(this, shard, period, now() + patience));
  }
  void at(Duration date, std::function<void()> act) {
    events_.push_back(std::make_unique<world::Callback<std::function<void()>>>(std::move(act)));
    world_->scheduler().schedule(*events_.back(), TimePoint::at(date));
  }
  Bench& run(Duration until) {
    world_->run_until(TimePoint::at(until));
    return *this;
  }
  world::Host& host(int number) { return *world_->group("store")[static_cast<std::size_t>(number)]; }
  world::World& world() { return *world_; }
  BatchStore& store() { return *store_; }
  TimePoint now() const { return world_->now(); }
  std::vector<int> preference(int shard) const {
    return store_->cluster().preference[static_cast<std::size_t>(shard)];
  }
  invariants::ReplicaLedger& inspect() {
    ledger_.begin_inspection();
    store_->for_each_copy(
        [&](int host, const ItemKey& key, int for_host) { ledger_.copy(host, name(key), for_host < 0); });
    return ledger_;
  }
  double metric(const std::string& name) {
    metrics::ResultBuilder results(window_);
    store_->report(results);
    for (const metrics::MetricValue& m : std::move(results).build().metrics)
      if (m.name == name) return m.value.value_or(-1);
    FAIL("no metric " << name);
    return 0;
  }

  std::vector<std::pair<bool, Duration>> puts;  ///< whether acknowledged, and when
  std::vector<Outcome<Found>> scans;

 private:
  static world::PlatformConfig platform(std::int64_t hosts) {
    world::PlatformConfig p;
    p.network.ideal = false;
    p.network.nic.latency = Duration::us(500);
    p.hosts["store"].count = hosts;
    p.hosts["store"].disk.fsync = exactly(Duration::ms(1));
    p.hosts["store"].disk.bandwidth = Bandwidth{1e15};
    p.hosts["api"].count = 1;
    return p;
  }
  static invariants::ReplicaLedger::Name name(const ItemKey& key) {
    return {static_cast<std::uint64_t>(key.shard), static_cast<std::uint64_t>(key.period), key.id};
  }
  static world::Task<> put_task(Bench* self, ItemPtr item, TimePoint until) {
    const world::HostId from = self->world_->group("api")[0]->id();
    const auto outcome = co_await self->store_->put(from, std::move(item), until);
    self->puts.emplace_back(outcome.ok(), self->now().since_start());
  }
  static world::Task<> scan_task(Bench* self, int shard, std::int64_t period, TimePoint until) {
    const world::HostId from = self->world_->group("api")[0]->id();
    self->scans.push_back(co_await self->store_->scan(from, shard, period, until));
  }

  metrics::Window window_;
  metrics::Series series_;
  metrics::Journal journal_;
  std::unique_ptr<world::World> world_;
  calls::Environment env_;
  StoreConfig config_;
  std::unique_ptr<BatchStore> store_;
  world::Scope callers_;
  std::vector<std::unique_ptr<world::Event>> events_;
  invariants::ReplicaLedger ledger_;
};

StoreConfig quorums(std::int64_t n, std::int64_t w, std::int64_t r) {
  StoreConfig config;
  config.replicas = n;
  config.write_quorum = w;
  config.read_quorum = r;
  return config;
}

TEST_CASE("a write takes the way to the coordinator, to the quorum's disks, and back") {
  Bench bench(quorums(3, 2, 1));
  bench.put({0, 0, 1});
  bench.run(Duration::s(1));
  REQUIRE(bench.puts.size() == 1);
  CHECK(bench.puts[0].first);
  // To the coordinator 1 ms; its own copy 1 ms; a second one 1 + 1 + 1 ms; and back 1 ms.
  CHECK(bench.puts[0].second.milliseconds() == Approx(5).epsilon(1e-6));
  CHECK(bench.inspect().converged(3));
  CHECK(bench.metric("store.write_p99_9_ms") == Approx(3).epsilon(.01));
  bench.scan(0, 0);
  bench.scan(0, 1);
  bench.run(Duration::s(2));
  REQUIRE(bench.scans.size() == 2);
  CHECK(bench.scans[0]->items.size() == 1);
  CHECK(bench.scans[1]->items.empty());
}

TEST_CASE("given delays replace those of network and disk") {
  auto config = quorums(3, 2, 2);
  config.latency.write = exactly(Duration::ms(20));
  config.latency.ack = exactly(Duration::ms(3));
  config.latency.read = exactly(Duration::ms(5));
  config.latency.respond = exactly(Duration::ms(7));
  Bench bench(config);
  bench.put({0, 0, 1});
  bench.run(Duration::s(1));
  bench.scan(0, 0);
  bench.run(Duration::s(2));
  CHECK(bench.puts.at(0).second.milliseconds() == Approx(1 + 23 + 1).epsilon(1e-6));
  CHECK(bench.metric("store.write_p99_9_ms") == Approx(23).epsilon(.01));
  CHECK(bench.metric("store.read_p99_9_ms") == Approx(12).epsilon(.01));
}

TEST_CASE("with one replica a shard lives on one host, and is missing while that is down") {
  Bench bench(quorums(1, 1, 1));
  for (int shard = 0; shard < 3; ++shard) bench.put({shard, 0, 1});
  bench.run(Duration::s(1));
  CHECK(bench.inspect().converged(1));
  bench.host(bench.preference(1)[0]).crash();
  for (int shard = 0; shard < 3; ++shard) bench.scan(shard, 0, Duration::s(20));
  bench.run(Duration::s(30));
  int answered = 0;
  for (const auto& scan : bench.scans) answered += scan.ok();
  CHECK(answered == 2);
  CHECK(bench.inspect().fewest_copies(1) == 1);  // on the disk of the dead host
}

TEST_CASE("a sloppy quorum takes writes while homes are down; hints bring them home") {
  for (const bool sloppy : {true, false}) {
    auto config = quorums(3, 3, 1);
    config.sloppy_quorum = sloppy;
    config.anti_entropy = std::nullopt;
    Bench bench(config, 5);
    const int home = bench.preference(0)[0];
    bench.host(home).crash();
    bench.run(Duration::s(1));
    for (std::uint64_t i = 0; i < 10; ++i) bench.put({0, 0, i}, Duration::s(30));
    bench.run(Duration::s(60));
    for (const auto& [ok, when] : bench.puts) CHECK(ok == sloppy);
    CHECK(bench.inspect().fewest_copies(3) == 3);
    CHECK_FALSE(bench.inspect().converged(3));
    bench.host(home).boot();
    bench.run(Duration::s(90));
    CHECK(bench.inspect().converged(3));
    CHECK(bench.metric("store.hints_delivered") == 10);
  }
}

TEST_CASE("hints are given up after their time") {
  auto config = quorums(3, 2, 1);
  config.hint_ttl = Duration::s(30);
  config.anti_entropy = std::nullopt;
  Bench bench(config);
  bench.host(2).crash();
  bench.run(Duration::s(1));
  bench.put({0, 0, 1});
  bench.run(Duration::s(100));
  bench.host(2).boot();
  bench.run(Duration::s(200));
  CHECK(bench.metric("store.hints_expired") == 1);
  CHECK_FALSE(bench.inspect().converged(3));
}

TEST_CASE("a host that missed a write gets it when it is read") {
  auto config = quorums(3, 2, 2);
  config.hint_ttl = Duration::s(1);
  config.anti_entropy = std::nullopt;
  Bench bench(config);
  bench.host(2).crash();
  bench.run(Duration::s(1));
  bench.put({0, 0, 1});
  bench.run(Duration::s(60));
  bench.host(2).boot();
  bench.run(Duration::s(100));
  CHECK_FALSE(bench.inspect().converged(3));
  bench.scan(0, 0);
  bench.run(Duration::s(101));
  CHECK(bench.inspect().converged(3));
  CHECK(bench.metric("store.read_repairs") == 1);
}

TEST_CASE("comparing finds what hints did not bring, in either direction") {
  auto config = quorums(3, 1, 1);
  config.hint_ttl = Duration::s(1);
  config.read_repair = false;
  Bench bench(config);
  // Both sides of a partition take writes; hints are given up before it ends.
  const auto cut =
      bench.world().network().add({.a = {bench.host(0).id(), bench.world().group("api")[0]->id()},
                                   .b = {bench.host(1).id(), bench.host(2).id()},
                                   .blocked = true});
  for (std::uint64_t i = 0; i < 3000; ++i) bench.put({0, 0, i});
  bench.run(Duration::s(100));
  bench.world().network().remove(cut);
  bench.run(Duration::s(101));
  CHECK_FALSE(bench.inspect().converged(3));
  // One comparison a minute brings 1 000 batches at most; each host has two others to compare with.
  bench.run(Duration::s(101 + 60 * 2 * 3 + 60));
  CHECK(bench.inspect().converged(3));
  CHECK(bench.inspect().fewest_copies(3) == 3);
  CHECK(bench.metric("store.anti_entropy_repairs") == 6000);
}

TEST_CASE("what was not fsynced is lost by a crash; what was acknowledged was fsynced") {
  Bench bench(quorums(3, 3, 1));
  bench.put({0, 0, 1});
  bench.at(Duration::from_seconds(.00299), [&] {
    for (int h = 0; h < 3; ++h) bench.host(h).crash();
  });
  bench.run(Duration::from_seconds(.01));
  std::size_t copies = 0;
  bench.store().for_each_copy([&](int, const ItemKey&, int) { ++copies; });
  CHECK(copies == 1);  // the coordinator's own, after 2 ms; the others would have been durable after 3
  CHECK(bench.puts.empty());
}

TEST_CASE("nothing happens in a store that nobody asks, but for comparisons") {
  auto config = quorums(3, 2, 1);
  config.anti_entropy = std::nullopt;
  Bench bench(config);
  bench.run(Duration::s(1));
  const auto fired = bench.world().scheduler().fired();
  bench.run(Duration::s(100'000));
  CHECK(bench.world().scheduler().fired() == fired);
}

/// Hosts crash and links are cut at random while batches are written; then all heals.
void survive(std::uint64_t seed) {
  Engine random = (StreamKey(seed) / "schedule").engine();
  const auto below = [&](int n) {
    return static_cast<int>(uniform_below(random, static_cast<std::uint64_t>(n)));
  };
  const int hosts = 1 + below(6);
  const int n = 1 + below(std::min(hosts, 4));
  const int w = 1 + below(n);
  auto config = quorums(n, w, 1 + below(n));
  config.sloppy_quorum = below(2) == 0;
  config.read_repair = below(2) == 0;
  config.anti_entropy = Duration::s(20);
  INFO("seed " << seed << ": " << hosts << " hosts, N " << n << ", W " << w);
  Bench bench(config, hosts, seed);
  constexpr int kSpan = 120;  // s
  for (int k = 0; k < 8; ++k) {
    const Duration from = Duration::ms(below(kSpan * 1000));
    const Duration to = from + Duration::ms(below(60'000));
    const int victim = below(hosts);
    if (below(2) == 0) {
      bench.at(from, [&bench, victim] { bench.host(victim).crash(); });
      bench.at(to, [&bench, victim] { bench.host(victim).boot(); });
      continue;
    }
    world::Impairment cut;
    for (const auto& host : bench.world().hosts()) (below(2) == 0 ? cut.a : cut.b).push_back(host->id());
    cut.blocked = below(3) > 0;
    if (!cut.blocked) cut.loss = .3;
    cut.backward = below(2) == 0;
    bench.at(from, [&bench, cut, to] {
      const auto id = bench.world().network().add(cut);
      bench.at(to, [&bench, id] { bench.world().network().remove(id); });
    });
  }
  std::uint64_t next = 0;
  for (int k = 0; k < 400; ++k) {
    const ItemKey key{below(3), below(2), next++};
    bench.at(Duration::ms(below(kSpan * 1000)), [&bench, key] { bench.put(key, Duration::s(30)); });
    if (below(4) == 0)
      bench.at(Duration::ms(below(kSpan * 1000)),
               [&bench, key] { bench.scan(key.shard, key.period, Duration::s(10)); });
  }
  for (int t = 10; t < 200; t += 10)
    bench.at(Duration::s(t), [&bench, w] {
      REQUIRE(bench.inspect().fewest_copies(static_cast<std::size_t>(w)) >= static_cast<std::size_t>(w));
    });
  bench.at(Duration::s(200), [&bench, hosts] {
    for (int h = 0; h < hosts; ++h) bench.host(h).boot();
  });
  bench.run(Duration::s(200 + 20 * 6 * 3));
  CHECK(bench.inspect().converged(static_cast<std::size_t>(n)));
  CHECK(bench.inspect().fewest_copies(static_cast<std::size_t>(n)) == static_cast<std::size_t>(n));
  CHECK(bench.puts.size() == 400);
}

TEST_CASE("acknowledged batches survive whatever happens to hosts and links, and replicas converge") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) survive(seed);
}

TEST_CASE("probes find what theory says: one exponential delay, one replica of two asked") {
  // N = 2, R = W = 1; a copy takes an exponential time of mean 10 ms, all else nothing. The write is
  // acknowledged by the faster copy; the read asks both and believes the first, either with the same
  // probability. It sees the write t after the acknowledgement with the probability 1 - exp(-t/10 ms) / 2.
  auto config = quorums(2, 1, 1);
  config.latency.write = Distribution<Duration>::exponential(Duration::ms(10));
  config.latency.ack = config.latency.read = exactly(Duration());
  config.latency.respond = Distribution<Duration>::exponential(Duration::us(1));
  config.read_repair = false;
  config.probe = StoreProbe{Rate{1000}};
  Bench bench(config, 2);
  bench.store().start();
  bench.run(Duration::s(100));
  // 99.9 % intervals of a share of 100 000 pairs.
  const auto within = [](double p) { return Approx(p).margin(3.3 * std::sqrt(p * (1 - p) / 1e5)); };
  CHECK(bench.metric("store.consistent_at_0ms") == within(.5));
  CHECK(bench.metric("store.consistent_at_1ms") == within(1 - std::exp(-.1) / 2));
  CHECK(bench.metric("store.consistent_at_10ms") == within(1 - std::exp(-1.) / 2));
  CHECK(bench.metric("store.consistent_at_100ms") == within(1 - std::exp(-10.) / 2));
  CHECK(bench.metric("store.t_99_9_ms") == Approx(10 * std::log(500.)).epsilon(.05));
  CHECK(bench.metric("store.probe_pairs") == Approx(1e5).epsilon(.02));
  // Nothing of it is left on the disks, but for what is under way: a fifth of the pairs, for a second.
  std::size_t items = 0;
  for (const Replica& disk : bench.store().cluster().disks) items += disk.items().size();
  CHECK(items < 600);
}

TEST_CASE("a read at once misses the write as often as R random replicas miss W of N") {
  // The writer hears of W copies the moment that they are there, the others come later, and whom a reader
  // hears first is chance: C(N - W, R) / C(N, R) of the reads miss the last write, and the k-th power of that
  // share the last k, which are independent (PBS, equations 1 and 2).
  const auto choose = [](int n, int k) {
    double c = 1;
    for (int i = 0; i < k; ++i) c = c * (n - i) / (i + 1);
    return c;
  };
  for (const auto& [n, w, r] : {std::array{3, 1, 1}, {3, 2, 1}, {3, 1, 2}, {5, 2, 2}, {5, 1, 3}, {4, 2, 3}}) {
    INFO("N = " << n << ", W = " << w << ", R = " << r);
    auto config = quorums(n, w, r);
    config.latency.write = Distribution<Duration>::exponential(Duration::ms(10));
    config.latency.ack = config.latency.read = exactly(Duration());
    config.latency.respond = Distribution<Duration>::exponential(Duration::us(100));
    config.read_repair = false;
    config.probe = StoreProbe{Rate{1000}};
    Bench bench(config, n);
    bench.store().start();
    bench.run(Duration::s(30));
    const double miss = choose(n - w, r) / choose(n, r);
    CHECK(1 - bench.metric("store.consistent_at_0ms") ==
          Approx(miss).margin(3.3 * std::sqrt(miss * (1 - miss) / 30'000)));
  }
}

TEST_CASE("without given delays a pair counts for the time at which it was read") {
  auto config = quorums(3, 1, 1);
  config.probe = StoreProbe{Rate{100}};
  Bench bench(config);
  bench.store().start();
  bench.run(Duration::s(100));
  // Copies and questions take as long to a replica, and an fsync is 1 ms: what is read at once through the
  // writer's host is there, through another host it is not yet; after 2 ms it is everywhere.
  CHECK(bench.metric("store.consistent_at_0ms") == Approx(1 / 3.).margin(.05));
  CHECK(bench.metric("store.consistent_at_10ms") == 1);
  CHECK(bench.metric("store.probe_pairs") == Approx(10'000).epsilon(.05));
}

}  // namespace
}  // namespace headroom::usage
