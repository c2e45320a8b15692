#include "sim/study/alike.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/study/files.h"

namespace headroom::study {
namespace {

const std::vector<ThingKind> kAll = {
    ThingKind::host,  ThingKind::process, ThingKind::rack, ThingKind::network_switch,
    ThingKind::power, ThingKind::cooling, ThingKind::zone};

ScenarioConfig shipped(const std::string& name, const std::vector<std::string>& sets = {}) {
  return valid(HEADROOM_SOURCE_DIR "/scenarios/" + name + ".yaml", sets);
}

ScenarioConfig scenario(const std::string& platform, const std::string& deployment) {
  const Folder folder;
  return valid(folder.write("s.yaml", "scenario: s\nplatform: {" + platform +
                                          "}\nworkload: {arrivals: {poisson: 1/s}}\ndeployment: {" +
                                          deployment + "}\n"));
}

std::vector<Alike> classes(const ScenarioConfig& s, const std::vector<ThingKind>& kinds,
                           Moment moment = Moment::running) {
  return alike(s, world::Topology(s.platform), kinds, moment);
}

/// "host/worker-1 x 40: 1 of 40 worker"
std::vector<std::string> lines(const std::vector<Alike>& all) {
  std::vector<std::string> text;
  for (const Alike& one : all)
    text.push_back(one.what() + " x " + std::to_string(one.count(one.kind())) + ": " + to_text(one.falls));
  return text;
}

using Lines = std::vector<std::string>;

TEST_CASE("the 53 hosts of the reference region are seven classes") {
  const ScenarioConfig s = shipped("baseline");
  CHECK(lines(classes(s, {ThingKind::host})) ==
        Lines{"host/api-1 x 3: 1 of 3 api", "host/auth-1 x 2: 1 of 2 auth", "host/lb-1 x 2: 1 of 2 lb",
              "queue.leader x 1: 1 of 3 queue (leader)", "1 of queue.followers x 2: 1 of 3 queue (follower)",
              "host/store-1 x 3: 1 of 3 store", "host/worker-1 x 40: 1 of 40 worker"});
  CHECK(lines(classes(s, {ThingKind::process})).at(3) ==
        "process of queue.leader x 1: 1 of 3 queue (leader)");
}

TEST_CASE("what shares a fate falls together: so many members of each group") {
  // Members go to zones a, b, c in turn, within each to its racks in turn: the first of each group in a1, b1
  // or c1; of 40 workers 14 in zone a and 13 in b and c, so 7 in each first rack, and 7, 6, 6 in the second.
  const ScenarioConfig s = shipped("baseline");
  CHECK(lines(classes(s, {ThingKind::rack})) ==
        Lines{"rack/a1 x 2: 1 of 3 api, 1 of 2 auth, 1 of 2 lb, 1 of 3 queue, 1 of 3 store, 7 of 40 worker",
              "rack/a2 x 1: 7 of 40 worker", "rack/b2 x 2: 6 of 40 worker",
              "rack/c1 x 1: 1 of 3 api, 1 of 3 queue, 1 of 3 store, 7 of 40 worker"});
  CHECK(lines(classes(s, {ThingKind::zone})) ==
        Lines{"zone/a x 1: 1 of 3 api, 1 of 2 auth, 1 of 2 lb, 1 of 3 queue, 1 of 3 store, 14 of 40 worker",
              "zone/b x 1: 1 of 3 api, 1 of 2 auth, 1 of 2 lb, 1 of 3 queue, 1 of 3 store, 13 of 40 worker",
              "zone/c x 1: 1 of 3 api, 1 of 3 queue, 1 of 3 store, 13 of 40 worker"});
  // A rack's cords are plugged into its two feeds in turn, groups in the order of their names: in a1 api,
  // lb, store and every other worker into the first.
  CHECK(lines(classes(s, {ThingKind::power})) ==
        Lines{"power/a1-1 x 2: 1 of 3 api, 1 of 2 lb, 1 of 3 store, 3 of 40 worker",
              "power/a1-2 x 2: 1 of 2 auth, 1 of 3 queue, 4 of 40 worker", "power/a2-1 x 1: 4 of 40 worker",
              "power/a2-2 x 5: 3 of 40 worker", "power/c1-1 x 1: 1 of 3 api, 1 of 3 store, 3 of 40 worker",
              "power/c1-2 x 1: 1 of 3 queue, 4 of 40 worker"});
}

TEST_CASE("of kinds that take the same with them one is broken") {
  const ScenarioConfig s = shipped("baseline");
  const std::vector<Alike> each = classes(s, kinds_of(s.platform));
  CHECK(each.size() == 34);  // 7 hosts and 7 processes, 4 racks, 4 switches, 6 feeds, 3 zones and 3 coolings
  const std::vector<Alike> all = across_kinds(each);
  CHECK(all.size() == 20);
  for (const Alike& one : all) {
    CHECK(one.kind() != ThingKind::process);
    CHECK(one.kind() != ThingKind::network_switch);
    CHECK(one.kind() != ThingKind::cooling);
  }
  const auto worker =
      std::find_if(all.begin(), all.end(), [](const Alike& one) { return one.what() == "host/worker-1"; });
  REQUIRE(worker != all.end());
  CHECK(worker->count(ThingKind::host) == 40);
  CHECK(worker->count(ThingKind::process) == 40);
  CHECK(worker->count(ThingKind::rack) == 0);
  // Whatever the order of the kinds.
  const auto reversed = across_kinds(classes(s, {kAll.rbegin(), kAll.rend()}));
  CHECK(reversed.size() == 20);
  for (const Alike& one : reversed) CHECK(one.kind() != ThingKind::cooling);
}

TEST_CASE("each host is in exactly one class, in every shipped scenario") {
  for (const auto& entry : std::filesystem::directory_iterator(HEADROOM_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() != ".yaml") continue;
    INFO(entry.path());
    const ScenarioConfig s = valid(entry.path().string());
    const world::Topology topology(s.platform);
    for (const Moment moment : {Moment::running, Moment::start}) {
      std::map<std::string, int> seen;
      std::map<std::string, std::int64_t> counts;  // by group; groups that nothing runs on are in no class
      for (const Alike& one : alike(s, topology, {ThingKind::host}, moment))
        for (const Thing& thing : one.things) {
          REQUIRE(one.falls.size() == 1);
          CHECK((moment == Moment::running || !thing.hosts.empty()));
          counts[one.falls[0].group] += thing.number;
          for (const world::HostId host : thing.hosts) ++seen[topology.host(host).name];
        }
      for (const auto& [name, times] : seen) CHECK(times == 1);
      CHECK_FALSE(counts.empty());
      for (const auto& [group, count] : counts) CHECK(count == s.platform.hosts.at(group).count);
    }
  }
}

TEST_CASE("roles: active and standby, the only copy, management, a store's stand-ins") {
  CHECK(lines(classes(scenario("hosts: {lb: {count: 3}, api: {}}",
                               "load_balancer: {hosts: lb, redundancy: active_passive}, api: {hosts: api, "
                               "cpu: 1ms}"),
                      {ThingKind::host})) == Lines{"host/api-1 x 1: 1 of 1 api",
                                                   "host/lb-1 x 1: 1 of 3 lb (active)",
                                                   "host/lb-2 x 2: 1 of 3 lb (standby)"});
  CHECK(lines(classes(scenario("hosts: {lb: {count: 2}, api: {}}",
                               "load_balancer: {hosts: lb, redundancy: active_active}, api: {hosts: api, "
                               "cpu: 1ms}"),
                      {ThingKind::host}))
            .back() == "host/lb-1 x 2: 1 of 2 lb");
  CHECK(lines(classes(shipped("baseline", {"deployment.auth.data_plane.redundancy=active_passive",
                                           "deployment.auth.management.hosts=auth"}),
                      {ThingKind::host}))[1] == "host/auth-1 x 1: 1 of 2 auth (active, management)");
  // Two of the three hosts of a queue that is not replicated have nothing.
  CHECK(lines(classes(shipped("baseline", {"deployment.queue.replication=none"}), {ThingKind::host}))[3] ==
        "host/queue-1 x 1: 1 of 3 queue (the only copy)");
  // All members that accept jobs on their own are alike.
  CHECK(lines(classes(shipped("baseline", {"deployment.queue.replication=availability_first"}),
                      {ThingKind::host}))[3] == "host/queue-1 x 3: 1 of 3 queue");
  // One shard on three of four hosts.
  const auto store =
      lines(classes(shipped("baseline", {"platform.hosts.store.count=4", "deployment.usage.store.shards=1"}),
                    {ThingKind::host}));
  REQUIRE(store.size() == 8);
  CHECK(store[5].ends_with("x 3: 1 of 4 store"));
  CHECK(store[6].ends_with("x 1: 1 of 4 store (stand-in)"));
}

TEST_CASE("at the start nobody leads yet") {
  const auto all = classes(shipped("baseline"), {ThingKind::host}, Moment::start);
  CHECK(lines(all)[3] == "host/queue-1 x 3: 1 of 3 queue");
}

TEST_CASE("two components on one group are one class of hosts; a queue's leader dies alone among them") {
  const ScenarioConfig s =
      scenario("hosts: {core: {count: 3}, worker: {count: 2}}",
               "api: {hosts: core, cpu: 1ms}, queue: {hosts: core}, processing: {hosts: worker, "
               "service_time: 10ms}");
  CHECK(lines(classes(s, {ThingKind::host})) == Lines{"queue.leader x 1: 1 of 3 core (leader)",
                                                      "1 of queue.followers x 2: 1 of 3 core (follower)",
                                                      "host/worker-1 x 2: 1 of 2 worker"});
  // A process named by its role would die without the API server beside it.
  CHECK(lines(classes(s, {ThingKind::process})) ==
        Lines{"process of host/core-1 x 3: 1 of 3 core", "process of host/worker-1 x 2: 1 of 2 worker"});
  // With an active balancer on one of them, that tells them apart, not who leads.
  const ScenarioConfig both =
      scenario("hosts: {core: {count: 3}, worker: {}}",
               "load_balancer: {hosts: core, redundancy: active_passive}, queue: {hosts: core}, api: {hosts: "
               "core, cpu: 1ms}, processing: {hosts: worker, service_time: 10ms}");
  CHECK(lines(classes(both, {ThingKind::host})) == Lines{"host/core-1 x 1: 1 of 3 core (active)",
                                                         "host/core-2 x 2: 1 of 3 core (standby)",
                                                         "host/worker-1 x 1: 1 of 1 worker"});
}

TEST_CASE("what takes nobody with it is left out") {
  const std::string api = "api: {hosts: api, cpu: 1ms}";
  // Nothing runs on the spare hosts; the rack that has only them is none.
  const ScenarioConfig spare = scenario(
      "layout: {racks_per_zone: 2}, hosts: {api: {count: 2, place: {racks: [a1]}}, spare: {count: 2, place: "
      "{racks: [a2]}}}",
      api);
  CHECK(lines(classes(spare, {ThingKind::host, ThingKind::rack})) ==
        Lines{"host/api-1 x 2: 1 of 2 api", "rack/a1 x 1: 2 of 2 api"});
  // A host with a cord in each feed survives the loss of one.
  const std::string layout = "layout: {racks_per_zone: 2, power_feeds_per_rack: 2}, ";
  CHECK(classes(scenario(layout + "hosts: {api: {count: 2, power_cords: 2}}", api), {ThingKind::power})
            .empty());
  CHECK(lines(classes(scenario(layout + "hosts: {api: {count: 2, power_cords: 2}, worker: {count: 2}}",
                               api + ", processing: {hosts: worker, service_time: 10ms}"),
                      {ThingKind::power})) == Lines{"power/a1-1 x 2: 1 of 2 worker"});
}

TEST_CASE("kinds of which there is but one are not looked at unless asked for") {
  using K = ThingKind;
  const auto kinds = [](const std::string& platform) {
    return kinds_of(scenario(platform, "api: {hosts: api, cpu: 1ms}").platform);
  };
  CHECK(kinds("hosts: {api: {}}") == std::vector{K::host, K::process});
  CHECK(kinds("layout: {racks_per_zone: 2}, hosts: {api: {}}") ==
        std::vector{K::host, K::process, K::rack, K::network_switch, K::power});
  CHECK(kinds("layout: {power_feeds_per_rack: 2}, hosts: {api: {}}") ==
        std::vector{K::host, K::process, K::power});
  CHECK(kinds("layout: {zones: 2}, hosts: {api: {}}") == kAll);
}

TEST_CASE("a rack contains its hosts; a switch that fails does not stop them") {
  const ScenarioConfig s = shipped("baseline");
  const std::vector<Alike> all = classes(s, kAll, Moment::start);
  const auto of = [&](const std::string& what) -> const Alike& {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Alike& a) { return a.what() == what; });
    REQUIRE(found != all.end());
    return *found;
  };
  for (const char* host : {"host/api-1", "host/lb-1", "host/queue-1", "host/worker-1"}) {
    CHECK(contains(of("rack/a1"), of(host)));
    CHECK(contains(of("zone/a"), of(host)));
    CHECK_FALSE(contains(of(host), of("rack/a1")));
    CHECK_FALSE(contains(of("switch/a1"), of(host)));
    CHECK_FALSE(contains(of("cooling/a"), of(host)));
  }
  CHECK(contains(of("zone/a"), of("rack/a1")));
  CHECK(contains(of("zone/b"), of("rack/a1")));  // one of those that are like it
  CHECK_FALSE(contains(of("zone/c"), of("rack/a1")));
  CHECK(contains(of("host/api-1"), of("process of host/api-1")));
  CHECK_FALSE(contains(of("rack/c1"), of("host/lb-1")));
}

TEST_CASE("faults that break things, and how long it takes to come back") {
  const auto fault = [](ThingKind kind, const std::string& name, std::optional<Duration> length) {
    return fault_of({kind, name, {name, {}, 0}}, Duration::s(30), length);
  };
  const auto host = fault(ThingKind::host, "host/a-1", Duration::s(20));
  CHECK(faults::describe_fault(host) == "crash host/a-1: at 30s, for 20s; then 60s to come up again");
  CHECK(host.recovery() == Duration::s(60));
  const auto process = fault(ThingKind::process, "host/a-1", Duration::s(20));
  CHECK(faults::name_of(process.kind) == "crash process of host/a-1");
  CHECK(process.recovery() == Duration::s(2));
  CHECK(fault(ThingKind::network_switch, "switch/a1", Duration::s(20)).recovery() == Duration());
  CHECK(fault(ThingKind::zone, "zone/a", Duration::s(20)).recovery() == Duration::s(60));
  // Hosts without cooling become slow at once, and switch themselves off after five minutes.
  CHECK(fault(ThingKind::cooling, "cooling/a", Duration::s(20)).recovery() == Duration());
  CHECK(fault(ThingKind::cooling, "cooling/a", Duration::s(301)).recovery() == Duration::s(60));
  CHECK_FALSE(fault(ThingKind::rack, "rack/a1", std::nullopt).length.has_value());
}

TEST_CASE("pairs are of things that do not fall with each other") {
  const ScenarioConfig s =
      scenario("layout: {racks_per_zone: 2}, hosts: {api: {}, worker: {count: 2}, queue: {count: 3}}",
               "api: {hosts: api, cpu: 1ms}, queue: {hosts: queue}, processing: {hosts: worker, "
               "service_time: 10ms}");
  Lines pairs;
  for (const AlikePair& pair : pairs_of(classes(s, {ThingKind::host})))
    pairs.push_back(pair.what + ": " + to_text(pair.falls));
  CHECK(pairs ==
        Lines{"host/api-1 and queue.leader: 1 of 1 api, 1 of 3 queue (leader)",
              "host/api-1 and 1 of queue.followers: 1 of 1 api, 1 of 3 queue (follower)",
              "host/api-1 and host/worker-1: 1 of 1 api, 1 of 2 worker",
              "queue.leader and 1 of queue.followers: 1 of 3 queue (follower), 1 of 3 queue (leader)",
              "queue.leader and host/worker-1: 1 of 3 queue (leader), 1 of 2 worker",
              "2 of queue.followers: 2 of 3 queue (follower)",
              "1 of queue.followers and host/worker-1: 1 of 3 queue (follower), 1 of 2 worker",
              "host/worker-1 and host/worker-2: 2 of 2 worker"});
  // The followers first: who follows is asked while somebody leads.
  const auto both = pairs_of(classes(s, {ThingKind::host}))[3];
  CHECK(both.things[0].what == "1 of queue.followers");
  // worker-1 falls with a1, so it is worker-2 that is broken with it; api-1 stands in a1, too.
  pairs.clear();
  for (const AlikePair& pair : pairs_of(classes(s, {ThingKind::host, ThingKind::rack})))
    pairs.push_back(pair.what);
  const auto has = [&](const std::string& what) {
    return std::find(pairs.begin(), pairs.end(), what) != pairs.end();
  };
  CHECK(has("host/worker-2 and rack/a1"));
  CHECK(has("host/api-1 and rack/a2"));
  CHECK_FALSE(has("host/api-1 and rack/a1"));
  CHECK(has("rack/a1 and rack/a2"));
}

}  // namespace
}  // namespace headroom::study
