#include "sim/study/load.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/study/run.h"
#include "tests/study/files.h"

namespace headroom::study {
namespace {

/// A scenario of one line per part; `deployment` stands on line 4.
std::string scenario(const std::string& deployment, const std::string& workload = "arrivals: {poisson: 1/s}",
                     const std::string& rest = "") {
  return "scenario: s\nplatform: {hosts: {api: {}, worker: {count: 2}}}\nworkload: {" + workload +
         "}\ndeployment: {" + deployment + "}\n" + rest;
}
const std::string kWorkers = "processing: {hosts: worker, service_time: {constant: 1ms}}";

TEST_CASE("host groups must exist") {
  CHECK(says(errors(scenario("processing: {hosts: wroker, service_time: {constant: 1ms}}")), "4:34",
             {"no host group \"wroker\"", "expected api or worker", "did you mean \"worker\"?"}));
  const std::string all = errors(scenario(
      "load_balancer: {hosts: a1}, api: {hosts: b1}, auth: {data_plane: {hosts: c1}}, queue: {hosts: d1}, "
      "processing: {hosts: e1, service_time: {constant: 1ms}}, usage: {store: {hosts: f1}}"));
  for (const char* name : {"a1", "b1", "c1", "d1", "e1", "f1"})
    CHECK(all.find(std::string("no host group \"") + name + "\"") != std::string::npos);
  CHECK(std::count(all.begin(), all.end(), '\n') == 6);
}

TEST_CASE("components must make sense together") {
  CHECK(says(errors(scenario("")), "4:13", {"no component", "processing"}));
  CHECK(says(errors(scenario("load_balancer: {}")), "4:29", {"nothing to balance", "api or processing"}));
  CHECK(says(errors(scenario("load_balancer: {}, queue: {hosts: api}, " + kWorkers)), "4:29",
             {"nothing to balance", "queue"}));
  CHECK(says(errors(scenario("queue: {hosts: api}")), "4:21", {"takes jobs from the queue", "processing"}));
  CHECK(says(errors(scenario("usage: {store: {hosts: api}}, " + kWorkers)), "4:21", {"expected api"}));
  CHECK(says(errors(scenario("usage: {store: {hosts: api}}, api: {hosts: api}")), "4:21",
             {"expected processing"}));
}

TEST_CASE("processing must make sense") {
  const std::string fixed = "processing: {hosts: worker, service_time: {constant: 1ms}, ";
  CHECK(says(errors(scenario("processing: {hosts: worker, cost: {conversions_per_core: 10/s}}")), "4:48",
             {"image", "workload.image_bytes"}));
  CHECK(says(errors(scenario("processing: {hosts: worker, cost: {conversions_per_core: 10/s}}",
                             "arrivals: {poisson: 1/s}, image_bytes: {pareto: {scale: 1KB, shape: 1}}")),
             "3:51", {"mean is infinite"}));
  CHECK(says(errors(scenario(fixed + "discipline: processor_sharing, max_waiting: 3}")), "4:117",
             {"share the cores"}));
  CHECK(says(errors(scenario("queue: {hosts: api}, " + fixed + "max_waiting: 3}")), "4:107", {"queue"}));
  CHECK(says(errors(scenario("queue: {hosts: api}, " + fixed + "discipline: processor_sharing}")), "4:106",
             {"queue", "fifo"}));
}

TEST_CASE("objectives must be of metrics that there will be") {
  const auto refused = [](const std::string& metric, const std::string& missing) {
    const std::string slo = "slo: {" + metric + ": ";
    return says(errors(scenario(kWorkers, "arrivals: {poisson: 1/s}", slo + "0.5}\n")),
                "5:" + std::to_string(slo.size() + 1), {"no such metric", missing});
  };
  CHECK(refused("queue.wait_mean_ms", "queue"));
  CHECK(refused("api.availability", "api"));
  CHECK(refused("auth.hit_ratio", "auth"));
  CHECK(refused("usage.lag_p99_s", "usage"));
  CHECK(refused("lb.utilization", "load_balancer"));
  CHECK(refused("uptime", "workload.probe"));
  CHECK(refused("only.latency.p99_ms", "slo.only"));
  CHECK(refused("cost.usd_per_hour", "price"));
  CHECK(refused("energy.kwh", "watts"));
  const std::string only = errors(
      scenario(kWorkers, "arrivals: {poisson: 1/s}", "slo: {yield: 1, only: {image_bytes: below 1MB}}\n"));
  CHECK(says(only, "5:23", {"latency objectives"}));
  CHECK(says(only, "5:23", {"workload.image_bytes"}));
}

TEST_CASE("a scenario's name names a folder") {
  const std::string rest =
      "\nplatform: {hosts: {worker: {}}}\nworkload: {arrivals: {poisson: 1/s}}\ndeployment: {" + kWorkers +
      "}\n";
  for (const char* bad : {"a/b", "..", ".x", "a b", "\"\""})
    CHECK(says(errors(std::string("scenario: ") + bad + rest), "1:11", {"folder", "digits"}));
  const Folder folder;
  for (const char* good : {"a.b", "A_1-x"})
    CHECK(valid(folder.write("s.yaml", std::string("scenario: ") + good + rest)).scenario == good);
}

TEST_CASE("what --set breaks is said to be broken there") {
  CHECK(says(
      errors(scenario(kWorkers), {"deployment.queue={hosts: api}", "deployment.processing.max_waiting=3"}),
      "--set deployment.processing.max_waiting:1:1", {"queue"}));
}

std::vector<std::string> shipped(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(HEADROOM_SOURCE_DIR "/") + folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("every shipped scenario is valid, asks a question, and survives being resolved") {
  const auto files = shipped("scenarios");
  REQUIRE(files.size() >= 4);
  for (const std::string& file : files) {
    INFO(file);
    const ScenarioConfig s = valid(file);
    CHECK(s.question.has_value());
    CHECK(s.scenario == std::filesystem::path(file).stem());
    const std::string text = resolved_yaml(s);
    const Folder folder;
    const ScenarioConfig again = valid(folder.write("elsewhere/other-name.yaml", text));
    CHECK(resolved_yaml(again) == text);
    CHECK(text.find(".yaml") == std::string::npos);  // platform inlined
    CHECK(text.find(HEADROOM_SOURCE_DIR) == std::string::npos);
    CHECK(fingerprint(resolved_yaml(again)) == fingerprint(text));
  }
}

TEST_CASE("the baseline is valid on every shipped platform that is large enough for it") {
  const auto platforms = shipped("platforms");
  REQUIRE(platforms.size() >= 3);
  for (const std::string& platform : platforms) {
    INFO(platform);
    const std::string name = std::filesystem::path(platform).stem();
    const std::string scenario = name == "small-region" ? "switch-loss" : "baseline";
    const ScenarioConfig s =
        valid(HEADROOM_SOURCE_DIR "/scenarios/" + scenario + ".yaml", {"platform=" + platform});
    CHECK(s.platform.platform == name);
  }
}

TEST_CASE("the fingerprint is of contents, never of paths, and any change shows") {
  const Folder here;
  const Folder there;
  const std::string text = scenario(kWorkers);
  const auto of = [](const ScenarioConfig& s) { return fingerprint(resolved_yaml(s)); };
  const std::string original = of(valid(here.write("a.yaml", text)));
  CHECK(original.size() == 40);
  CHECK(of(valid(there.write("deep/b.yaml", text))) == original);
  // A platform in a file of whatever name is the same platform.
  there.write("p.yaml", "hosts: {api: {}, worker: {count: 2}}\n");
  std::string by_name = text;
  by_name.replace(by_name.find("{hosts: {api"),
                  by_name.find('\n', by_name.find("{hosts: {api")) - by_name.find("{hosts: {api"), "p.yaml");
  CHECK(of(valid(there.write("c.yaml", by_name))) == original);
  // A default that is written out changes nothing, a number does.
  CHECK(of(valid(here.write("a.yaml", text), {"seed=1"})) == original);
  CHECK(of(valid(here.write("a.yaml", text), {"seed=2"})) != original);
  CHECK(of(valid(here.write("a.yaml", text), {"platform.hosts.worker.count=3"})) != original);
}

}  // namespace
}  // namespace headroom::study
