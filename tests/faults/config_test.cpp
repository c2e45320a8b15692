#include "sim/faults/config.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/faults/ground.h"

namespace headroom::faults {
namespace {

class Heard final : public Complaints {
 public:
  void add(std::string_view path, std::string message) override {
    all.push_back(std::string(path) + ": " + message);
  }
  std::vector<std::string> all;
};

world::PlatformConfig three_workers() {
  world::PlatformConfig p;
  p.platform = "test";
  p.layout.racks_per_zone = 2;
  p.hosts["worker"].count = 3;
  return p;
}

/// What is said about targets; nothing: "".
std::string complaint(Kind kind, Duration at = Duration()) {
  const world::Topology topology(three_workers());
  FaultConfig fault;
  fault.at = at;
  fault.kind = std::move(kind);
  Heard heard;
  check_faults({fault}, {topology, {"queue.leader"}}, TimePoint::at(Duration::s(10)), heard);
  return heard.all.empty() ? "" : heard.all.front();
}

Kind crash(Target target) {
  Crash c;
  c.target = std::move(target);
  return c;
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

TEST_CASE("targets are domains, lists, picks and roles that exist") {
  for (const char* name :
       {"host/worker-3", "group/worker", "rack/a2", "zone/a", "region/test", "queue.leader"}) {
    INFO(name);
    CHECK(complaint(crash({name, {}, 0})) == "");
  }
  CHECK(complaint(crash({"", {{"rack/a1", {}, 0}, {"", {{"group/worker", {}, 0}}, 3}}, 0})) == "");
  CHECK(complaint(partition(named("clients"), named("zone/a"))) == "");
}

TEST_CASE("what does not exist, or cannot break like this, is told from what was meant") {
  CHECK(has(complaint(crash({"host/worker-4", {}, 0})),
            "0.crash.target: there is no \"host/worker-4\", expected host/worker-1, host/worker-2 or "
            "host/worker-3; did you mean"));
  CHECK(has(complaint(crash({"worker", {}, 0})), "did you mean \"group/worker\"?"));
  CHECK(has(complaint(crash({"a2", {}, 0})), "did you mean \"rack/a2\"?"));
  CHECK(has(complaint(crash({"queue.leeder", {}, 0})), "did you mean \"queue.leader\"?"));
  CHECK(has(complaint(crash({"switch/a1", {}, 0})), "a crash cannot strike \"switch/a1\", expected host/…"));
  CHECK(has(complaint(crash({"clients", {}, 0})), "a crash cannot strike \"clients\""));
  CHECK(
      has(complaint(crash({"", {{"rack/a1", {}, 0}, {"rack/c1", {}, 0}}, 0})), "0.crash.target.1: there is"));
  CHECK(has(complaint(crash({"", {{"group/worker", {}, 0}}, 4})),
            "0.crash.target.pick: group/worker has only 3 to pick from, got 4"));
  CHECK(has(complaint(partition(named("zone/a"), named("zone/b"))),
            "0.partition.between.1: there is no \"zone/b\", expected zone/a"));
}

TEST_CASE("each kind says what it can strike, and what it cannot do to it") {
  const auto outage = [](const char* target) {
    Outage o;
    o.target = named(target);
    return o;
  };
  const auto bandwidth = [](Target target) {
    Bandwidth b;
    b.target = std::move(target);
    return b;
  };
  for (const char* shared : {"power/a2-1", "switch/a1", "cooling/a", "zone/a", "region/test"})
    CHECK(complaint(outage(shared)) == "");
  CHECK(has(
      complaint(outage("host/worker-1")),
      "0.outage.target: an outage cannot strike \"host/worker-1\", expected power/…, switch/…, cooling/…, "
      "zone/… or region/…"));
  CHECK(has(complaint(outage("power/a3-1")), "expected power/a1-1 or power/a2-1; did you mean"));
  CHECK(has(complaint(outage("queue.leader")), "an outage cannot strike \"queue.leader\""));
  Outage two = outage("");
  two.target = pick(3, any_of({named("switch/a1"), named("switch/a2")}));
  CHECK(has(complaint(two), "0.outage.target.pick: switch/a1, switch/a2 has only 2 to pick from, got 3"));
  CHECK(has(complaint(bandwidth(named("power/a1-1"))), "a bandwidth cannot strike"));
  CHECK(has(complaint(bandwidth(named("group/worker"))),
            "0.bandwidth.target: the bandwidth of group/worker has no limit in the platform"));
  Slow slow;
  slow.target = named("group/worker");
  slow.cpu = Share{0.5};
  CHECK(complaint(slow) == "");
  slow.nic = Share{0.5};
  CHECK(has(complaint(slow), "0.slow.nic: the bandwidth of host/worker-1, host/worker-2"));
}

TEST_CASE("keys that a kind cannot use are refused") {
  const auto said = [](const auto& kind) {
    Heard heard;
    std::decay_t<decltype(kind)>::check(kind, heard);
    return heard.all.empty() ? "" : heard.all.front();
  };
  Outage o;
  o.target = named("switch/a1");
  CHECK(said(o) == "");
  o.boot = Duration::s(1);
  CHECK(has(said(o), "boot: hosts behind a switch that fails stay up"));
  o.target = any_of({named("switch/a1"), named("zone/a")});
  CHECK(said(o) == "");
  o.throttle = Share{0.5};
  CHECK(has(said(o), "throttle: only hosts without cooling do that"));
  o.target = named("cooling/a");
  CHECK(said(o) == "");
  CHECK(has(said(Slow{}), "nothing is slow, expected cpu, disk or nic"));
  CHECK(has(said(Clock{}), "expected offset or drift"));
  CHECK(has(said(Loss{}), "between: expected the two sides [A, B], got 0"));
}

TEST_CASE("a fault that would never strike is an error") {
  CHECK(complaint(crash({"zone/a", {}, 0}), Duration::ms(9'999)) == "");
  CHECK(has(complaint(crash({"zone/a", {}, 0}), Duration::s(10)), "0.at: this fault begins after the end"));
}

TEST_CASE("a fault says when it strikes, in one way") {
  const auto said = [](std::optional<Duration> at, std::optional<Duration> every,
                       std::optional<Duration> length, bool mttf, bool mttr) {
    FaultConfig f;
    f.at = at;
    f.every = every;
    f.length = length;
    if (mttf) f.mttf = Distribution<Duration>::constant(Duration::s(1));
    if (mttr) f.mttr = Distribution<Duration>::constant(Duration::s(1));
    Heard heard;
    FaultConfig::check(f, heard);
    return heard.all.empty() ? "" : heard.all.front().substr(0, heard.all.front().find(':'));
  };
  const Duration s = Duration::s(1);
  CHECK(said(s, {}, {}, false, false) == "");
  CHECK(said(s, {}, s, false, false) == "");
  CHECK(said({}, s * 2, s, false, false) == "");
  CHECK(said(s, s * 2, s, false, false) == "");
  CHECK(said({}, {}, {}, true, true) == "");
  CHECK(said({}, s, {}, false, false) == "every");
  CHECK(said({}, s, s, false, false) == "");
  CHECK(said({}, s, s * 2, false, false) == "for");
  CHECK(said({}, {}, {}, true, false) == "mttf");
  CHECK(said({}, {}, {}, false, true) == "mttr");
  CHECK(said(s, {}, {}, true, true) == "mttf");
  Heard heard;
  FaultConfig::check(FaultConfig{}, heard);
  CHECK(has(heard.all.at(0), "nothing says when this strikes"));
}

TEST_CASE("what all members have in common is a share of a constant rate of several") {
  FaultConfig f;
  f.mttf = Distribution<Duration>::exponential(Duration::s(100));
  f.mttr = Distribution<Duration>::constant(Duration::s(1));
  f.common_cause = Share{0.1};
  const auto said = [](const FaultConfig& fault) {
    const world::Topology topology(three_workers());
    Heard heard;
    FaultConfig::check(fault, heard);
    check_faults({fault}, {topology, {}}, TimePoint::at(Duration::s(10)), heard);
    return heard.all.empty() ? "" : heard.all.front();
  };
  f.kind = crash(named("group/worker"));
  CHECK(said(f) == "");
  f.kind = crash(named("rack/a1"));
  CHECK(has(said(f), "0.common_cause: crash rack/a1 fails as a whole"));
  f.kind = partition(named("host/worker-1"), named("group/worker"));
  CHECK(has(said(f), "common_cause: partition host/worker-1 | group/worker fails as a whole"));
  f.kind = crash(any_of({named("rack/a1"), named("rack/a2")}));
  CHECK(said(f) == "");
  f.mttf = Distribution<Duration>{law::Weibull{1e11, 0.7}};
  CHECK(has(said(f), "common_cause: it is a share of a failure rate, and only one that is always the same"));
  f.mttf.reset();
  f.mttr.reset();
  f.at = Duration::s(1);
  CHECK(has(said(f), "common_cause: it is a share of a failure rate, expected mttf and mttr"));
}

TEST_CASE("faults are told to people in one line") {
  FaultConfig f;
  f.at = Duration::s(30);
  f.length = Duration::s(20);
  f.kind = crash({"rack/a1", {}, 0});
  CHECK(describe_fault(f) == "crash rack/a1: at 30s, for 20s; then 60s to come up again");
  f.probability = Share{0.25};
  f.kind = Slow{};
  std::get<Slow>(f.kind).target = named("host/worker-1");
  CHECK(describe_fault(f) == "slow host/worker-1: at 30s, for 20s, each with probability 25%");
  f.probability.reset();
  f.kind = partition(named("queue.leader"), any_of({named("clients"), named("zone/a")}), Direction::forward);
  f.length.reset();
  CHECK(describe_fault(f) == "partition queue.leader -> clients, zone/a: at 30s, to the end");
}

}  // namespace
}  // namespace headroom::faults
