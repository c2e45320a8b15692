#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/report/temporary_folder.h"
#include "tests/scenarios/product.h"

// A run is a pure function of scenario and seed (SPEC §4): same scenario, seed and version, same bytes.

namespace headroom::scenarios {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const std::string kExecutable = HEADROOM_EXECUTABLE;

/// The shipped scenarios.
std::vector<fs::path> shipped() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(HEADROOM_SCENARIOS))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// What makes a shipped scenario short. Faults would begin after its end; those that are to be seen at work
/// are listed with what leaves them in.
std::vector<std::string> shortened(const fs::path& scenario) {
  static const std::map<std::string, std::vector<std::string>> kOthers = {
      {"auth-outage",
       {"--set", "run={warmup: 19min, duration: 2min, replications: 2}", "--set",
        "workload.arrivals.poisson=20/s"}},
      {"new-user-waits",
       {"--set", "run={warmup: 1min, duration: 70s, replications: 2}", "--set",
        "workload.arrivals.poisson=100/s"}},
  };
  const auto listed = kOthers.find(scenario.stem().string());
  if (listed != kOthers.end()) return listed->second;
  return {"--set", "faults=[]",           "--set",          "run.warmup=500ms",
          "--set", "run.duration=1500ms", "--replications", "2"};
}

std::vector<std::string> operator+(std::vector<std::string> options, const std::vector<std::string>& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

/// summary.json; fails the test if there is none.
std::string summary(const std::string& executable, const fs::path& scenario,
                    const std::vector<std::string>& options) {
  const ProductRun run(executable, scenario, options);
  REQUIRE(run.status() == 0);
  std::string text = run.text("summary.json");
  REQUIRE_FALSE(text.empty());
  return text;
}

/// A small region with every component that exists; JSON is YAML.
Json region() {
  return Json::parse(R"({
    "scenario": "determinism",
    "seed": 7,
    "run": {"warmup": "1s", "duration": "4s"},
    "platform": {
      "layout": {"zones": 3, "racks_per_zone": 2},
      "network": {
        "nic": {"bandwidth": "1Gbps", "latency": "10us"},
        "between_zones": {"latency": "300us"},
        "internet": {"bandwidth": "10Gbps", "latency": "10ms"}
      },
      "hosts": {
        "lb": {"count": 2, "cores": 4},
        "api": {"count": 3, "cores": 4},
        "auth": {"count": 2, "cores": 2},
        "queue": {"count": 3, "cores": 4},
        "store": {"count": 3, "cores": 2},
        "worker": {"count": 6, "cores": 8}
      }
    },
    "workload": {
      "users": 1000,
      "popularity": {"zipf": 0.9},
      "arrivals": {"poisson": "350/s"},
      "image_bytes": {"lognormal": {"mean": "256KB", "p99": "1MB"}},
      "rendition_bytes": "20%",
      "deadline": "2s",
      "probe": "1s"
    },
    "deployment": {
      "load_balancer": {"hosts": "lb", "policy": "power_of_two_choices"},
      "api": {"hosts": "api", "cpu": "800us", "deadline": "1500ms"},
      "auth": {"edge_cache": {"ttl": "60s"}, "data_plane": {"hosts": "auth", "cpu": "100us"}},
      "queue": {"hosts": "queue", "replication": "raft"},
      "processing": {"hosts": "worker", "service_time": {"exponential": {"mean": "100ms"}}},
      "usage": {"store": {"hosts": "store"}}
    }
  })");
}

/// Servers that never make anybody wait, reached without any delay: latency is the request's own service
/// time.
Json no_contention() {
  return Json::parse(R"({
    "scenario": "determinism",
    "seed": 7,
    "run": {"warmup": "1s", "duration": "10s"},
    "platform": {"network": "ideal", "hosts": {"api": {"count": 2}, "store": {"count": 1},
                                               "worker": {"count": 4, "cores": 500}}},
    "workload": {"users": 100, "arrivals": {"poisson": "500/s"}},
    "deployment": {
      "load_balancer": {"policy": "random"},
      "processing": {"hosts": "worker", "service_time": {"lognormal": {"mean": "100ms", "scv": 2}}}
    }
  })");
}

std::string summary(const Json& scenario, const std::vector<std::string>& options = {}) {
  const report::TemporaryFolder folder;
  const fs::path file = folder.path() / "scenario.yaml";
  std::ofstream(file) << scenario.dump(1);
  return summary(kExecutable, file, options);
}

/// The metrics of a summary whose names begin with one of `prefixes`.
Json metrics(const std::string& summary_text, const std::vector<std::string>& prefixes) {
  const Json all = Json::parse(summary_text).at("metrics");
  Json chosen;
  for (const auto& [name, value] : all.items())
    for (const std::string& prefix : prefixes)
      if (name.starts_with(prefix)) chosen[name] = value;
  REQUIRE_FALSE(chosen.empty());
  return chosen;
}

Json reversed(const Json& node) {
  if (node.is_array()) {
    Json list = Json::array();
    for (const Json& element : node) list.push_back(reversed(element));
    return list;
  }
  if (!node.is_object()) return node;
  Json map = Json::object();
  for (auto it = node.rbegin(); it != node.rend(); ++it) map[it.key()] = reversed(it.value());
  return map;
}

const std::vector<std::string> kWhatClientsSee = {"requests.", "outcome.", "latency.",
                                                  "yield",     "harvest",  "throughput_rps"};

}  // namespace

TEST_CASE("every shipped scenario gives the same bytes twice, with one job or two, and from its own dump") {
  for (const fs::path& scenario : shipped()) {
    INFO(scenario);
    const std::vector<std::string> cut = shortened(scenario);
    const ProductRun first(kExecutable, scenario, cut + std::vector<std::string>{"--jobs", "1"});
    REQUIRE(first.status() == 0);
    const std::string bytes = first.text("summary.json");
    REQUIRE_FALSE(bytes.empty());
    CHECK(summary(kExecutable, scenario, cut + std::vector<std::string>{"--jobs", "2"}) == bytes);
    const ProductRun again(kExecutable, first.path("scenario.yaml"), {});
    REQUIRE(again.status() == 0);
    CHECK(again.text("summary.json") == bytes);
    CHECK(again.text("scenario.yaml") == first.text("scenario.yaml"));
    for (const char* file : {"latency.csv", "timeseries.csv", "journal.jsonl"})
      CHECK(again.text(file) == first.text(file));
  }
}

// Set HEADROOM_OTHER_EXECUTABLE to the executable of another build type.
TEST_CASE("every shipped scenario gives the same bytes in another build") {
  const char* other = std::getenv("HEADROOM_OTHER_EXECUTABLE");
  if (other == nullptr) {
    WARN("HEADROOM_OTHER_EXECUTABLE is not set: nothing to compare with");
    return;
  }
  for (const fs::path& scenario : shipped()) {
    INFO(scenario);
    const std::vector<std::string> cut = shortened(scenario);
    CHECK(summary(other, scenario, cut) == summary(kExecutable, scenario, cut));
  }
}

TEST_CASE("another seed gives other requests") {
  CHECK(summary(no_contention()) != summary(no_contention(), {"--seed", "8"}));
}

TEST_CASE("the order of keys means nothing") {
  CHECK(summary(reversed(region())) == summary(region()));
}

TEST_CASE("hosts that nothing runs on change nothing") {
  const std::string before = summary(region());
  // Names that sort before, between and after the others.
  for (const char* name : {"aardvark", "lodger", "zebra"}) {
    Json scenario = region();
    scenario["platform"]["hosts"][name] = {{"count", 5}, {"cores", 2}};
    INFO(name);
    CHECK(Json::parse(summary(scenario)).at("metrics") == Json::parse(before).at("metrics"));
  }
}

TEST_CASE("a component that costs nothing changes no stream of the others") {
  const std::string before = summary(no_contention());
  Json with_auth = no_contention();
  with_auth["deployment"]["auth"] = {{"edge_cache", {{"ttl", "1s"}}}};
  CHECK(metrics(summary(with_auth), kWhatClientsSee) == metrics(before, kWhatClientsSee));
  Json with_more = with_auth;
  with_more["deployment"]["api"] = {{"hosts", "api"}};
  with_more["deployment"]["usage"] = {{"store", {{"hosts", "store"}}}};
  CHECK(metrics(summary(with_more), kWhatClientsSee) == metrics(before, kWhatClientsSee));
}

TEST_CASE("policy and fleet size change neither the requests nor their service times") {
  const std::string before = summary(no_contention());
  for (const char* policy : {"round_robin", "least_requests", "power_of_two_choices", "consistent_hash"}) {
    Json scenario = no_contention();
    scenario["deployment"]["load_balancer"]["policy"] = policy;
    INFO(policy);
    CHECK(metrics(summary(scenario), kWhatClientsSee) == metrics(before, kWhatClientsSee));
  }
  Json larger = no_contention();
  larger["platform"]["hosts"]["worker"]["count"] = 9;
  CHECK(metrics(summary(larger), kWhatClientsSee) == metrics(before, kWhatClientsSee));
}

}  // namespace headroom::scenarios
