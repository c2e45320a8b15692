// Any faults together are what each of them is alone, and leave nothing behind.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/ground.h"
#include "tests/world/child.h"
#include "tests/world/support.h"

namespace headroom::faults {
namespace {

using world::HostId;
using world::kClients;

constexpr Duration kLooking = Duration::s(3);

/// What faults should do, told from their schedule and the platform's description alone.
class Oracle {
 public:
  Oracle(const std::vector<FaultConfig>& faults, const world::Topology& topology)
      : topology_(topology), down_(topology.hosts().size() + 1), dead_(down_.size()) {
    for (const FaultConfig& fault : faults)
      for (Duration begin = fault.first().since_start(); begin < kLooking; begin += *fault.every) {
        strikes_.push_back({&fault, begin, begin + *fault.length});
        if (!fault.every) break;
      }
    for (const Strike& strike : strikes_) add(strike);
    add_power();
  }
  bool down(HostId host, Duration t) const { return within(down_[host.value], t); }
  bool dead(HostId host, Duration t) const { return within(dead_[host.value], t); }
  bool cut(HostId from, HostId to, Duration t) const {
    return from != to && std::any_of(strikes_.begin(), strikes_.end(), [&](const Strike& strike) {
             return strike.from <= t && t < strike.to && cuts(strike, from, to);
           });
  }
  /// In nanoseconds.
  double ahead(HostId host, Duration t) const {
    double ns = 0;
    for (const Strike& strike : strikes_) {
      const auto* c = std::get_if<Clock>(&strike.fault->kind);
      if (c == nullptr || t < strike.from || t >= strike.to || !struck(c->target, host)) continue;
      if (c->offset) ns += static_cast<double>(c->offset->count_ns());
      if (c->drift) ns += static_cast<double>((t - strike.from).count_ns()) * c->drift->seconds_per_second;
    }
    return ns;
  }

 private:
  struct Strike {
    const FaultConfig* fault;
    Duration from, to;
  };
  struct Times {
    Duration from, to;
  };
  static bool within(const std::vector<Times>& times, Duration t) {
    return std::any_of(times.begin(), times.end(), [t](const Times& x) { return x.from <= t && t < x.to; });
  }
  bool struck(const Target& target, HostId host) const {
    if (target.name == kClientsName) return host == kClients;
    if (!target.name.empty()) {
      const auto& members = *topology_.domain(target.name);
      return std::find(members.begin(), members.end(), host) != members.end();
    }
    return std::any_of(target.of.begin(), target.of.end(), [&](const Target& t) { return struck(t, host); });
  }
  void add(const Strike& strike) {
    for (const auto& member : topology_.hosts()) {
      const HostId host = member.id;
      if (const auto* c = std::get_if<Crash>(&strike.fault->kind); c != nullptr && struck(c->target, host))
        (c->process ? dead_ : down_)[host.value].push_back({strike.from, strike.to + c->recovery()});
      const auto* o = std::get_if<Outage>(&strike.fault->kind);
      if (o == nullptr || !o->target.name.starts_with("cooling/") || !struck(o->target, host)) continue;
      if (strike.to - strike.from > *o->stops_after)
        down_[host.value].push_back({strike.from + *o->stops_after, strike.to + *o->boot});
    }
  }
  bool cuts(const Strike& strike, HostId from, HostId to) const {
    if (const auto* p = std::get_if<Partition>(&strike.fault->kind)) {
      const bool forward = struck(p->between[0], from) && struck(p->between[1], to);
      const bool backward = struck(p->between[1], from) && struck(p->between[0], to);
      return (forward && p->direction != Direction::backward) ||
             (backward && p->direction != Direction::forward);
    }
    const auto* o = std::get_if<Outage>(&strike.fault->kind);
    return o != nullptr && o->target.name.starts_with("switch/") &&
           struck(o->target, from) != struck(o->target, to);
  }
  // Walks through everything that happens to feeds; no two of those are at the same date.
  void add_power() {
    struct Change {
      Duration at;
      int count;
      const Outage* outage;
    };
    std::vector<Change> changes;
    for (const Strike& strike : strikes_)
      if (const auto* o = std::get_if<Outage>(&strike.fault->kind)) {
        changes.push_back({strike.from, 1, o});
        changes.push_back({strike.to, -1, o});
      }
    std::stable_sort(changes.begin(), changes.end(),
                     [](const Change& a, const Change& b) { return a.at < b.at; });
    for (const auto& member : topology_.hosts()) {
      std::map<int, int> out;
      Duration since;
      bool dark = false;
      for (const Change& change : changes) {
        for (const int feed : member.feeds)
          if (takes(*change.outage, member, feed)) out[feed] += change.count;
        const bool now_dark =
            std::all_of(member.feeds.begin(), member.feeds.end(), [&](int feed) { return out[feed] > 0; });
        if (now_dark && !dark) since = change.at;
        if (dark && !now_dark) down_[member.id.value].push_back({since, change.at + *change.outage->boot});
        dark = now_dark;
      }
    }
  }
  bool takes(const Outage& outage, const world::Topology::Member& member, int feed) const {
    const std::string& name = outage.target.name;
    if (name.starts_with("power/")) return name == "power/" + topology_.feed_name(member.rack, feed);
    return (name.starts_with("zone/") || name.starts_with("region/")) && struck(outage.target, member.id);
  }

  const world::Topology& topology_;
  std::vector<Strike> strikes_;
  std::vector<std::vector<Times>> down_, dead_;  // by host
};

Target any_target(bool clients) {
  static const std::vector<std::string> names = {"host/a-1", "host/a-3",    "host/b-2", "group/a",
                                                 "rack/a1",  "region/test", "zone/b",   "group/b"};
  if (clients && *rc::gen::inRange(0, 4) == 0) return named("clients");
  if (*rc::gen::inRange(0, 4) == 3) return any_of({any_target(false), any_target(false)});
  return named(*rc::gen::elementOf(names));
}

Duration some_tens_of_ms(int least, int most) {
  return Duration::ms(10 * *rc::gen::inRange(least, most));
}

Share any_share() {
  return Share{*rc::gen::inRange(0, 11) / 10.0};
}

Outage any_outage() {
  static const std::vector<std::string> names = {"power/a1-1", "power/a1-2", "power/a1-1",  "power/b1-2",
                                                 "power/b2-1", "switch/a1",  "switch/b2",   "cooling/a",
                                                 "cooling/b",  "zone/a",     "region/test", "zone/b"};
  Outage o;
  o.target = named(*rc::gen::elementOf(names));
  o.boot = some_tens_of_ms(0, 50);
  o.stops_after = some_tens_of_ms(0, 50) + Duration::us(500);
  o.throttle = any_share();
  return o;
}

template <class K>
Kind with_sides(K kind) {
  kind.between = {any_target(true), any_target(true)};
  kind.direction = static_cast<Direction>(*rc::gen::inRange(0, 3));
  return kind;
}

Kind any_kind() {
  switch (*rc::gen::inRange(0, 12)) {
    case 0:
      return crash(any_target(false), some_tens_of_ms(0, 50));
    case 1:
      return kill(any_target(false), some_tens_of_ms(0, 50));
    case 2:
      return with_sides(Partition{});
    case 3: {
      Latency l;
      l.add = Distribution<Duration>::constant(some_tens_of_ms(0, 10));
      return with_sides(l);
    }
    case 4: {
      Loss l;
      l.probability = any_share();
      return with_sides(l);
    }
    case 5: {
      Duplicate d;
      d.probability = any_share();
      return with_sides(d);
    }
    case 6: {
      Reorder r;
      r.probability = any_share();
      return with_sides(r);
    }
    case 7: {
      static const std::vector<std::string> names = {"host/a-1", "group/a", "rack/a1",     "switch/a1",
                                                     "zone/b",   "clients", "region/test", "host/b-2"};
      Bandwidth b;
      b.target = named(*rc::gen::elementOf(names));
      b.to = any_share();
      return b;
    }
    case 8: {
      Slow s;
      s.target = any_target(false);
      s.cpu = any_share();
      s.disk = any_share();
      s.nic = any_share();
      return s;
    }
    case 9: {
      Clock c;
      c.target = any_target(false);
      c.offset = some_tens_of_ms(-100, 100);
      c.drift = Drift{*rc::gen::inRange(-10, 11) / 20.0};
      return c;
    }
    default:
      return any_outage();
  }
}

FaultConfig any_fault() {
  FaultConfig f;
  f.length = some_tens_of_ms(0, 100);
  if (*rc::gen::arbitrary<bool>()) f.every = *f.length + some_tens_of_ms(1, 100);
  if (!f.every || *rc::gen::arbitrary<bool>()) f.at = some_tens_of_ms(0, 200);
  f.kind = any_kind();
  return f;
}

/// No two begin or end at the same date, so that what happens does not depend on the order at one instant.
std::vector<FaultConfig> any_faults() {
  auto faults = *rc::gen::container<std::vector<FaultConfig>>(rc::gen::exec(any_fault));
  for (std::size_t i = 0; i < faults.size(); ++i)
    faults[i].at = faults[i].first().since_start() + Duration::us(static_cast<std::int64_t>(i));
  return faults;
}

/// Faults that come again do so until the end of the run; here they strike once.
std::vector<FaultConfig> once_only(std::vector<FaultConfig> faults) {
  for (FaultConfig& fault : faults) fault.every.reset();
  return faults;
}

TEST_CASE("any faults together are what each of them is alone, at any time") {
  CHECK(rc::check("composition", [] {
    const auto faults = any_faults();
    Ground g(faults);
    world::World& world = g.world_of();
    const Oracle oracle(faults, world.topology());
    for (Duration t = Duration::ms(5); t < kLooking; t += Duration::ms(10)) {
      g.at(t);
      for (const auto& host : world.hosts()) {
        RC_ASSERT(host->up() == !oracle.down(host->id(), t));
        const bool alive = host->up() && !oracle.dead(host->id(), t);
        for (const auto& slot : host->slots()) RC_ASSERT((slot->get() != nullptr) == alive);
        const auto ahead = static_cast<double>((host->local_time() - world.now()).count_ns());
        RC_ASSERT(std::abs(ahead - oracle.ahead(host->id(), t)) < 1 + static_cast<double>(faults.size()));
      }
      for (std::uint32_t a = 0; a <= world.hosts().size(); ++a)
        for (std::uint32_t b = 0; b <= world.hosts().size(); ++b)
          RC_ASSERT(world.network().reachable(HostId{a}, HostId{b}) == !oracle.cut(HostId{a}, HostId{b}, t));
    }
  }));
}

/// Everything that faults could have left behind, measured by what it does: how long some work, a write and a
/// transfer take on each host and between it and others, what clocks show, and what became of small messages.
std::vector<double> look(Ground& g) {
  world::World& world = g.world_of();
  const Duration start = world.now().since_start();
  const double start_s = start.seconds();
  std::vector<double> seen;
  world::Log log;
  world::Scope scope;
  std::vector<double> done(2 * world.hosts().size() + 2, -1);
  const auto work = [](world::Host& host, double begin_s, double& cpu_s, double& disk_s) -> world::Task<> {
    co_await host.cpu().run(Duration::ns(123'456'789));
    cpu_s = host.scheduler().now().since_start().seconds() - begin_s;
    co_await host.disk().write(Bytes(123'456));
    disk_s = host.scheduler().now().since_start().seconds() - begin_s;
  };
  int tag = 0;
  for (const auto& host : world.hosts()) {
    const std::uint32_t i = host->id().value;
    scope.spawn(work(*host, start_s, done[2 * i], done[2 * i + 1]));
    for (std::uint32_t other = 0; other <= world.hosts().size(); ++other) {
      if (other == i) continue;
      world::send(world, log, ++tag, host->id(), HostId{other}, 100);
      world::send(world, log, ++tag, HostId{other}, host->id(), 200'000);
    }
  }
  g.at(start + Duration::s(100));
  for (const double x : done) seen.push_back(x);
  for (int t = 1; t <= tag; ++t) seen.push_back(log.got(t) ? log.at(t) - start_s : -1);
  seen.push_back(static_cast<double>(log.entries.size()));
  for (const auto& host : world.hosts())
    seen.push_back(static_cast<double>((host->local_time() - world.now()).count_ns()));
  seen.push_back(g.whole() ? 1 : 0);
  return seen;
}

/// With bandwidths, so that cards and uplinks can be narrowed.
world::PlatformConfig wired() {
  world::PlatformConfig p = platform();
  p.network.ideal = false;
  p.network.nic = {headroom::Bandwidth{1e7}, Duration::us(10)};
  p.network.rack_uplink = {headroom::Bandwidth{2e7}, Duration::us(20)};
  p.network.zone_uplink = {headroom::Bandwidth{5e7}, Duration::us(50)};
  p.network.internet = {headroom::Bandwidth{1e7}, Duration::ms(10)};
  return p;
}

TEST_CASE("after the last fault everything is as before the first") {
  const auto after = [](const std::vector<FaultConfig>& faults) {
    return world::in_child([&] {
      Ground g(faults, 1, wired());
      g.at(Duration::s(10));
      return look(g);
    });
  };
  const std::vector<double> expected = after({});
  CHECK(expected.back() == 1);
  CHECK(rc::check("nothing is left", [&] {
    const std::vector<double> got = after(once_only(any_faults()));
    RC_ASSERT(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) RC_ASSERT(got[i] == expected[i]);
  }));
}

}  // namespace
}  // namespace headroom::faults
