#include "sim/faults/config.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

namespace headroom::faults {
namespace {

class Heard final : public Complaints {
 public:
  void add(std::string_view path, std::string message) override {
    all.push_back(std::string(path) + ": " + message);
  }
  std::vector<std::string> all;
};

world::PlatformConfig platform() {
  world::PlatformConfig p;
  p.platform = "test";
  p.layout.racks_per_zone = 2;
  p.hosts["worker"].count = 3;
  return p;
}

/// What is said about targets; nothing: "".
std::string complaint(Kind kind, Duration at = Duration()) {
  const world::Topology topology(platform());
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
  CHECK(complaint(Partition{{{"clients", {}, 0}, {"zone/a", {}, 0}}, Direction::both}) == "");
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
  CHECK(has(complaint(Partition{{{"zone/a", {}, 0}, {"zone/b", {}, 0}}, Direction::both}),
            "0.partition.between.1: there is no \"zone/b\", expected zone/a"));
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
  CHECK(said({}, s, s, false, false) == "for");
  CHECK(said({}, {}, {}, true, false) == "mttf");
  CHECK(said({}, {}, {}, false, true) == "mttr");
  CHECK(said(s, {}, {}, true, true) == "mttf");
  Heard heard;
  FaultConfig::check(FaultConfig{}, heard);
  CHECK(has(heard.all.at(0), "nothing says when this strikes"));
}

TEST_CASE("faults are told to people in one line") {
  FaultConfig f;
  f.at = Duration::s(30);
  f.length = Duration::s(20);
  f.kind = crash({"rack/a1", {}, 0});
  CHECK(describe_fault(f) == "crash rack/a1: at 30s, for 20s; then 60s to come up again");
  f.kind = Partition{{{"queue.leader", {}, 0}, {"", {{"clients", {}, 0}, {"zone/a", {}, 0}}, 0}},
                     Direction::forward};
  f.length.reset();
  CHECK(describe_fault(f) == "partition queue.leader -> clients, zone/a: at 30s, to the end");
}

}  // namespace
}  // namespace headroom::faults
