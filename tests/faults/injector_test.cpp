#include "sim/faults/injector.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/ground.h"

namespace headroom::faults {
namespace {

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

TEST_CASE("faults that end and begin at the same instant do not overlap, whichever is written first") {
  const auto feed = [](Duration at, const char* name) {
    Outage o;
    o.target = named(name);
    o.boot = Duration::s(1);
    return once(at, Duration::s(5), o);
  };
  const auto first = feed(Duration::s(5), "power/a1-1"), second = feed(Duration::s(10), "power/a1-2");
  for (const auto& faults : {std::vector{first, second}, std::vector{second, first}}) {
    Ground g(faults);
    CHECK(g.at(Duration::s(20)).whole());
    // b-1 has a cord in both.
    CHECK(g.events("host down") == std::vector<std::string>{"5 host/a-1"});
    CHECK(g.events("fault ends").front() == "10 outage power/a1-1");
  }
  // A fault that follows on itself: at any time one host is down, and another one each time it is drawn so.
  FaultConfig turns = once(Duration::s(1), Duration::s(5), crash(pick(1, named("group/a")), Duration()));
  turns.every = Duration::s(5);
  Ground g({turns});
  std::set<std::string> struck;
  for (int n = 0; n < 50; ++n) {
    g.at(Duration::s(1 + 5 * n) + Duration::ms(1));
    int down = 0;
    for (const char* host : {"a-1", "a-2", "a-3", "a-4"}) {
      down += g.up(host) ? 0 : 1;
      if (!g.up(host)) struck.insert(host);
    }
    CHECK(down == 1);
  }
  CHECK(struck.size() == 4);
}

TEST_CASE("trouble is from the first strike to the last end, if all is over before the window is") {
  const auto trouble = [](std::vector<FaultConfig> faults) {
    Ground g(std::move(faults), 1, platform(), TimePoint::at(Duration::s(50)));
    return g.at(Duration::s(100)).trouble();
  };
  const auto cut = [](int at, std::optional<Duration> length) {
    return once(Duration::s(at), length, partition(named("zone/a"), named("zone/b")));
  };
  const auto all = trouble({cut(20, Duration::s(20)), cut(10, Duration::s(1)), cut(50, Duration::s(5))});
  REQUIRE(all.has_value());
  CHECK(all->begin == TimePoint::at(Duration::s(10)));
  CHECK(all->end == TimePoint::at(Duration::s(40)));
  CHECK_FALSE(trouble({cut(10, Duration::s(40))}).has_value());
  CHECK_FALSE(trouble({cut(10, Duration::s(1)), cut(20, {})}).has_value());
  CHECK_FALSE(trouble({cut(60, Duration::s(1))}).has_value());
  FaultConfig at_random = cut(0, {});
  at_random.at.reset();
  at_random.mttf = at_random.mttr = Distribution<Duration>::constant(Duration::s(3));
  CHECK_FALSE(trouble({at_random}).has_value());
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

TEST_CASE("a fault with a probability strikes that often, on a schedule and at random") {
  constexpr double kShare = 0.3;
  const auto strikes = [](FaultConfig fault, double seconds) {
    fault.probability = Share{kShare};
    fault.kind = crash(named("host/a-1"), Duration());
    return static_cast<double>(
        Ground({fault}, 5).at(Duration::from_seconds(seconds)).events("fault begins").size());
  };
  FaultConfig scheduled;
  scheduled.every = Duration::s(10);
  scheduled.length = Duration::s(1);
  constexpr double kTimes = 5000;
  CHECK(std::abs(strikes(scheduled, 10 * kTimes + 5) - kTimes * kShare) <
        4 * std::sqrt(kTimes * kShare * (1 - kShare)));
  // Thinning: failures that do not happen leave the others a rate of p / mttf.
  FaultConfig random;
  random.mttf = Distribution<Duration>::exponential(Duration::s(10));
  random.mttr = Distribution<Duration>::constant(Duration::s(5));
  const double mean = 10 * kTimes / (10 / kShare + 5);
  CHECK(std::abs(strikes(random, 10 * kTimes) - mean) < 4 * std::sqrt(mean));
}

TEST_CASE("what hosts share fails at random as a whole, each part of a list by itself") {
  Outage o;
  o.target = any_of({named("power/a1-1"), named("switch/b1"), named("zone/b")});
  o.boot = Duration::s(2);
  FaultConfig f;
  f.mttf = Distribution<Duration>{law::Weibull{50e9, 0.7}};
  f.mttr = Distribution<Duration>{law::Lognormal{8e9, 1.0}};
  f.kind = o;
  constexpr double kSeconds = 600'000;
  Ground g({f}, 11);
  g.at(Duration::from_seconds(kSeconds));
  std::map<std::string, int> strikes;
  for (const std::string& event : g.events("fault begins")) ++strikes[event.substr(event.find(' ') + 1)];
  REQUIRE(strikes.size() == 3);
  for (const auto& [name, count] : strikes) {
    const double boot = name == "outage switch/b1" ? 0 : 2;  // behind a switch nobody boots
    const double cycle = 50 + 8 + boot;
    const double up_variance = f.mttf->scv() * 50 * 50;
    const double scv = (up_variance + f.mttr->scv() * 8 * 8) / (cycle * cycle);
    INFO(name << ": " << count << ", expected " << kSeconds / cycle);
    CHECK(std::abs(count - kSeconds / cycle) < 4 * std::sqrt(kSeconds / cycle * scv));
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

}  // namespace
}  // namespace headroom::faults
