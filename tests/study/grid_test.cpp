#include "sim/study/grid.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/study/kept.h"
#include "sim/study/run.h"
#include "tests/study/files.h"

namespace headroom::study {
namespace {

const std::string kSmall =
    "scenario: s\nplatform: {network: ideal, hosts: {worker: {count: 2}}}\n"
    "workload: {arrivals: {poisson: 1/s}}\n"
    "deployment: {processing: {hosts: worker, service_time: {constant: 1ms}}}\n";

Grid grid(const std::string& text, const std::vector<std::string>& varies,
          const std::vector<std::string>& sets = {}) {
  const Folder folder;
  config::Diagnostics diagnostics;
  auto loaded = load_grid(folder.write("s.yaml", text), sets, varies, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(loaded.has_value());
  return std::move(*loaded);
}

std::vector<std::string> names(const Grid& grid) {
  std::vector<std::string> all;
  for (const Grid::Point& point : grid.points) all.push_back(name_of(grid, point));
  return all;
}

std::string refusal(const std::string& text, const std::vector<std::string>& varies) {
  const Folder folder;
  const std::string file = folder.write("s.yaml", text);
  config::Diagnostics diagnostics;
  CHECK_FALSE(load_grid(file, {}, varies, diagnostics).has_value());
  std::string found = diagnostics.text();
  for (auto at = found.find(file); at != std::string::npos; at = found.find(file))
    found.erase(at, file.size() + 1);
  return found;
}

}  // namespace

TEST_CASE("a grid is every combination, the last axis fastest") {
  const Grid two = grid(kSmall, {"platform.hosts.worker.count=2..4:1", "seed=7,8"});
  CHECK(names(two) == std::vector<std::string>{
                          "platform.hosts.worker.count=2, seed=7", "platform.hosts.worker.count=2, seed=8",
                          "platform.hosts.worker.count=3, seed=7", "platform.hosts.worker.count=3, seed=8",
                          "platform.hosts.worker.count=4, seed=7", "platform.hosts.worker.count=4, seed=8"});
  CHECK(two.points[3].scenario.platform.hosts.at("worker").count == 3);
  CHECK(two.points[3].scenario.seed == 8);
  CHECK(two.base.platform.hosts.at("worker").count == 2);
  CHECK_FALSE(two.points[3].scenario.sweep.has_value());
}

TEST_CASE("a --set comes before what is varied") {
  const Grid one = grid(kSmall, {"deployment.processing.service_time.exponential.mean=1ms,2ms"},
                        {"deployment.processing.service_time={exponential: {mean: 9ms}}", "seed=3"});
  CHECK(one.points.size() == 2);
  CHECK(one.points[1].scenario.seed == 3);
  CHECK(resolved_yaml(one.points[1].scenario).find("exponential: {mean: 2ms}") != std::string::npos);
  CHECK(resolved_yaml(one.base).find("exponential: {mean: 9ms}") != std::string::npos);
}

TEST_CASE("a section of the scenario is a grid; --vary takes its place") {
  const std::string text = kSmall + "sweep: {platform.hosts.worker.count: 1..3:1, seed: [1, 2]}\n";
  CHECK(grid(text, {}).points.size() == 6);
  CHECK(names(grid(text, {"seed=5,6,7"})) == std::vector<std::string>{"seed=5", "seed=6", "seed=7"});
}

TEST_CASE("what a sweep is written as gives the same grid again") {
  const Grid first =
      grid(kSmall, {"platform.hosts.worker.count=2..4:1", "workload.arrivals.poisson=1/s,2.50/s"});
  const Grid again = grid(resolved_yaml(first.base), {});
  CHECK(names(again) == names(first));
  for (std::size_t i = 0; i < first.points.size(); ++i)
    CHECK(resolved_yaml(again.points[i].scenario) == resolved_yaml(first.points[i].scenario));
}

TEST_CASE("a named choice is an axis like any other") {
  const std::string text =
      kSmall +
      "sweep:\n"
      "  platform.hosts.worker.count: 2..3\n"
      "  rack: {all up: {}, \"a, b\": {faults: [{at: 1s, crash: {target: host/worker-1}}]}}\n"
      "  worker: {fast: {platform.hosts.worker.speed: 2, seed: 5}}\n";
  const Grid named = grid(text, {});
  CHECK(names(named) == std::vector<std::string>{"platform.hosts.worker.count=2, rack=all up, worker=fast",
                                                 "platform.hosts.worker.count=2, rack=a, b, worker=fast",
                                                 "platform.hosts.worker.count=3, rack=all up, worker=fast",
                                                 "platform.hosts.worker.count=3, rack=a, b, worker=fast"});
  CHECK(named.points[0].scenario.faults.empty());
  CHECK(named.points[3].scenario.faults.size() == 1);
  CHECK(named.points[3].scenario.platform.hosts.at("worker").speed == 2);
  CHECK(named.points[3].scenario.seed == 5);
  // What it is written as gives the same grid again.
  const Grid again = grid(resolved_yaml(named.base), {});
  CHECK(names(again) == names(named));
  for (std::size_t i = 0; i < named.points.size(); ++i)
    CHECK(resolved_yaml(again.points[i].scenario) == resolved_yaml(named.points[i].scenario));
  // On the command line, too.
  CHECK(names(grid(kSmall, {"seed=log:1..4:3", "load={low: {}, high: {workload.arrivals.poisson: 2/s}}"})) ==
        std::vector<std::string>{"seed=1, load=low", "seed=1, load=high", "seed=2, load=low",
                                 "seed=2, load=high", "seed=4, load=low", "seed=4, load=high"});
}

TEST_CASE("what an alternative is called has no part in its results") {
  const auto keys = [](const std::string& name) {
    const Grid g = grid(kSmall + "sweep: {rack: {" + name + ": {seed: 7}}}\n", {});
    return replication_keys(g.points[0].scenario);
  };
  CHECK(keys("a1 down") == keys("\"another, name\""));
}

TEST_CASE("an alternative may bring a host group along, which something must use") {
  const std::string two = kSmall +
                          "sweep: {kind: {small: {}, large: {platform.hosts.big: {count: 5, cores: 64}, "
                          "deployment.processing.hosts: big}}}\n";
  CHECK(grid(two, {}).points[1].scenario.platform.hosts.at("big").count == 5);
  const std::string unused =
      kSmall + "sweep: {kind: {small: {}, large: {platform.hosts.bigg: {count: 5}}}}\n";
  CHECK(says(refusal(unused, {}), "5:56",
             {"this adds a host group \"bigg\", which no component uses, expected worker"}));
}

TEST_CASE("what is wrong with a choice is said at its line") {
  const auto sweep = [](const std::string& section) { return refusal(kSmall + "sweep:\n" + section, {}); };
  CHECK(sweep("  rack:\n    all up: {}\n    down:\n      fautls: []\n      seed: x\n") ==
        "9:15: error: unknown key \"fautls\", expected scenario, question, platform, seed, run, workload, "
        "deployment, faults, watch, slo, sweep or plan; did you mean \"faults\"?\n"
        "10:13: error: expected a whole number, got \"x\"\n");
  // Each at its own line, though they say the same.
  CHECK(sweep("  load: {a: {seed: x}, b: {seed: x}, c: {}}\n") ==
        "6:20: error: expected a whole number, got \"x\"\n6:34: error: expected a whole number, got \"x\"\n");
  CHECK(sweep("  rack: {down: {faults: [{at: 1s, crash: {target: host/wroker-1}}]}, up: {}}\n")
            .find("did you mean \"host/worker-1\"? (where rack=down)\n") != std::string::npos);
  CHECK(
      sweep("  seed: [1, 2]\n  a: {x: {seed: 3}}\n  b: {y: {}, z: {platform.hosts.worker.count: 3}}\n"
            "  c: {u: {platform.hosts.worker: {count: 4}}}\n") ==
      "7:11: error: \"seed\" is set by \"seed\" as well, expected it in one of them\n"
      "9:11: error: this undoes what the choice \"b\" (z) sets, \"platform.hosts.worker.count\", expected it "
      "before that\n");
  CHECK(
      sweep("  a: {x: {platform.hosts.worker.count: 3, platform.hosts.worker: {count: 4}}}\n") ==
      "6:43: error: this undoes what the choice \"a\" (x) sets, \"platform.hosts.worker.count\", expected it "
      "before that\n");
  // Finer afterwards is no contradiction.
  CHECK(
      grid(kSmall +
               "sweep: {a: {x: {platform.hosts.worker: {count: 9}}}, platform.hosts.worker.cores: [2, 3]}\n",
           {})
          .points.size() == 2);
  CHECK(sweep("  a: {x: {sweep.seed: 1}}\n") ==
        "6:11: error: what is varied cannot be varied itself, expected another path\n");
  for (const char* label : {"settled", "bottleneck.share", "yield.mean", "x.lo"})
    CHECK(sweep(std::string("  ") + label + ": {a: {}}\n") ==
          "6:3: error: \"" + std::string(label) +
              "\" is the name of a column of points.csv, expected another name\n");
  std::string many;
  for (int i = 0; i < 101; ++i) many += "a" + std::to_string(i) + ": {seed: " + std::to_string(i) + "}, ";
  CHECK(sweep("  platform.hosts.worker.count: 1..100\n  c: {" + many + "}\n") ==
        "7:3: error: this makes more than 10000 points, expected fewer values\n");
}

TEST_CASE("a run does not look at the sweep") {
  const Folder folder;
  const ScenarioConfig plain = valid(folder.write("a.yaml", kSmall + "run: {duration: 1s}\n"));
  const ScenarioConfig varied =
      valid(folder.write("b.yaml", kSmall + "run: {duration: 1s}\nsweep: {seed: [1, 2]}\n"));
  CHECK(assemble(plain, {{}}, {1}).fingerprint == assemble(varied, {{}}, {1}).fingerprint);
}

TEST_CASE("all points are checked before anything runs; an impossible one names itself") {
  CHECK(says(refusal(kSmall, {"platform.hosts.worker.count=1,0,-3"}),
             "--vary platform.hosts.worker.count:1:3", {"\"0\" is out of range"}));
  CHECK(says(refusal(kSmall, {"platform.hosts.worker.count=0..2:1"}),
             "--vary platform.hosts.worker.count:1:1", {"(where platform.hosts.worker.count=0)"}));
  CHECK(says(refusal(kSmall, {"deployment.processing.discipline=fifo,processor_sharing",
                              "deployment.processing.max_waiting=null,3,4"}),
             "--vary deployment.processing.max_waiting:1:6",
             {"share the cores", "(at deployment.processing.discipline=processor_sharing, ",
              "max_waiting=3, and 1 more"}));
  // Once, and without a point, if all have it.
  const std::string all = refusal(kSmall, {"platform.hosts.worker.color=1,2"});
  CHECK(std::count(all.begin(), all.end(), '\n') == 1);
  CHECK(says(all, "--vary platform.hosts.worker.color:1:1", {"unknown key \"color\""}));
}

TEST_CASE("what is varied must be there, once") {
  CHECK(says(refusal(kSmall, {"platform.hosts.wroker.count=1,2"}), "--vary platform.hosts.wroker.count:1:1",
             {"this adds a host group \"wroker\", which no component uses", "did you mean \"worker\"?"}));
  CHECK(says(refusal(kSmall, {"seed=1,2", "seed=3"}), "--vary seed:1:1", {"varied twice"}));
  CHECK(says(refusal(kSmall, {"sweep.seed=1,2"}), "--vary sweep.seed:1:1", {"cannot be varied itself"}));
  CHECK(says(refusal(kSmall, {"seed=1..5000:1", "run.replications=1,2,3"}), "--vary run.replications:1:1",
             {"more than 10000 points"}));
  CHECK(refusal(kSmall, {}).find("no `sweep:` section and no --vary") != std::string::npos);
  CHECK(says(refusal(kSmall + "sweep: {}\n", {}), "5:8", {"expected a map from paths"}));
  CHECK(says(refusal(kSmall + "sweep: {seed: 1.5..3}\n", {}), "5:15", {"has no step"}));
  CHECK(says(refusal(kSmall + "sweep: {sead: [1, 2]}\n", {}), "5:16",
             {"unknown key \"sead\"", "did you mean \"seed\"?"}));
  CHECK(says(refusal(kSmall + "sweep: {seed: [1, x]}\n", {}), "5:19", {"got \"x\""}));
}

}  // namespace headroom::study
