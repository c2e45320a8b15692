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

TEST_CASE("a window in which nobody asks is an error that says when they do") {
  const auto refused = [](const std::string& arrivals,
                          const std::string& run = "run: {warmup: 10s, duration: 60s}\n") {
    return errors(scenario(kWorkers, "arrivals: " + arrivals, run));
  };
  const std::string window = "in the window from 10s to 70s there is no request";
  // Seconds since 1970.
  CHECK(says(refused("{trace: [{at: 1700000000s}, {at: 1700000001s}]}"), "3:22",
             {window, "the first of 2 is at 1700000000s", "not dates"}));
  const std::string warm = refused("{trace: [{at: 1s}, {at: 9s}]}");
  CHECK_THAT(warm, Catch::Contains(window) && Catch::Contains("the first of 2 is at 1s, the last at 9s") &&
                       Catch::Contains("run.warmup"));
  const std::string late = refused("{profile: {points: [{at: 100s, rate: 0/s}, {at: 200s, rate: 5/s}]}}");
  CHECK_THAT(late, Catch::Contains(window) && Catch::Contains("the first comes at 100s"));
  const std::string early = refused("{profile: {points: [{at: 0s, rate: 5/s}, {at: 9s, rate: 0/s}]}}");
  CHECK_THAT(early, Catch::Contains("the first comes at 0s, then the rate is 0"));
  const std::string seldom = refused("{constant: 1/h}");
  CHECK_THAT(seldom, Catch::Contains(window) && Catch::Contains("the first comes at 1h"));
  const Folder folder;
  CHECK_NOTHROW(valid(folder.write("a.yaml", scenario(kWorkers, "arrivals: {trace: [{at: 10s}]}",
                                                      "run: {warmup: 10s, duration: 60s}\n"))));
  // Somebody asks all the same.
  CHECK_NOTHROW(valid(folder.write(
      "b.yaml", scenario(kWorkers, "users: 10, arrivals: {constant: 1/h}",
                         "run: {warmup: 10s, duration: 60s}\nfaults: [{at: 20s, abuse: {rate: 5/s}}]\n"))));
}

TEST_CASE("one bad column is ten errors and a count, in every table") {
  const auto count = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const Folder folder;
  std::string rows = "at_s,image_bytes,user\n";
  for (int i = 0; i < 500; ++i) rows += std::to_string(i) + ",1KB," + (i % 2 == 0 ? "1" : "x") + "\n";
  folder.write("trace.csv", rows);
  std::string values = "value_ms\n";
  for (int i = 0; i < 300; ++i) values += i % 3 == 0 ? "-1\n" : "1\n";
  folder.write("values.csv", values);
  config::Diagnostics diagnostics;
  CHECK_FALSE(load_scenario(
      folder.write("s.yaml", scenario("processing: {hosts: worker, service_time: {empirical: values.csv}}",
                                      "users: 10, arrivals: {trace: trace.csv}")),
      {}, diagnostics));
  const std::string all = diagnostics.text();
  INFO(all);
  CHECK(count(all) == 33);  // two columns and the values
  CHECK_THAT(all, Catch::Contains("trace.csv:501:5: error: 490 more lines are wrong like those above (column "
                                  "image_bytes), the last one here"));
  CHECK_THAT(all, Catch::Contains("trace.csv:501:9: error: 240 more lines are wrong like those above "
                                  "(column user)"));
  CHECK_THAT(all,
             Catch::Contains("values.csv:299:1: error: 90 more lines are wrong like those above (values)"));
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
