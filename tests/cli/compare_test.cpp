#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Catch::StartsWith;
using Texts = std::vector<std::string>;

struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  Place() {
    write_file(folder.path() / "small.yaml", small_scenario("run: {duration: 20s, replications: 4}\n"));
  }
  void make(const std::string& out, const Texts& more = {}) const {
    Texts arguments = {"run", "small.yaml", "--no-figures", "--out", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    REQUIRE(run(arguments, here).status == 0);
  }
  void sweep(const std::string& out, const Texts& more = {}) const {
    Texts arguments = {"sweep", "small.yaml", "--no-figures", "--out", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    REQUIRE(run(arguments, here).status == 0);
  }
  Finished compare(const std::string& a, const std::string& b, const Texts& more = {}) const {
    Texts arguments = {"compare", a, b};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished finished = run(arguments, here);
    if (finished.status == 0) CHECK(finished.err == "");
    return finished;
  }
};

}  // namespace

TEST_CASE("two results are compared replication by replication") {
  const Place place;
  place.make("eight");
  place.make("seven", {"--set", "platform.hosts.worker.cores=7", "--set", "slo.latency.p99_ms=480"});
  const Finished finished = place.compare("eight", "seven");
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out,
             StartsWith("B has platform.hosts.worker.cores: 8 → 7\n"
                        "B has slo.latency.p99_ms: (absent) → 480\n"
                        "A  eight  small · seed 1 · 4 × 20 s\nB  seven  small · seed 1 · 4 × 20 s\n"));
  CHECK_THAT(finished.out, Contains("yield") && Contains("the same") && Contains("worse"));
  CHECK_THAT(finished.out, Contains("Student-t over 4 pairs: one seed"));
  CHECK_THAT(finished.out, Contains("headline metric"));
  // The same requests: their number is the same in every replication.
  const std::string all = place.compare("eight", "seven", {"--all"}).out;
  CHECK_THAT(all, Contains("requests.offered") && !Contains("--all shows them"));
}

TEST_CASE("a result compared with itself is the same") {
  const Place place;
  place.make("a");
  const Finished finished = place.compare("a", "a");
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out,
             StartsWith("the scenarios are the same\n") && !Contains("worse") && !Contains("better"));
}

TEST_CASE("other seeds, single runs, and metrics of one side only") {
  const Place place;
  place.make("a");
  place.make("b", {"--seed", "2", "--set", "workload.probe=1s"});
  const std::string other = place.compare("a", "b").out;
  CHECK_THAT(other,
             Contains("Welch's t over 4 and 4 independent replications") && Contains("only in B   uptime"));
  place.make("one", {"--replications", "1"});
  CHECK_THAT(place.compare("one", "a").out, Contains("--replications 5"));
  fs::remove(place.folder.path() / "a/replications.csv");
  CHECK(place.compare("a", "b").status == 0);
}

TEST_CASE("two sweeps are compared point by point") {
  const Place place;
  place.sweep("a", {"--vary", "platform.hosts.worker.cores=7,8,9"});
  place.sweep("b",
              {"--vary", "platform.hosts.worker.cores=8,9,10", "--set", "workload.arrivals.poisson=70/s"});
  const Finished finished = place.compare("a", "b");
  CHECK(finished.status == 0);
  CHECK_THAT(finished.out, StartsWith("B has workload.arrivals.poisson: 64/s → 70/s\nA  a\n"));
  CHECK_THAT(finished.out, Contains("worker.cores 8") && Contains("worker.cores 9") && Contains("B is") &&
                               Contains("only in A   worker.cores 7\n") &&
                               Contains("only in B   worker.cores 10\n"));
  place.sweep("c", {"--vary", "seed=1,2"});
  const Finished others = place.compare("a", "c");
  CHECK(others.status == 2);
  CHECK(others.err ==
        "headroom: error: a varies platform.hosts.worker.cores and c varies seed, expected two sweeps of the "
        "same "
        "things\n");
  place.make("run");
  CHECK_THAT(place.compare("a", "run").err, Contains("expected two runs or two sweeps"));
  // Points are results, too.
  CHECK_THAT(place.compare("a/runs/1", "a/runs/3").out,
             StartsWith("B has platform.hosts.worker.cores: 7 → 9\n"));
}

TEST_CASE("points of two sweeps are the same by their values and names, in whatever order") {
  const Place place;
  const std::string high = "\"high, 2\": {workload.arrivals.poisson: 30/s}";
  place.sweep("a", {"--vary", "platform.hosts.worker.cores=7..8", "--vary", "load={low: {}, " + high + "}",
                    "--set", "workload.arrivals.poisson=20/s", "--set", "slo.latency.p99_ms=100000"});
  place.sweep("b", {"--vary", "load={" + high + ", low: {}}", "--vary", "platform.hosts.worker.cores=8,7",
                    "--set", "workload.arrivals.poisson=20/s", "--set", "slo.latency.p99_ms=1"});
  const std::string same = place.compare("a", "b").out;
  CHECK_THAT(same, Contains("the same    latency.p99_ms, yield, harvest\n"));
  CHECK_THAT(
      same,
      Contains("hold in A   and not in B: worker.cores 7, low; worker.cores 7, high, 2; worker.cores 8, "
               "low; worker.cores 8, high, 2\n"));
  CHECK_THAT(same, !Contains("only in"));
  place.sweep("c", {"--vary", "load={" + high + ", lowest: {workload.arrivals.poisson: 9/s}}", "--vary",
                    "platform.hosts.worker.cores=8,7", "--set", "workload.arrivals.poisson=20/s"});
  const std::string other = place.compare("a", "c").out;
  CHECK_THAT(other, Contains("only in A   worker.cores 7, low; worker.cores 8, low\n") &&
                        Contains("only in B   lowest, worker.cores 8; lowest, worker.cores 7\n"));
}

TEST_CASE("what cannot be compared is said") {
  const Place place;
  place.make("a");
  const Finished nowhere = place.compare("a", "nowhere");
  CHECK(nowhere.status == 2);
  CHECK(nowhere.out == "");
  CHECK(nowhere.err == "headroom: error: nowhere is not a folder; expected a result folder\n");
  write_file(place.folder.path() / "a/replications.csv", "replication,yield\n1,x\n");
  CHECK_THAT(place.compare("a", "a").err, Contains("a/replications.csv: \"x\" is no number"));
  CHECK_THAT(run({"compare", "a"}, place.here).err, Contains("B is required"));
}

}  // namespace headroom::cli_test
