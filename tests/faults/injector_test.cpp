#include "sim/faults/injector.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace headroom::faults {
namespace {

using world::HostId;
using world::kClients;

/// Two zones of two racks; four hosts `a-1` … and two hosts `b-1`, `b-2`, two processes on each.
world::PlatformConfig platform() {
  world::PlatformConfig p;
  p.platform = "test";
  p.layout.zones = 2;
  p.layout.racks_per_zone = 2;
  p.hosts["a"].count = 4;
  p.hosts["b"].count = 2;
  return p;
}

class Idle final : public world::Process {
 public:
  using Process::Process;
};

/// A world with processes, and `leader`, a role that whoever a test says plays.
class Ground final : public Service {
 public:
  explicit Ground(std::vector<FaultConfig> faults, std::uint64_t seed = 1)
      : world_(platform(), StreamKey(seed)), faults_(std::move(faults)) {
    for (const auto& host : world_.hosts())
      for (int k = 0; k < 2; ++k) host->install([](world::Host& h) { return std::make_unique<Idle>(h); });
    injector_ = std::make_unique<Injector>(faults_, world_, *this, journal_, StreamKey(seed) / "faults");
    injector_->start();
  }
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
  ~Ground() override = default;

  std::vector<world::ProcessSlot*> players(std::string_view role) const override {
    CHECK(role == "leader");
    if (leader == 0) return {};
    return {world_of().host(HostId{leader}).slots()[1].get()};
  }
  /// The first process on each host of `a` is the API, the second on each host of `b` a worker.
  std::vector<world::ProcessSlot*> instances(Component component) const override {
    std::vector<world::ProcessSlot*> slots;
    const bool api = component == Component::api;
    for (world::Host* host : world_of().group(api ? "a" : "b"))
      slots.push_back(host->slots()[api ? 0 : 1].get());
    return slots;
  }
  void poison_next(Component, Kill kill) override { poison.emplace_back(world_.now(), std::move(kill)); }
  Ground& at(Duration date) {
    world_.run_until(TimePoint::at(date));
    return *this;
  }
  bool up(std::string_view host) { return world_.host(world_.topology().find(host)).up(); }
  bool alive(std::string_view host, std::size_t slot) {
    return world_.host(world_.topology().find(host)).slots()[slot]->get() != nullptr;
  }
  bool reachable(std::string_view from, std::string_view to) {
    return world_.network().reachable(world_.topology().find(from), world_.topology().find(to));
  }
  world::World& world_of() const { return const_cast<world::World&>(world_); }
  /// Events of a kind, `12.5 crash host/a-1`, in order.
  std::vector<std::string> events(std::string_view kind) const {
    std::vector<std::string> out;
    for (const metrics::Event& e : journal_.events())
      if (e.kind == kind) {
        char at[32];
        std::snprintf(at, sizeof at, "%g ", e.at.since_start().seconds());
        out.push_back(at + e.subject);
      }
    return out;
  }
  std::string detail(std::string_view kind, std::size_t number, std::string_view field) const {
    for (const metrics::Event& e : journal_.events()) {
      if (e.kind != kind || number-- > 0) continue;
      for (const metrics::Field& f : e.details)
        if (f.name == field) return std::get<std::string>(f.value);
    }
    return "none";
  }
  bool whole() {
    for (const auto& host : world_.hosts()) {
      if (!host->up()) return false;
      for (const auto& slot : host->slots())
        if (slot->get() == nullptr) return false;
      for (const auto& other : world_.hosts())
        if (!world_.network().reachable(host->id(), other->id())) return false;
      if (!world_.network().reachable(host->id(), kClients)) return false;
      if (!world_.network().reachable(kClients, host->id())) return false;
    }
    return true;
  }

  std::uint32_t leader = 2;
  std::vector<std::pair<TimePoint, Kill>> poison;

 private:
  world::World world_;
  metrics::Journal journal_{1'000'000};
  std::vector<FaultConfig> faults_;
  std::unique_ptr<Injector> injector_;
};

Target named(std::string name) {
  return {std::move(name), {}, 0};
}
Target any_of(std::vector<Target> targets) {
  return {"", std::move(targets), 0};
}
Target pick(std::int64_t n, Target from) {
  return {"", {std::move(from)}, n};
}

FaultConfig once(Duration at, std::optional<Duration> length, Kind kind) {
  FaultConfig f;
  f.at = at;
  f.length = length;
  f.kind = std::move(kind);
  return f;
}
Crash crash(Target target, Duration boot) {
  Crash c;
  c.target = std::move(target);
  c.boot = boot;
  return c;
}
Crash kill(Target target, Duration restart) {
  Crash c;
  c.target = std::move(target);
  c.process = true;
  c.restart = restart;
  return c;
}
Partition partition(Target a, Target b, Direction direction = Direction::both) {
  return {{std::move(a), std::move(b)}, direction};
}

TEST_CASE("a host is down for the fault and its boot") {
  Ground g({once(Duration::s(10), Duration::s(5), crash(named("host/a-2"), Duration::s(3)))});
  CHECK(g.at(Duration::ms(9'999)).up("a-2"));
  CHECK_FALSE(g.at(Duration::s(10)).up("a-2"));
  CHECK_FALSE(g.alive("a-2", 0));
  CHECK(g.up("a-1"));
  CHECK_FALSE(g.at(Duration::ms(17'999)).up("a-2"));
  CHECK(g.at(Duration::s(18)).up("a-2"));
  CHECK(g.whole());
  CHECK(g.events("fault begins") == std::vector<std::string>{"10 crash host/a-2"});
  CHECK(g.events("fault ends") == std::vector<std::string>{"15 crash host/a-2"});
  CHECK(g.events("host down") == std::vector<std::string>{"10 host/a-2"});
  CHECK(g.events("host up") == std::vector<std::string>{"18 host/a-2"});
}

TEST_CASE("without a length a fault lasts to the end; defaults are a boot of 60 s and a restart of 2 s") {
  Crash plain;
  plain.target = named("host/a-1");
  Crash dead = plain;
  dead.target = named("host/a-2");
  dead.process = true;
  Ground g({once(Duration::s(1), {}, crash(named("rack/b1"), Duration::s(1))),
            once(Duration::s(1), Duration(), plain), once(Duration::s(1), Duration(), dead)});
  CHECK_FALSE(g.at(Duration::ms(60'999)).up("a-1"));
  CHECK(g.at(Duration::s(61)).up("a-1"));
  CHECK(g.events("process up") == std::vector<std::string>{"3 host/a-2", "3 host/a-2"});
  CHECK_FALSE(g.at(Duration::s(1'000'000)).whole());
  CHECK(g.events("fault ends").size() == 2);
}

TEST_CASE("a fault strikes again and again, first at its date or after one period") {
  FaultConfig f = once(Duration::s(1), Duration::s(1), crash(named("host/a-1"), Duration::s(1)));
  f.every = Duration::s(10);
  CHECK(Ground({f}).at(Duration::s(22)).events("host down") ==
        std::vector<std::string>{"1 host/a-1", "11 host/a-1", "21 host/a-1"});
  f.at.reset();
  CHECK(Ground({f}).at(Duration::s(22)).events("host down") ==
        std::vector<std::string>{"10 host/a-1", "20 host/a-1"});
}

TEST_CASE("a host that two faults hold is up when each alone would let it be") {
  const auto first = once(Duration::s(10), Duration::s(10), crash(named("host/a-1"), Duration::s(3)));
  SECTION("the later one ends later") {
    Ground g({first, once(Duration::s(15), Duration::s(10), crash(named("zone/a"), Duration::s(1)))});
    CHECK_FALSE(g.at(Duration::ms(25'999)).up("a-1"));
    CHECK(g.at(Duration::s(26)).whole());
  }
  SECTION("it lies within the first") {
    Ground g({once(Duration::s(12), Duration::s(2), crash(named("group/a"), Duration::s(1))), first});
    CHECK(g.at(Duration::s(15)).up("a-2"));
    CHECK_FALSE(g.at(Duration::ms(22'999)).up("a-1"));
    CHECK(g.at(Duration::s(23)).whole());
  }
  SECTION("it strikes while the host boots") {
    Ground g({first, once(Duration::s(21), Duration::s(1), crash(named("host/a-1"), Duration()))});
    CHECK(g.events("host up").empty());
    CHECK_FALSE(g.at(Duration::ms(22'999)).up("a-1"));
    CHECK(g.at(Duration::s(23)).up("a-1"));
  }
  SECTION("it strikes when the boot is over, at that instant") {
    Ground g({first, once(Duration::s(23), Duration::s(1), crash(named("host/a-1"), Duration::s(1)))});
    CHECK_FALSE(g.at(Duration::ms(24'999)).up("a-1"));
    CHECK(g.at(Duration::s(25)).up("a-1"));
  }
}

TEST_CASE("a process that is held down stays down when its host boots") {
  Ground g({once(Duration::s(1), Duration::s(20), kill(named("leader"), Duration::s(1))),
            once(Duration::s(2), Duration::s(1), crash(named("host/a-2"), Duration::s(1)))});
  CHECK_FALSE(g.at(Duration::s(1)).alive("a-2", 1));
  CHECK(g.alive("a-2", 0));  // only the one that plays the role
  CHECK_FALSE(g.at(Duration::s(3)).alive("a-2", 0));
  CHECK(g.at(Duration::s(4)).alive("a-2", 0));
  CHECK_FALSE(g.alive("a-2", 1));
  CHECK(g.at(Duration::s(22)).whole());
}

TEST_CASE("a role is resolved when the fault strikes") {
  FaultConfig f = once(Duration::s(10), Duration::s(1), crash(named("leader"), Duration::s(1)));
  f.every = Duration::s(10);
  Ground g({f});
  g.at(Duration::s(12)).leader = 5;
  CHECK_FALSE(g.at(Duration::s(20)).up("b-1"));
  CHECK(g.up("a-2"));
  g.at(Duration::s(25)).leader = 0;
  CHECK(g.at(Duration::s(30)).whole());
  CHECK(g.detail("fault begins", 0, "struck") == "a-2");
  CHECK(g.detail("fault begins", 1, "struck") == "b-1");
  CHECK(g.detail("fault begins", 2, "struck") == "nobody");
}

TEST_CASE("a pick strikes so many different members, others each time") {
  FaultConfig f = once(Duration::s(1), Duration::s(1), crash(pick(2, named("group/a")), Duration()));
  f.every = Duration::s(4);
  std::set<std::string> struck;
  Ground g({f});
  for (int n = 0; n < 50; ++n) {
    g.at(Duration::s(1 + 4 * n));
    std::string down;
    for (const char* host : {"a-1", "a-2", "a-3", "a-4"})
      if (!g.up(host)) down += std::string(down.empty() ? "" : ", ") + host;
    CHECK(down.size() == 8);
    CHECK(g.detail("fault begins", static_cast<std::size_t>(n), "struck") == down);
    struck.insert(down);
  }
  CHECK(struck.size() == 6);  // all pairs of four
}

TEST_CASE("partitions cut both ways or one, hosts or clients") {
  const auto between = [](const char* a, const char* b, Direction direction) {
    return once(Duration::s(1), Duration::s(1), partition(named(a), named(b), direction));
  };
  SECTION("both") {
    Ground g({between("zone/a", "zone/b", Direction::both)});
    CHECK(g.at(Duration::ms(999)).whole());
    g.at(Duration::s(1));
    CHECK_FALSE(g.reachable("a-1", "a-2"));
    CHECK_FALSE(g.reachable("a-2", "a-1"));
    CHECK(g.reachable("a-1", "a-3"));
    CHECK(g.at(Duration::s(2)).whole());
  }
  SECTION("forward") {
    Ground g({between("host/a-1", "host/a-2", Direction::forward)});
    CHECK_FALSE(g.at(Duration::s(1)).reachable("a-1", "a-2"));
    CHECK(g.reachable("a-2", "a-1"));
  }
  SECTION("backward, from clients") {
    Ground g({between("group/a", "clients", Direction::backward)});
    world::Network& network = g.at(Duration::s(1)).world_of().network();
    CHECK_FALSE(network.reachable(kClients, HostId{1}));
    CHECK(network.reachable(HostId{1}, kClients));
    CHECK(network.reachable(kClients, HostId{5}));
  }
  SECTION("one that lies within another does not heal it") {
    Ground g({between("zone/a", "zone/b", Direction::both),
              once(Duration::ms(1200), Duration::ms(100),
                   partition(any_of({named("host/a-1"), named("host/a-3")}), named("host/a-2")))});
    CHECK_FALSE(g.at(Duration::ms(1500)).reachable("a-1", "a-2"));
    CHECK(g.at(Duration::s(2)).whole());
  }
}

TEST_CASE("at random, each member of a group fails by itself, and is up for mttf from the end of its boot") {
  FaultConfig f;
  f.mttf = Distribution<Duration>::exponential(Duration::s(100));
  f.mttr = Distribution<Duration>::exponential(Duration::s(15));
  f.kind = crash(any_of({named("group/a"), named("rack/b1")}), Duration::s(5));
  Ground g({f}, 7);
  constexpr int kSeconds = 1'000'000;
  g.at(Duration::s(kSeconds));
  // Renewal: failures per host = time / (mttf + mttr + boot), with variance about that × scv of a cycle.
  const double cycles = kSeconds / 120.0;
  const double scv = (100. * 100 + 15. * 15) / (120. * 120);
  std::map<std::string, int> failures;
  for (const std::string& event : g.events("fault begins")) ++failures[event.substr(event.find(' ') + 1)];
  CHECK(failures.size() == 5);
  CHECK(failures.contains("crash rack/b1"));
  for (const auto& [name, count] : failures) {
    INFO(name);
    CHECK(std::abs(count - cycles) < 4 * std::sqrt(cycles * scv));
  }
}

TEST_CASE("what one fault draws does not depend on the others") {
  FaultConfig f;
  f.mttf = Distribution<Duration>::exponential(Duration::s(10));
  f.mttr = Distribution<Duration>::exponential(Duration::s(1));
  f.kind = crash(named("group/a"), Duration::s(1));
  FaultConfig only = f;
  only.kind = crash(named("host/a-3"), Duration::s(1));
  Ground both({f, once(Duration::s(3), Duration::s(50), partition(named("zone/a"), named("zone/b")))});
  Ground alone({only});
  const auto of_a3 = [](Ground& g) {
    std::vector<std::string> out;
    for (const std::string& e : g.at(Duration::s(200)).events("fault begins"))
      if (e.ends_with("crash host/a-3")) out.push_back(e);
    return out;
  };
  CHECK(of_a3(both) == of_a3(alone));
  CHECK(of_a3(alone).size() > 5);
}

/// What faults should do, told from their schedule alone.
struct Oracle {
  const std::vector<FaultConfig>& faults;
  const world::Topology& topology;

  bool struck(const Target& target, HostId host) const {
    if (target.name == kClientsName) return host == kClients;
    if (!target.name.empty()) {
      const auto& members = *topology.domain(target.name);
      return std::find(members.begin(), members.end(), host) != members.end();
    }
    return std::any_of(target.of.begin(), target.of.end(), [&](const Target& t) { return struck(t, host); });
  }
  /// Whether some strike of the fault, made longer by `more`, lasts at `t`.
  static bool active(const FaultConfig& f, Duration t, Duration more) {
    for (Duration begin = f.first().since_start(); begin <= t; begin += *f.every) {
      if (t < begin + f.length.value_or(Duration::max()) + more) return true;
      if (!f.every) return false;
    }
    return false;
  }
  bool down(HostId host, Duration t, bool process) const {
    return std::any_of(faults.begin(), faults.end(), [&](const FaultConfig& f) {
      const auto* c = std::get_if<Crash>(&f.kind);
      return c != nullptr && c->process == process && struck(c->target, host) && active(f, t, c->recovery());
    });
  }
  bool cut(HostId from, HostId to, Duration t) const {
    return from != to && std::any_of(faults.begin(), faults.end(), [&](const FaultConfig& f) {
             const auto* p = std::get_if<Partition>(&f.kind);
             if (p == nullptr || !active(f, t, Duration())) return false;
             const bool forward = struck(p->between[0], from) && struck(p->between[1], to);
             const bool backward = struck(p->between[1], from) && struck(p->between[0], to);
             return (forward && p->direction != Direction::backward) ||
                    (backward && p->direction != Direction::forward);
           });
  }
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

FaultConfig any_fault() {
  FaultConfig f;
  f.length = some_tens_of_ms(0, 100);
  if (*rc::gen::arbitrary<bool>()) f.every = *f.length + some_tens_of_ms(1, 100);
  if (!f.every || *rc::gen::arbitrary<bool>()) f.at = some_tens_of_ms(0, 200);
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      f.kind = crash(any_target(false), some_tens_of_ms(0, 50));
      break;
    case 1:
      f.kind = kill(any_target(false), some_tens_of_ms(0, 50));
      break;
    default:
      f.kind = partition(any_target(true), any_target(true), static_cast<Direction>(*rc::gen::inRange(0, 3)));
  }
  return f;
}

TEST_CASE("any faults together are what each of them is alone, at any time, and leave nothing behind") {
  CHECK(rc::check("composition", [] {
    const auto faults = *rc::gen::container<std::vector<FaultConfig>>(rc::gen::exec(any_fault));
    Ground g(faults);
    world::World& world = g.world_of();
    const Oracle oracle{faults, world.topology()};
    for (Duration t = Duration::ms(5); t < Duration::s(3); t += Duration::ms(10)) {
      g.at(t);
      for (const auto& host : world.hosts()) {
        RC_ASSERT(host->up() == !oracle.down(host->id(), t, false));
        const bool alive = host->up() && !oracle.down(host->id(), t, true);
        for (const auto& slot : host->slots()) RC_ASSERT((slot->get() != nullptr) == alive);
      }
      for (std::uint32_t a = 0; a <= world.hosts().size(); ++a)
        for (std::uint32_t b = 0; b <= world.hosts().size(); ++b)
          RC_ASSERT(world.network().reachable(HostId{a}, HostId{b}) == !oracle.cut(HostId{a}, HostId{b}, t));
    }
    const bool repeated =
        std::any_of(faults.begin(), faults.end(), [](const FaultConfig& f) { return f.every.has_value(); });
    if (!repeated) RC_ASSERT(g.at(Duration::s(10)).whole());
  }));
}

}  // namespace
}  // namespace headroom::faults
