#include "sim/study/work.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "tests/report/temporary_folder.h"
#include "tests/study/files.h"

namespace headroom::study {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using nlohmann::ordered_json;

const std::string kSmall =
    "scenario: s\nplatform: {network: ideal, hosts: {worker: {count: 2}}}\n"
    "workload: {arrivals: {poisson: 1/s}}\n"
    "deployment: {processing: {hosts: worker, service_time: {constant: 1ms}}}\nrun: {replications: 3}\n"
    "sweep: {seed: [1, 2]}\n";

/// Two scenarios, with three replications each.
struct Written {
  Folder sources;
  report::TemporaryFolder folder;
  std::vector<ScenarioConfig> scenarios;
  std::vector<Wanted> wanted;
  fs::path file;

  Written() {
    const std::string source = sources.write("s.yaml", kSmall);
    scenarios = {valid(source), valid(source, {"seed=7", "workload.arrivals.poisson=0.1/s"})};
    const Keeps keeps[] = {Keeps::numbers, Keeps::course};
    for (std::size_t s = 0; s < scenarios.size(); ++s) {
      const auto keys = replication_keys(scenarios[s], keeps[s]);
      for (std::size_t r = 0; r < keys.size(); ++r)
        wanted.push_back({&scenarios[s], static_cast<int>(r), keys[r],
                          "replication " + std::to_string(r + 1) + " of " + std::to_string(s), keeps[s]});
    }
    std::vector<const Wanted*> pointers;
    for (const Wanted& one : wanted) pointers.push_back(&one);
    auto put = put_work(folder.path(), pointers);
    if (const auto* problem = std::get_if<report::Problem>(&put)) FAIL(problem->message);
    file = std::get<fs::path>(put);
  }
  void change(const std::function<void(ordered_json&)>& how) const {
    const auto text = report::read_file(file);
    auto j = ordered_json::parse(std::get<std::string>(text));
    how(j);
    REQUIRE_FALSE(report::write_file(file, j.dump()));
  }
  std::string problem(Shard shard = {}) const {
    const auto read = read_work(file, shard);
    const auto* problem = std::get_if<report::Problem>(&read);
    return problem != nullptr ? problem->message : "";
  }
};

}  // namespace

TEST_CASE("work that is written down is the same when it is read elsewhere") {
  const Written written;
  const auto read = read_work(written.file, Shard{2, 2});
  const auto* work = std::get_if<Work>(&read);
  REQUIRE(work != nullptr);
  REQUIRE(work->replications.size() == written.wanted.size());
  for (std::size_t n = 0; n < written.wanted.size(); ++n) {
    const Wanted& one = work->replications[n];
    CHECK(one.name == written.wanted[n].name);
    CHECK(one.key == written.wanted[n].key);
    CHECK(one.number == written.wanted[n].number);
    CHECK(one.keeps == written.wanted[n].keeps);
    // What others compute need not be read.
    CHECK((one.scenario != nullptr) == (n % 2 == 1));
    if (one.scenario == nullptr) continue;
    const auto keys = replication_keys(*one.scenario, one.keeps);
    CHECK(keys.at(static_cast<std::size_t>(one.number)) == written.wanted[n].key);
    CHECK(one.scenario->seed == written.wanted[n].scenario->seed);
  }
}

TEST_CASE("work that is damaged, changed, or another program's is refused") {
  const Written written;
  REQUIRE(written.problem() == "");
  SECTION("another program's") {
    written.change([](ordered_json& j) {
      j["version"] = "0.0.1";
      j["program"] = std::string(40, '0');
    });
    CHECK_THAT(written.problem(),
               Catch::StartsWith("this is another program (headroom ") &&
                   Contains(") than the one that wants the work (headroom 0.0.1), expected "
                            "the same executable on every node"));
  }
  SECTION("a scenario that was changed") {
    const std::string name = std::get<Work>(read_work(written.file, {})).scenarios.begin()->first;
    const fs::path scenario = written.folder.path() / name;
    const auto text = std::get<std::string>(report::read_file(scenario));
    const std::size_t at = text.find("seed: ");
    REQUIRE(at != std::string::npos);
    REQUIRE_FALSE(report::write_file(scenario, text.substr(0, at) + "seed: 9" + text.substr(at + 6)));
    CHECK_THAT(written.problem(), Contains(" is not what it was when it was written"));
  }
  SECTION("a scenario that is not valid") {
    const std::string name = std::get<Work>(read_work(written.file, {})).scenarios.begin()->first;
    REQUIRE_FALSE(report::write_file(written.folder.path() / name, "scenario: s\n"));
    CHECK_THAT(written.problem(), Contains("it is not valid any more:") && Contains(": error: "));
  }
  SECTION("a number beyond what the scenario has") {
    written.change([](ordered_json& j) { j["replications"][0]["number"] = 3; });
    CHECK_THAT(written.problem(), Contains(" is not what it was when it was written"));
  }
  SECTION("something missing") {
    written.change([](ordered_json& j) { j["replications"][0].erase("key"); });
    CHECK_THAT(written.problem(), Catch::StartsWith("the work in ") && Contains("cannot be read: "));
  }
  SECTION("no JSON") {
    REQUIRE_FALSE(report::write_file(written.file, "{"));
    CHECK_THAT(written.problem(), Catch::StartsWith("the work in ") && Contains("cannot be read: "));
  }
}

TEST_CASE("what parts took is added up: processor time, the longest, the largest") {
  const report::TemporaryFolder folder;
  report::Effort one, other;
  one.cpu_s = 3;
  one.wall_clock_s = 5;
  one.peak_memory_mib = 7;
  other.cpu_s = 4;
  other.wall_clock_s = 2;
  other.peak_memory_mib = 9;
  REQUIRE_FALSE(put_effort(folder.path(), {1, 3}, one));
  REQUIRE_FALSE(put_effort(folder.path(), {2, 3}, other));
  REQUIRE_FALSE(report::write_file(folder.path() / "effort-3.json", "torn"));
  const report::Effort all = effort_of_parts(folder.path());
  CHECK(all.cpu_s == 7);
  CHECK(all.wall_clock_s == 5);
  CHECK(all.peak_memory_mib == 9);
}

}  // namespace headroom::study
