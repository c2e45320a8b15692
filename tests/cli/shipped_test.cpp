// The scenarios that are shipped, run by the executable; shortened, for their numbers are checked elsewhere.
#include <sys/wait.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/config/json.h"
#include "sim/config/reader.h"
#include "sim/report/csv.h"
#include "sim/study/catalogue.h"
#include "tests/cli/program.h"
#include "tests/config/schema_validator.h"
#include "tests/report/temporary_folder.h"
#include "tests/study/reported.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<fs::path> shipped() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(root() / "scenarios"))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

config::Node tree(const std::string& path) {
  config::Diagnostics diagnostics;
  const auto read = config::read_file(path, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(read);
  return *read;
}

json yaml(const std::string& path) {
  return config::to_json(tree(path));
}

/// What asks for more than there is, without any fault.
const std::set<std::string>& overloaded() {
  static const std::set<std::string> names = {"fallacy-2-latency-is-zero", "fallacy-3-bandwidth-is-infinite",
                                              "overload", "renditions"};
  return names;
}

using Sentences = std::vector<std::string>;

std::set<std::string> keys(const json& map) {
  std::set<std::string> names;
  for (const auto& [name, value] : map.items()) names.insert(name);
  return names;
}

std::set<std::string> columns(const fs::path& file) {
  const auto table = report::parse_csv(read_file(file));
  const auto& header = std::get<report::Csv>(table).header;
  return {header.begin(), header.end()};
}

/// The names that `headroom metrics` lists, with its options.
std::set<std::string> catalogue(std::vector<std::string> arguments) {
  std::set<std::string> names;
  arguments.insert(arguments.begin(), "metrics");
  std::istringstream lines(run(arguments).out);
  for (std::string line; std::getline(lines, line);) {
    std::string name, unit, definition;
    std::istringstream(line) >> name >> unit >> definition;
    INFO(line);
    CHECK(definition != "");
    CHECK(names.insert(name).second);
  }
  return names;
}

/// A name in the catalogue stands for all that differ from it where it has <angle brackets>.
bool stands_for(const std::string& documented, const std::string& name) {
  const std::string begin = documented.substr(0, documented.find('<'));
  return begin == documented ? name == documented : name.starts_with(begin);
}

}  // namespace

TEST_CASE("list shows every shipped scenario with its question") {
  const Finished finished = run({"list"}, {root()});
  CHECK(finished.status == 0);
  CHECK(finished.err == "");
  std::istringstream lines(finished.out);
  for (const fs::path& file : shipped()) {
    std::string line;
    REQUIRE(std::getline(lines, line));
    CHECK(line.starts_with("scenarios/" + file.filename().string() + " "));
    CHECK(line.ends_with(yaml(file.string())["question"].get<std::string>()));
    CHECK(line.ends_with("?"));
  }
  CHECK(lines.peek() == std::istringstream::traits_type::eof());
}

TEST_CASE(
    "every shipped scenario is valid, runs without an error, and reports just what is documented for it") {
  const config::test::SchemaValidator language(json::parse(run({"schema"}).out));
  for (const fs::path& file : shipped()) {
    INFO(file.string());
    CHECK(run({"check", file.string()}).status == 0);
    const report::TemporaryFolder folder;
    // What a shortened run cannot have is faults that begin after its end.
    const Finished finished = run({"run", file.string(), "--no-figures", "--set", "faults=[]", "--set",
                                   "run={warmup: 1s, duration: 2s}", "--out", "result"},
                                  {folder.path()});
    CHECK(finished.status == 0);
    // Warnings of ours, nothing of SimGrid's; of the load where too much is asked for on purpose, and only
    // there.
    std::istringstream said(finished.err);
    bool too_much = false;
    for (std::string line; std::getline(said, line);) {
      INFO(line);
      if (line.find("% done") != std::string::npos) continue;  // a machine with better things to do
      const bool of_load = line.find(" needs ") != std::string::npos;
      CHECK((of_load || line.starts_with("headroom: warning: the profile ")));
      too_much = too_much || of_load;
    }
    CHECK(too_much == overloaded().contains(file.stem().string()));
    const json summary = json::parse(read_file(folder.path() / "result/summary.json"));
    const auto resolved = tree((folder.path() / "result/scenario.yaml").string());
    CHECK(study::test::differences(study::catalogue(), keys(summary["metrics"]), resolved) == Sentences());
    CHECK(study::test::differences(study::series_catalogue(),
                                   columns(folder.path() / "result/timeseries.csv"),
                                   resolved) == Sentences());
    for (const auto& invariant : summary["invariants"]) CHECK(invariant["holds"] == true);
    CHECK(language.valid(yaml((folder.path() / "result/scenario.yaml").string())));
  }
}

TEST_CASE(
    "everything that is documented is reported by the baseline with all that a queue can do, and a fault") {
  const report::TemporaryFolder folder;
  REQUIRE(
      run({"run",
           (root() / "scenarios/baseline.yaml").string(),
           "--no-figures",
           "--set",
           "run={warmup: 1s, duration: 2s}",
           "--set",
           "deployment.queue.drop_expired=true",
           "--set",
           "deployment.usage.report.every=1s",
           "--set",
           "deployment.queue.when_full=drop_oldest",
           "--set",
           "deployment.usage.store.probe.rate=100/s",
           "--set",
           "faults=[{at: 1500ms, for: 200ms, crash: {target: host/worker-1, process: true}}, {at: 1500ms, "
           "for: 200ms, abuse: {rate: 10/s}}]",
           "--set",
           "deployment.load_balancer.health_check={}",
           "--set",
           "deployment.load_balancer.outlier_ejection={}",
           "--set",
           "deployment.api.quota_per_user=100/s",
           "--set",
           "deployment.auth.data_plane.retry={}",
           "--set",
           "watch=[{group: worker, need: 36}]",
           "--set",
           "workload.attempt_timeout=1s",
           "--out",
           "result"},
          {folder.path()})
          .status == 0);
  const json summary = json::parse(read_file(folder.path() / "result/summary.json"));
  const auto all_reported = [](const std::set<std::string>& documented, const std::set<std::string>& names) {
    for (const std::string& name : documented) {
      INFO(name);
      CHECK(std::any_of(names.begin(), names.end(),
                        [&](const std::string& reported) { return stands_for(name, reported); }));
    }
  };
  all_reported(catalogue({}), keys(summary["metrics"]));
  all_reported(catalogue({"--series"}), columns(folder.path() / "result/timeseries.csv"));
}

TEST_CASE("too few workers miss the objectives, which the exit status tells") {
  const report::TemporaryFolder folder;
  const Finished finished = run({"run", (root() / "scenarios/overload.yaml").string(), "--no-figures",
                                 "--set", "run={warmup: 1s, duration: 10s}", "--set",
                                 "platform.hosts.worker.count=10", "--fail-on-slo", "--out", "result"},
                                {folder.path()});
  CHECK(finished.status == 1);
  CHECK_THAT(finished.out, Catch::Contains("no: "));
}

TEST_CASE("the capacity check for somebody's CI passes, and fails when the load has outgrown the service") {
  const report::TemporaryFolder folder;
  const auto check = [&](const std::string& options) {
    const std::string command =
        "cd '" + folder.path().string() + "' && HEADROOM='" HEADROOM_EXECUTABLE "' '" +
        (root() / "scenarios/capacity-check").string() + "' --quiet " + options + " > out 2>&1";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  CHECK(check("") == 0);
  CHECK(fs::exists(folder.path() / "results/capacity-check/plan/plan.json"));
  CHECK(check("--set workload.arrivals.poisson=140/s") == 1);
  CHECK(check("--set workload.arrivals.poisson=140") == 2);
}

}  // namespace headroom::cli_test
