#include "sim/world/topology.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <iterator>

#include "tests/world/support.h"

namespace headroom::world {
namespace {

std::vector<std::string> names(const Topology& topology, const std::vector<HostId>& ids) {
  std::vector<std::string> result;
  for (HostId id : ids) result.push_back(topology.host(id).name);
  return result;
}
using Names = std::vector<std::string>;

struct Heard final : Complaints {
  std::vector<std::pair<std::string, std::string>> all;
  void add(std::string_view path, std::string message) override {
    all.emplace_back(path, std::move(message));
  }
  Names paths() const {
    Names result;
    for (const auto& [path, message] : all) result.push_back(path);
    return result;
  }
};

TEST_CASE("groups are spread over zones, then racks, and cords over feeds") {
  const Topology topology(region());
  CHECK(topology.hosts().size() == 45);
  const auto where = [&](const char* name) {
    const Topology::Member& m = topology.host(topology.find(name));
    std::string text = topology.rack_name(m.rack);
    for (int feed : m.feeds) text += " " + topology.feed_name(m.rack, feed);
    return text;
  };
  CHECK(where("worker-1").substr(0, 2) == "a1");
  CHECK(where("worker-2").substr(0, 2) == "b1");
  CHECK(where("worker-3").substr(0, 2) == "c1");
  CHECK(where("worker-4").substr(0, 2) == "a2");
  CHECK(where("worker-7").substr(0, 2) == "a1");
  CHECK(where("worker-40").substr(0, 2) == "a2");
  CHECK(where("api-1") == "a1 a1-1");
  CHECK(where("lb-1") == "a1 a1-2");
  CHECK(where("worker-1") == "a1 a1-1");
  CHECK(topology.find("worker-41") == kNoHost);
  // Ids follow (group name, number), and domain members are sorted by them.
  CHECK(topology.find("api-1") == HostId{1});
  CHECK(topology.find("worker-40") == HostId{45});
}

TEST_CASE("failure domains have the members that share the fate") {
  PlatformConfig p = region();
  p.hosts["worker"].count = 6;
  p.hosts["lb"].power_cords = 2;
  const Topology topology(p);
  const auto members = [&](const char* domain) {
    const std::vector<HostId>* ids = topology.domain(domain);
    REQUIRE(ids != nullptr);
    return names(topology, *ids);
  };
  CHECK(members("host/api-2") == Names{"api-2"});
  CHECK(members("group/api") == Names{"api-1", "api-2", "api-3"});
  CHECK(members("rack/a1") == Names{"api-1", "lb-1", "worker-1"});
  CHECK(members("switch/a1") == members("rack/a1"));
  CHECK(members("rack/a2") == Names{"worker-4"});
  CHECK(members("zone/a") == Names{"api-1", "lb-1", "worker-1", "worker-4"});
  CHECK(members("cooling/a") == members("zone/a"));
  CHECK(members("power/a1-1") == Names{"api-1", "lb-1"});
  CHECK(members("power/a1-2") == Names{"lb-1", "worker-1"});
  CHECK(members("region/test").size() == 11);
  CHECK(topology.domain("rack/a3") == nullptr);
  CHECK(topology.domain("host/api-4") == nullptr);
  CHECK(topology.domain("zone/d") == nullptr);
  CHECK(topology.domain("worker-1") == nullptr);
  CHECK(members("power/a2-2").empty());

  CHECK(names(topology, topology.without_power({"power/a1-1"})) == Names{"api-1"});
  CHECK(names(topology, topology.without_power({"power/a1-2", "power/b1-1"})) == Names{"api-2", "worker-1"});
  CHECK(names(topology, topology.without_power({"power/a1-1", "power/a1-2"})) ==
        Names{"api-1", "lb-1", "worker-1"});
  CHECK(topology.without_power({}).empty());
}

TEST_CASE("place confines a group") {
  PlatformConfig p = region();
  p.hosts["worker"].count = 5;
  p.hosts["worker"].place = PlaceConfig{{"b", "c"}, {}};
  p.hosts["api"].place = PlaceConfig{{}, {"a2", "c1", "c2"}};
  p.hosts["lb"].place = PlaceConfig{{"c"}, {"a1", "c2"}};
  const Topology topology(p);
  const auto racks = [&](const char* group) {
    std::string text;
    for (const Topology::Member& m : topology.hosts())
      if (m.group == group) text += topology.rack_name(m.rack) + " ";
    return text;
  };
  CHECK(racks("worker") == "b1 c1 b2 c2 b1 ");
  CHECK(racks("api") == "a2 c1 a2 ");
  CHECK(racks("lb") == "c2 c2 ");
}

TEST_CASE("without a layout there is one rack, and an ideal network has no latency") {
  PlatformConfig p;
  p.hosts["w"].count = 2;
  const Topology topology(p);
  CHECK(topology.rack_name(topology.host(HostId{2}).rack) == "a1");
  CHECK(topology.latency(HostId{1}, HostId{2}) == Duration());
  CHECK(topology.domain("region/region")->size() == 2);
  CHECK(topology.domain("power/a1-1")->size() == 2);
}

TEST_CASE("latency is the sum over the links passed, and symmetric") {
  const Topology topology(region());
  const auto us = [&](const char* a, const char* b) {
    const auto id = [&](const char* name) { return name[0] == '*' ? kClients : topology.find(name); };
    CHECK(topology.latency(id(a), id(b)) == topology.latency(id(b), id(a)));
    return topology.latency(id(a), id(b)).count_ns() / 1000;
  };
  CHECK(us("api-1", "api-1") == 0);
  CHECK(us("api-1", "worker-1") == 20);
  CHECK(us("api-1", "worker-4") == 60);
  CHECK(us("api-1", "worker-2") == 460);
  CHECK(us("*", "lb-1") == 10'080);
}

TEST_CASE("what a platform may not say") {
  const auto complaints = [](const PlatformConfig& p) {
    Heard heard;
    PlatformConfig::check(p, heard);
    for (const auto& [name, group] : p.hosts) HostGroupConfig::check(group, heard);
    return heard;
  };
  CHECK(complaints(region()).all.empty());
  CHECK(complaints(PlatformConfig{}).paths() == Names{"hosts"});

  PlatformConfig p = region();
  p.hosts["api"].power_cords = 3;
  p.hosts["lb"].place = PlaceConfig{{"d"}, {"a3"}};
  p.hosts["worker"].place = PlaceConfig{{"a"}, {"b1"}};
  p.hosts["worker"].watts = WattsConfig{Power{400}, Power{150}};
  const Heard heard = complaints(p);
  CHECK(heard.paths() == Names{"hosts.api.power_cords", "hosts.lb.place.zones", "hosts.lb.place.racks",
                               "hosts.worker.place", "watts.busy"});
  CHECK(heard.all[1].second == "no zone d; expected one of a, b, c");
  CHECK(heard.all[2].second == "no rack a3; expected one of a1, a2, b1, b2, c1, c2");

  PlatformConfig clash;
  clash.hosts["a"];
  clash.hosts["a-1"];
  clash.hosts["b c"];
  clash.hosts["a-1-2"];
  clash.hosts["a-1x"];
  clash.hosts["a-"];
  CHECK(complaints(clash).paths() == Names{"hosts.a-1", "hosts.a-1-2", "hosts.b c"});

  // As many hosts as one group may have, in all of them.
  PlatformConfig large;
  large.hosts["a"].count = 50'000;
  large.hosts["b"].count = 50'000;
  CHECK(complaints(large).all.empty());
  large.hosts["c"];
  large.hosts["d"].count = 100'000;
  CHECK(complaints(large).paths() == Names{"hosts.c.count"});
}

TEST_CASE("platforms of absurd size are judged in no time") {
  const auto before = std::chrono::steady_clock::now();
  PlatformConfig p;
  p.layout.zones = 26;
  p.layout.racks_per_zone = 1000;
  Heard heard;
  for (int i = 0; i < 100'000; ++i) p.hosts["g" + std::to_string(i)];
  PlaceConfig place;
  for (char zone = 'a'; zone <= 'z'; ++zone)
    for (int rack = 1; rack <= 1000; ++rack) place.racks.push_back(zone + std::to_string(rack));
  for (int i = 0; i < 20; ++i) p.hosts["g" + std::to_string(i)].place = place;
  PlatformConfig::check(p, heard);
  CHECK(heard.all.empty());
  for (auto it = p.hosts.begin(); it != p.hosts.end();)
    it = it->second.place ? std::next(it) : p.hosts.erase(it);
  CHECK(Topology(p).hosts().size() == 20);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(30));  // not hours
}

}  // namespace
}  // namespace headroom::world
