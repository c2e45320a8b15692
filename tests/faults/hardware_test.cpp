// Each kind of fault of hosts and links by itself: what it does, to whom, until when.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tests/faults/ground.h"
#include "tests/world/child.h"
#include "tests/world/support.h"

namespace headroom::faults {
namespace {

using world::HostId;
using world::kClients;

const Duration kSecond = Duration::s(1);

FaultConfig outage(double at_s, double for_s, Target target, Duration boot = kSecond) {
  Outage o;
  o.target = std::move(target);
  o.boot = boot;
  return once(Duration::from_seconds(at_s), Duration::from_seconds(for_s), o);
}

/// When a host is seen to be down, in steps of 10 ms: `1-4 6-7`.
std::string down_times(Ground& g, std::string_view host, double until_s) {
  std::string text;
  bool was_up = true;
  for (Duration t = Duration::ms(5); t.seconds() < until_s; t += Duration::ms(10)) {
    const bool up = g.at(t).up(host);
    char edge[32];
    std::snprintf(edge, sizeof edge, "%g", (t - Duration::ms(5)).seconds());
    if (was_up && !up) text += (text.empty() ? "" : " ") + std::string(edge) + "-";
    if (!was_up && up) text += edge;
    was_up = up;
  }
  return text;
}

TEST_CASE("a feed takes the hosts that hang on it alone") {
  Ground g({outage(1, 2, named("power/a1-1"))});
  g.at(kSecond * 2);
  CHECK_FALSE(g.up("a-1"));
  for (const char* other : {"a-2", "a-3", "a-4", "b-1", "b-2"}) CHECK(g.up(other));
  CHECK(g.detail("fault begins", 0, "struck") == "a-1");
  CHECK_FALSE(g.at(Duration::ms(3999)).up("a-1"));
  CHECK(g.at(kSecond * 4).whole());
}

TEST_CASE("a host with two cords is down while both of its feeds are, whoever took them") {
  const FaultConfig first = outage(1, 5, named("power/a1-1"), kSecond);
  SECTION("one within the other") {
    Ground g({first, outage(3, 1, named("power/a1-2"), kSecond / 2)});
    CHECK(down_times(g, "b-1", 9) == "3-4.5");
    CHECK(g.detail("fault begins", 0, "struck") == "a-1");
    CHECK(g.detail("fault begins", 1, "struck") == "b-1");
  }
  SECTION("one after the other is none at all") {
    Ground g({first, outage(6.5, 1, named("power/a1-2"))});
    CHECK(down_times(g, "b-1", 9) == "");
    CHECK(g.whole());
  }
  SECTION("the same feed, twice") {
    Ground g({first, outage(2, 6, named("power/a1-1")), outage(4, 3, named("power/a1-2"))});
    CHECK(down_times(g, "b-1", 12) == "4-8");
    CHECK(Ground({first, outage(2, 6, named("power/a1-1"))}).at(kSecond * 8).up("a-1") == false);
  }
  SECTION("both at once, in one fault") {
    Ground g({outage(1, 2, any_of({named("power/a1-1"), named("power/a1-2")}))});
    CHECK(down_times(g, "b-1", 9) == "1-4");
    CHECK(g.detail("fault begins", 0, "struck") == "a-1, b-1");
  }
  SECTION("a feed that fails while it boots") {
    Ground g({outage(1, 1, any_of({named("power/a1-1"), named("power/a1-2")}), kSecond * 3),
              outage(3, 1, named("power/a1-2"))});
    CHECK(down_times(g, "b-1", 9) == "1-5");
  }
}

TEST_CASE("a zone without power is down with all its feeds, and so is a region") {
  SECTION("zone") {
    Ground g({outage(1, 2, named("zone/a")), outage(2, 4, named("power/a1-1"))});
    CHECK(down_times(g, "b-1", 2.9) == "1-");  // two cords, and both out
    CHECK_FALSE(g.up("a-3"));
    CHECK(g.up("a-2"));
    CHECK(g.at(kSecond * 4).up("b-1"));  // the zone is back, with one of its feeds
    CHECK_FALSE(g.at(Duration::ms(6999)).up("a-1"));
    CHECK(g.at(kSecond * 7).whole());
    CHECK(g.detail("fault begins", 0, "struck") == "a-1, a-3, b-1");
    CHECK(g.detail("fault begins", 1, "struck") == "nobody");
  }
  SECTION("region") {
    Ground g({outage(1, 2, named("region/test"))});
    g.at(kSecond * 2);
    for (const char* host : {"a-1", "a-2", "a-3", "a-4", "b-1", "b-2"}) CHECK_FALSE(g.up(host));
    CHECK(g.at(kSecond * 4).whole());
  }
}

TEST_CASE("hosts behind a switch that fails live on and reach each other only") {
  Outage o;
  o.target = named("switch/a1");
  Ground g({once(kSecond, kSecond, o)});
  g.at(Duration::ms(1500));
  for (const char* host : {"a-1", "b-1"}) {
    CHECK(g.up(host));
    CHECK(g.alive(host, 0));
    for (const char* other : {"a-2", "a-3", "a-4", "b-2"}) {
      CHECK_FALSE(g.reachable(host, other));
      CHECK_FALSE(g.reachable(other, host));
    }
    CHECK_FALSE(g.world_of().network().reachable(g.world_of().topology().find(host), kClients));
    CHECK_FALSE(g.world_of().network().reachable(kClients, g.world_of().topology().find(host)));
  }
  CHECK(g.reachable("a-1", "b-1"));
  CHECK(g.reachable("a-2", "a-3"));
  CHECK(g.at(kSecond * 2).whole());
  CHECK(g.events("host down").empty());
  CHECK(o.recovery() == Duration());
}

/// Work on a host's cores that says when it was done.
class Burn final : public world::Job {
 public:
  Burn(world::Host& host, Duration work) : host_(host) { host.cpu().start(*this, work); }
  ~Burn() override { withdraw(); }
  double done_s = -1;

 private:
  void done() override { done_s = host_.scheduler().now().since_start().seconds(); }
  world::Host& host_;
};

TEST_CASE("hosts without cooling are slow, then stop; if it is back before that, they go on") {
  Outage o;
  o.target = named("cooling/a");
  o.throttle = Share{0.25};
  o.stops_after = kSecond * 4;
  o.boot = kSecond;
  SECTION("short") {
    Ground g({once(kSecond, kSecond * 4 - Duration::ms(1), o)});
    Burn hot(g.world_of().host(g.world_of().topology().find("a-3")), kSecond * 3);
    Burn cool(g.world_of().host(g.world_of().topology().find("a-2")), kSecond * 3);
    g.at(kSecond * 9);
    CHECK(cool.done_s == 3);
    CHECK(hot.done_s == Approx(5.99925));  // 1 s, 3.999 s at a quarter, and what is left
    CHECK(g.events("host down").empty());
  }
  SECTION("long") {
    Ground g({once(kSecond, kSecond * 6, o)});
    CHECK(down_times(g, "b-1", 9) == "5-8");
    CHECK(g.up("a-2"));
    CHECK(g.events("host down").size() == 3);
    CHECK(g.whole());
  }
  SECTION("by default: half speed, and 5 minutes") {
    Outage plain;
    plain.target = named("cooling/a");
    Ground g({once(Duration(), Duration::s(301), plain)});
    Burn hot(g.world_of().host(g.world_of().topology().find("a-1")), kSecond);
    CHECK(g.at(Duration::ms(299'999)).up("a-1"));
    CHECK(hot.done_s == 2);
    CHECK_FALSE(g.at(Duration::s(300)).up("a-1"));
    CHECK_FALSE(g.at(Duration::ms(360'999)).up("a-1"));
    CHECK(g.at(Duration::s(361)).whole());
  }
}

Slow slow(Target target, std::optional<double> cpu, std::optional<double> disk = {}) {
  Slow s;
  s.target = std::move(target);
  if (cpu) s.cpu = Share{*cpu};
  if (disk) s.disk = Share{*disk};
  return s;
}

TEST_CASE("shares of speed multiply, at 0 work keeps its place, and afterwards nothing is missing") {
  Ground g({once(kSecond, kSecond * 4, slow(named("group/a"), 0.5)),
            once(kSecond * 2, kSecond, slow(named("host/a-1"), 0.2)),
            once(kSecond * 4, kSecond * 2, slow(named("host/a-1"), 0.0))});
  Burn work(g.world_of().host(HostId{1}), kSecond * 4);
  g.at(kSecond * 20);
  // 1 + .5 + .1 + .5 + 0 (4–6 s), so 1.9 s are left.
  CHECK(work.done_s == Approx(7.9).epsilon(1e-12));
  Burn later(g.world_of().host(HostId{1}), Duration::ns(1'234'567'891));
  g.at(kSecond * 40);
  CHECK(later.done_s == 21.234567891);  // to the nanosecond
}

TEST_CASE("slow disks stretch writes") {
  world::PlatformConfig p = platform();
  p.hosts["a"].disk.bandwidth = headroom::Bandwidth{1e6};
  Ground g({once(kSecond, kSecond * 4, slow(named("host/a-1"), {}, 0.25))}, 1, p);
  world::Scope scope;
  double done_s = 0;
  const auto write = [](world::Host& host, double& done) -> world::Task<> {
    co_await host.disk().write(Bytes(3'000'000));
    done = host.scheduler().now().since_start().seconds();
  };
  scope.spawn(write(g.world_of().host(HostId{1}), done_s));
  g.at(kSecond * 20);
  CHECK(done_s == Approx(6));  // 1 + 4/4 + 1 MB
}

TEST_CASE("what clocks are wrong by adds up, and is gone when each fault is over") {
  Clock step;
  step.target = named("host/a-1");
  step.offset = kSecond * 5;
  Clock drift;
  drift.target = named("group/a");
  drift.drift = Drift{-0.1};
  Ground g({once(kSecond * 10, kSecond * 20, step), once(kSecond * 20, kSecond * 20, drift)});
  world::Host& host = g.world_of().host(HostId{1});
  const auto ahead = [&](double at_s) {
    g.at(Duration::from_seconds(at_s));
    return host.local_time() - g.world_of().now();
  };
  CHECK(ahead(9.5) == Duration());
  CHECK(ahead(10) == kSecond * 5);
  CHECK(ahead(25) == Duration::ms(4500));
  CHECK(ahead(35) == Duration::ms(-1500));
  CHECK(g.world_of().host(HostId{5}).local_time() == g.world_of().now());
  CHECK(ahead(40) == Duration());
  CHECK(ahead(1000) == Duration());
}

/// A fault between two hosts, from 1 s on.
template <class K>
FaultConfig between(K kind, const char* a, const char* b, Direction direction = Direction::both) {
  kind.between = {named(a), named(b)};
  kind.direction = direction;
  return once(kSecond, {}, kind);
}

TEST_CASE("latency adds to the way, in its direction") {
  Latency l;
  l.add = Distribution<Duration>::constant(Duration::ms(40));
  Ground g({between(l, "zone/a", "zone/b", Direction::forward),
            between(l, "host/a-1", "group/a", Direction::both)});
  world::Log log;
  g.at(kSecond);
  world::World& world = g.world_of();
  world::send(world, log, 1, HostId{1}, HostId{2}, 100);  // a-1 to a-2: both
  world::send(world, log, 2, HostId{2}, HostId{1}, 100);  // back: the second
  world::send(world, log, 3, HostId{3}, HostId{2}, 100);  // a-3 to a-2: the first
  world::send(world, log, 4, HostId{2}, HostId{3}, 100);  // neither
  world::send(world, log, 5, HostId{2}, kClients, 100);
  g.at(kSecond * 2);
  CHECK(log.at(1) == 1.08);
  CHECK(log.at(2) == 1.04);
  CHECK(log.at(3) == 1.04);
  CHECK(log.at(4) == 1);
  CHECK(log.at(5) == 1);
}

TEST_CASE("messages are lost, doubled and held back as often as it says") {
  constexpr int kMessages = 4000;
  const auto counts = [](FaultConfig fault) {
    Ground g({std::move(fault)});
    world::Log log;
    g.at(kSecond);
    for (int n = 0; n < kMessages; ++n) world::send(g.world_of(), log, n, kClients, HostId{1}, 100);
    g.at(kSecond * 2);
    return log.entries;
  };
  const auto close = [](std::size_t got, double p) {
    INFO(got);
    return std::abs(static_cast<double>(got) - kMessages * p) < 4 * std::sqrt(kMessages * p * (1 - p));
  };
  Loss loss;
  loss.probability = Share{0.03};
  Duplicate duplicate;
  duplicate.probability = Share{0.2};
  Reorder reorder;
  reorder.probability = Share{0.1};
  const auto is_lost = [](const world::Log::Entry& e) { return e.lost == world::Lost::dropped; };
  const auto is_late = [](const world::Log::Entry& e) { return e.at == 1.01; };  // netem's 10 ms
  const auto lost = counts(between(loss, "clients", "host/a-1"));
  CHECK(close(static_cast<std::size_t>(std::count_if(lost.begin(), lost.end(), is_lost)), 0.03));
  CHECK(close(counts(between(duplicate, "clients", "host/a-1")).size() - kMessages, 0.2));
  const auto late = counts(between(reorder, "clients", "host/a-1"));
  CHECK(close(static_cast<std::size_t>(std::count_if(late.begin(), late.end(), is_late)), 0.1));
  CHECK(late.size() == kMessages);
  const auto other_way = counts(between(loss, "clients", "host/a-1", Direction::backward));
  CHECK(std::none_of(other_way.begin(), other_way.end(), is_lost));
}

/// 1 MB/s cards, 4 MB/s rack uplinks, 100 MB/s beyond.
world::PlatformConfig narrow() {
  world::PlatformConfig p = platform();
  p.network.ideal = false;
  p.network.nic.bandwidth = headroom::Bandwidth{1e6};
  p.network.rack_uplink.bandwidth = headroom::Bandwidth{4e6};
  p.network.zone_uplink.bandwidth = headroom::Bandwidth{1e8};
  p.network.internet.bandwidth = headroom::Bandwidth{1e8};
  return p;
}

Bandwidth bandwidth(const char* target, double to) {
  Bandwidth b;
  b.target = named(target);
  b.to = Share{to};
  return b;
}

TEST_CASE("bandwidth of cards and uplinks shrinks, by the product of what faults leave") {
  Slow nic;
  nic.target = named("host/a-1");
  nic.nic = Share{0.5};
  const auto got = world::in_child([&] {
    Ground g({once(kSecond * 10, kSecond * 10, bandwidth("group/a", 0.5)),
              once(kSecond * 10, kSecond * 10, nic),  // a-1: a quarter
              once(kSecond * 30, kSecond * 10, bandwidth("switch/a1", 0.05)),
              once(kSecond * 50, kSecond * 10, bandwidth("region/test", 0.001)),
              once(kSecond * 50, kSecond * 10, bandwidth("clients", 0.5))},
             1, narrow());
    world::World& world = g.world_of();
    world::Log log;
    const auto to_a1 = [&](int tag, int at_s) {
      g.at(kSecond * at_s);
      world::send(world, log, tag, kClients, HostId{1}, 500'000);
      g.at(kSecond * (at_s + 10));
    };
    to_a1(1, 0);
    to_a1(2, 11);
    to_a1(3, 21);
    to_a1(4, 31);
    to_a1(5, 50);
    to_a1(6, 61);
    return std::vector<double>{log.at(1),      log.at(2) - 11, log.at(3) - 21,
                               log.at(4) - 31, log.at(5) - 50, log.at(6) - 61};
  });
  REQUIRE(got.size() == 6);
  const double expected[] = {0.5, 2, 0.5, 2.5, 10, 0.5};
  for (std::size_t i = 0; i < 6; ++i) {
    INFO(i);
    CHECK(got[i] == Approx(expected[i]).epsilon(1e-6));
  }
}

TEST_CASE("a pick of links is among links, not among the hosts behind them") {
  Bandwidth b = bandwidth("", 0.5);
  b.target = pick(1, any_of({named("zone/a"), named("zone/b")}));
  FaultConfig f = once(kSecond, kSecond, b);
  f.every = kSecond * 2;
  Ground g({f});
  g.at(kSecond * 100);
  std::vector<int> seen(2);
  for (std::size_t n = 0; n < 40; ++n) {
    const std::string struck = g.detail("fault begins", n, "struck");
    CHECK((struck == "zone/a" || struck == "zone/b"));
    ++seen[struck == "zone/a"];
  }
  CHECK(seen[0] > 5);
  CHECK(seen[1] > 5);
}

}  // namespace
}  // namespace headroom::faults
