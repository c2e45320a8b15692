// results/README.md is the dictionary of result folders: every column of every table, and every key of every
// JSON file, that the commands write stands there.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "sim/report/csv.h"
#include "sim/study/catalogue.h"
#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Names = std::set<std::string>;
using Texts = std::vector<std::string>;

/// What the first cells of the tables say, by heading: "`points.csv` of a sweep".
const std::map<std::string, Names>& dictionary() {
  static const std::map<std::string, Names> all = [] {
    std::map<std::string, Names> found;
    std::istringstream lines(read_file(root() / "results/README.md"));
    std::string heading;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("#")) heading = line.substr(line.find(' ') + 1);
      if (line.starts_with("| `") && heading.starts_with("`"))
        CHECK(found[heading].insert(line.substr(3, line.find('`', 3) - 3)).second);
    }
    return found;
  }();
  return all;
}

/// A name of a metric, or of a column of the time series, as the dictionary has it; also with .mean, .lo,
/// .hi.
std::string generic(const std::string& name, bool series) {
  const auto known = [series](const std::string& it) {
    return series ? metrics::find(study::series_catalogue(), it) != nullptr
                  : study::find_metric(it) != nullptr;
  };
  if (known(name)) return "METRIC";
  for (const std::string part : {".mean", ".lo", ".hi"})
    if (name.ends_with(part) && known(name.substr(0, name.size() - part.size()))) return "METRIC" + part;
  return name;
}

/// The paths of all leaves: `slo[].objective`. What is a name below `metrics`, `values`, `nearest` and
/// `versions` stands for all of them.
void leaves(const Json& j, const std::string& path, Names& found) {
  if (j.is_object() && !j.empty()) {
    const std::string parent = path.substr(path.rfind('.') + 1);
    for (const auto& [key, value] : j.items()) {
      const std::string name = parent == "metrics"                         ? generic(key, false)
                               : parent == "values" || parent == "nearest" ? "PATH"
                               : parent == "versions"                      ? "PROGRAM"
                                                                           : key;
      leaves(value, path.empty() ? name : path + "." + name, found);
    }
  } else if (j.is_array() && !j.empty() && j.front().is_object()) {
    for (const Json& one : j) leaves(one, path + "[]", found);
  } else if (!j.is_object() && !j.is_array()) {
    found.insert(path);
  } else if (j.is_array() && !j.empty()) {
    found.insert(path);
  }  // of what is empty nothing can be told
}

Names keys(const fs::path& file) {
  Names found;
  leaves(Json::parse(read_file(file)), "", found);
  return found;
}

/// Names in `varied` are of what is varied.
Names columns(const fs::path& file, const Names& varied = {}) {
  const auto table = report::parse_csv(read_file(file));
  REQUIRE(std::holds_alternative<report::Csv>(table));
  Names found;
  for (const std::string& name : std::get<report::Csv>(table).header)
    found.insert(varied.contains(name) ? "PATH" : name);
  return found;
}

void check(const std::string& heading, const Names& names) {
  INFO(heading);
  REQUIRE(dictionary().contains(heading));
  CHECK_FALSE(names.empty());
  for (const std::string& name : names) {
    INFO(name);
    const Names& known = dictionary().at(heading);
    CHECK((known.contains(name) || known.contains(generic(name, heading == "`timeseries.csv`"))));
  }
}

constexpr const char* kCores = "platform.hosts.worker.cores";

/// Eight cores for 6.4 cores' worth of work behind a balancer, three hosts of which one can be missed.
const std::string kScenario =
    "scenario: small\n"
    "question: Is all of it documented?\n"
    "platform: {network: ideal, hosts: {worker: {count: 3, cores: 4, price: 1USD/h}}}\n"
    "run: {warmup: 2s, duration: 20s}\n"
    "workload: {arrivals: {poisson: 60/s}, image_bytes: 256KB, deadline: 2s}\n"
    "deployment: {load_balancer: {policy: round_robin}, "
    "processing: {hosts: worker, service_time: {exponential: {mean: 50ms}}}}\n"
    "slo: {yield: 90%, latency.p99_ms: 1000, only: {image_bytes: below 1MB}}\n";

struct Place {
  report::TemporaryFolder folder;
  Place() { write_file(folder.path() / "small.yaml", kScenario); }
  fs::path operator()(const std::string& command, const Texts& more) const {
    Texts all = {command, "small.yaml", "--no-figures", "--out", "out"};
    all.insert(all.end(), more.begin(), more.end());
    const Finished finished = run(all, {folder.path()});
    INFO(finished.err);
    REQUIRE(finished.status == 0);
    return folder.path() / "out";
  }
};

/// Those that every kind of folder has.
void check_common(const fs::path& out, const Names& files) {
  check("`machine.json`", keys(out / "machine.json"));
  Names there;
  for (const auto& entry : fs::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".") && entry.is_regular_file()) there.insert(name);
  }
  Names expected = {"machine.json", "report.html", "scenario.yaml"};
  expected.insert(files.begin(), files.end());
  CHECK(there == expected);  // of a new one the page has to tell
}

}  // namespace

TEST_CASE("every column and key of a run's folder is documented") {
  const Place place;
  const fs::path out =
      place("run", {"--set", "faults=[{at: 5s, for: 5s, crash: {target: host/worker-1, boot: 1s}}]"});
  check_common(out, {"summary.json", "replications.csv", "timeseries.csv", "latency.csv", "journal.jsonl"});
  check("`summary.json`", keys(out / "summary.json"));
  check("`replications.csv`", columns(out / "replications.csv"));
  check("`timeseries.csv`", columns(out / "timeseries.csv"));
  check("`latency.csv`", columns(out / "latency.csv"));
  std::istringstream lines(read_file(out / "journal.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line);
    for (const char* key : {"t_s", "replication", "kind", "subject"}) CHECK(event.contains(key));
    CHECK_THAT(read_file(root() / "results/README.md"),
               Catch::Contains("`" + event["kind"].get<std::string>() + "`"));
  }
}

TEST_CASE("every column and key of the baseline's folder is documented, those of the distributions too") {
  const report::TemporaryFolder folder;
  const Finished finished =
      run({"run", (root() / "scenarios/baseline.yaml").string(), "--no-figures", "--replications", "1",
           "--set", "run.warmup=1s", "--set", "run.duration=2s", "--set", "faults=[]", "--set",
           "deployment.usage.store.probe.rate=100/s", "--out", "out"},
          {folder.path()});
  REQUIRE(finished.status == 0);
  const fs::path out = folder.path() / "out";
  check("`summary.json`", keys(out / "summary.json"));
  check("`replications.csv`", columns(out / "replications.csv"));
  check("`timeseries.csv`", columns(out / "timeseries.csv"));
  check("`latency.csv`", columns(out / "latency.csv"));
  check("`durations.csv`", columns(out / "durations.csv"));
}

TEST_CASE("every column and key of a sweep's folder is documented") {
  const Place place;
  const fs::path out = place("sweep", {"--replications", "1", "--vary", std::string(kCores) + "=4,5",
                                       "--vary", "load={low: {workload.arrivals.poisson: 50/s}, high: {}}"});
  check_common(out, {"sweep.json", "points.csv"});
  check("`sweep.json`", keys(out / "sweep.json"));
  check("`points.csv` of a sweep", columns(out / "points.csv", {kCores, "load"}));
  check("`summary.json`", keys(out / "runs/1/summary.json"));
  check("`replications.csv`", columns(out / "runs/1/replications.csv"));
}

TEST_CASE("every column and key of a plan's folder is documented") {
  const Place place;
  const Texts cores = {"--vary", std::string(kCores) + "=2..4", "--minimize", kCores};
  const auto with = [&](Texts more) {
    more.insert(more.begin(), cores.begin(), cores.end());
    return more;
  };
  fs::path out = place("plan", with({}));
  check_common(out, {"plan.json", "points.csv"});
  check("`plan.json`", keys(out / "plan.json"));
  check("`points.csv` of a plan", columns(out / "points.csv", {kCores}));

  const std::string load = "workload.arrivals.poisson";
  out = place("plan", with({"--uncertain", load + "={uniform: [50/s, 60/s]}", "--worlds", "2"}));
  check_common(out, {"plan.json", "points.csv", "worlds.csv"});
  check("`plan.json`", keys(out / "plan.json"));
  check("`worlds.csv`", columns(out / "worlds.csv", {kCores, load}));

  out = place("plan", with({"--each", load + "=50/s,60/s"}));
  check("`plan.json` of several plans", keys(out / "plan.json"));
  check("`answers.csv`", columns(out / "answers.csv", {kCores, load}));
  check("`plan.json`", keys(out / "plans/1/plan.json"));

  out = place("plan", {"--vary", load + "=60/s..70/s:10/s", "--maximize", load, "--growth", "5%/30d"});
  check("`plan.json`", keys(out / "plan.json"));
}

TEST_CASE("every column and key of the folders of survive and year is documented") {
  const Place place;
  fs::path out = place("survive", {"--pairs", "--for", "5s"});
  check_common(out, {"survive.json", "survive.csv"});
  check("`survive.json`", keys(out / "survive.json"));
  check("`survive.csv`", columns(out / "survive.csv"));

  out = place("year", {"--samples", "100", "--set",
                       "faults=[{mttf: {exponential: {mean: 500h}}, mttr: 10min, crash: {target: "
                       "group/worker, boot: 0s}}]",
                       "--set", "watch=[{group: worker, need: 2}]"});
  check_common(out, {"year.json", "timelines.csv", "strata.csv"});
  check("`year.json`", keys(out / "year.json"));
  check("`timelines.csv`", columns(out / "timelines.csv"));
  check("`strata.csv`", columns(out / "strata.csv"));
}

}  // namespace headroom::cli_test
