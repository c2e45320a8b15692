#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Catch::StartsWith;

const std::vector<std::string> kFiles = {"journal.jsonl", "latency.csv",   "machine.json", "replications.csv",
                                         "report.html",   "scenario.yaml", "summary.json", "timeseries.csv"};

/// A folder with a scenario in it, to run in.
struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text = small_scenario()) { write("small.yaml", text); }
  void write(const std::string& name, const std::string& text) const {
    write_file(folder.path() / name, text);
  }
  Finished operator()(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"run", "small.yaml", "--no-figures"});
    return run(arguments, here);
  }
  std::vector<std::string> files(const std::string& name = "") const {
    return files_in(folder.path() / name);
  }
  nlohmann::json summary(const std::string& name) const {
    return nlohmann::json::parse(read_file(folder.path() / name / "summary.json"));
  }
  /// All that may not differ between two runs of one scenario.
  std::map<std::string, std::string> bytes(const std::string& name) const {
    return bytes_in(folder.path() / name);
  }
};

const std::string kImages =
    "scenario: images\nplatform: {hosts: {worker: {count: 1, cores: 8}}}\n"
    "workload: {arrivals: {poisson: 64/s}, image_bytes: {lognormal: {mean: 256KB, p99: 1MB}}}\n"
    "deployment: {processing: {hosts: worker, cost: {conversions_per_core: 10/s}}}\n"
    "run: {duration: 20s}\n";

}  // namespace

TEST_CASE("a result goes to results/<scenario> and replaces the one that is there as a whole") {
  const Place place;
  const Finished first = place({});
  CHECK(first.status == 0);
  CHECK(first.err == "");
  CHECK_THAT(first.out, StartsWith("small  seed 1") && Contains("Does it run?") && Contains("results/small"));
  CHECK(place.files("results/small") == kFiles);
  place.write("results/small/notes.txt", "left by somebody");
  CHECK(place({"--seed", "2"}).status == 0);
  CHECK(place.files("results") == [] {
    std::vector<std::string> all = {"small"};
    for (const std::string& file : kFiles) all.push_back("small/" + file);
    return all;
  }());
  CHECK(place.summary("results/small")["seed"] == 2);
}

TEST_CASE("a folder that is no result, or no folder, is left alone") {
  const Place place;
  fs::create_directory(place.folder.path() / "photos");
  place.write("photos/cat.jpg", "a cat");
  place.write("file", "text");
  const auto before = place.files();
  const Finished finished = place({"--out", "photos"});
  CHECK(finished.status == 2);
  CHECK(finished.out == "");
  CHECK(finished.err ==
        "headroom: error: photos is not empty and not a headroom result, so it is left alone; choose another "
        "--out\n");
  CHECK(place({"--out", "file"}).err ==
        "headroom: error: file exists and is not a folder; choose another --out\n");
  CHECK(place({"--out", "."}).status == 2);
  CHECK(place.files() == before);
  CHECK(read_file(place.folder.path() / "photos/cat.jpg") == "a cat");
}

TEST_CASE("a place that cannot be written is an error that names it") {
  const Place place;
  const Finished finished = place({"--out", "/proc/headroom/result"});
  CHECK(finished.status == 2);
  CHECK_THAT(finished.err, StartsWith("headroom: error: cannot write /proc/headroom/result"));
  CHECK(place.files() == std::vector<std::string>{"small.yaml"});
}

TEST_CASE("a full disk is an error, and leaves what was there") {
  const Place place;
  REQUIRE(place({"--out", "disk/result"}).status == 0);
  const auto before = place.bytes("disk/result");
  SECTION("a limit on the size of files") {
    Options options = place.here;
    options.program = "/bin/sh";
    const Finished finished =
        run({"-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" run small.yaml --no-figures --out disk/result",
             HEADROOM_EXECUTABLE},
            options);
    CHECK(finished.status == 4);
    CHECK_THAT(finished.err, StartsWith("headroom: error: cannot write disk/result/") ||
                                 StartsWith("headroom: error: cannot write /"));
    CHECK_THAT(finished.err, Contains("File too large"));
    CHECK(place.bytes("disk/result") == before);
    CHECK(place.files("disk").size() == before.size() + 2);  // the folder itself and machine.json: no remains
  }
  SECTION("a small file system") {
    Options options = place.here;
    options.program = "/bin/sh";
    const Finished finished =
        run({"-c",
             "exec unshare -m sh -c 'mkdir small && mount -t tmpfs -o size=16k none small || exit 99; "
             "\"$0\" run small.yaml --no-figures --out small/result; status=$?; ls -A small; exit $status' "
             "\"$0\"",
             HEADROOM_EXECUTABLE},
            options);
    if (finished.status == 99 || finished.status == 1 || finished.status == 127) {
      WARN("not tried: no right to mount a small file system here");
    } else {
      CHECK(finished.status == 4);
      CHECK_THAT(finished.err,
                 StartsWith("headroom: error: cannot write ") && Contains("No space left on device"));
      CHECK(finished.out == "");  // no table, and `ls` finds nothing
    }
  }
}

TEST_CASE("quiet silences output and nothing else") {
  const Place place(small_scenario("run: {duration: 20s}\nslo: {latency.p99_ms: 1}\n"));
  const Finished loud = place({"--out", "loud"});
  const Finished quiet = place({"--out", "quiet", "--quiet"});
  CHECK(loud.out != "");
  CHECK(quiet.out == "");
  CHECK(quiet.err == "");
  CHECK(quiet.status == 0);
  CHECK(place.bytes("quiet") == place.bytes("loud"));
  CHECK(place({"--out", "quiet", "--quiet", "--fail-on-slo"}).status == 1);
}

TEST_CASE("the numbers depend on scenario and seed alone") {
  const Place place(small_scenario("run: {duration: 20s, replications: 3}\n"));
  REQUIRE(place({"--out", "one", "--jobs", "1"}).status == 0);
  REQUIRE(place({"--out", "three", "--jobs", "3"}).status == 0);
  CHECK(place.bytes("one") == place.bytes("three"));
  REQUIRE(run({"run", "one/scenario.yaml", "--out", "again", "--no-figures"}, place.here).status == 0);
  CHECK(place.bytes("again") == place.bytes("one"));
  REQUIRE(place({"--out", "other", "--seed", "2"}).status == 0);
  CHECK(place.summary("other")["metrics"] != place.summary("one")["metrics"]);
}

TEST_CASE("fail-on-slo tells by the exit status whether objectives were met") {
  const Place place;
  CHECK(place({"--fail-on-slo"}).status == 0);  // none was set
  CHECK(place({"--fail-on-slo", "--set", "slo.yield=99%"}).status == 0);
  const Finished missed =
      place({"--fail-on-slo", "--set", "slo.latency.p50_ms=1", "--set", "run.duration=400s"});
  CHECK(missed.status == 1);
  CHECK_THAT(missed.out, Contains("no: latency.p50_ms"));
  CHECK(missed.err == "");
  // 20 s are too short for an interval: the mean decides, and that is said.
  const Finished brief = place({"--fail-on-slo", "--set", "slo.latency.p99_ms=1"});
  CHECK(brief.status == 1);
  CHECK_THAT(brief.out,
             Contains("cannot be told: latency.p99_ms") && Contains("too short    latency.p99_ms"));
  CHECK_THAT(brief.err, Contains("latency.p99_ms <= 1 is missed by the mean, which cannot be told for sure"));
  CHECK(place.files("results/small") == kFiles);
  CHECK(place({"--set", "slo.latency.p50_ms=1"}).status == 0);
}

TEST_CASE("a run goes on replicating until a metric is as precise as was asked for") {
  const Place place;
  const Finished until = place({"--set", "run.until={metric: latency.mean_ms, relative_ci: 5%, at_most: 2h}",
                                "--jobs", "1", "--out", "until"});
  REQUIRE(until.status == 0);
  const auto summary = place.summary("until");
  const auto& mean = summary["metrics"]["latency.mean_ms"];
  const double value = mean["mean"], low = mean["ci95"][0], high = mean["ci95"][1];
  CHECK(std::max(high - value, value - low) <= 0.05 * value);
  CHECK(summary["replications"] > 1);
  CHECK_THAT(until.out, Contains("; latency.mean_ms ± ") && Contains("(5 % was asked for)"));
  // Other jobs, and the resolved scenario: the same.
  REQUIRE(place({"--set", "run.until={metric: latency.mean_ms, relative_ci: 5%, at_most: 2h}", "--jobs", "3",
                 "--out", "three"})
              .status == 0);
  CHECK(place.bytes("three") == place.bytes("until"));
  const Finished again = run({"run", "until/scenario.yaml", "--no-figures", "--out", "again"}, place.here);
  CHECK(place.bytes("again") == place.bytes("until"));
  // The time that it may take ends it; 21 s each.
  const Finished brief = place(
      {"--set", "run.until={metric: latency.mean_ms, relative_ci: 0.1%, at_most: 100s}", "--out", "brief"});
  REQUIRE(brief.status == 0);
  CHECK(place.summary("brief")["replications"] == 4);
  CHECK_THAT(brief.out, Contains("and not reached: run.until.at_most ended it"));
  const Finished wrong = place({"--set", "run.until={metric: latency.maen_ms}"});
  CHECK(wrong.status == 2);
  CHECK_THAT(
      wrong.err,
      Contains("unknown metric \"latency.maen_ms\", expected one that `headroom metrics` lists; did you "
               "mean \"latency.mean_ms\"?"));
  const Finished absent = place({"--set", "run.until={metric: queue.wait_mean_ms}"});
  CHECK_THAT(absent.err, Contains("there will be no such metric: it needs deployment.queue"));
}

TEST_CASE("an objective on some requests says so") {
  const Place place(kImages + "slo: {yield: 99%, latency.p99_ms: 5000, only: {image_bytes: below 1MB}}\n");
  const Finished finished = place({"--out", "result"});
  REQUIRE(finished.status == 0);
  CHECK_THAT(finished.out, Contains("latency.p99_ms of images below 1MB ") && !Contains("only."));
  const auto summary = place.summary("result");
  CHECK(summary["slo"][0] ==
        nlohmann::json({{"objective", "yield >= 0.99"}, {"value", 1.0}, {"met", true}, {"sure", true}}));
  CHECK(summary["slo"][1]["objective"] == "latency.p99_ms <= 5000");
  CHECK(summary["slo"][1]["of"] == "images below 1MB");
  CHECK(summary["slo"][1]["value"] == summary["metrics"]["only.latency.p99_ms"]["mean"]);
  CHECK(summary["slo"][1]["value"] < summary["metrics"]["latency.p99_ms"]["mean"]);
  CHECK_THAT(read_file(place.folder.path() / "result/report.html"),
             Contains("latency.p99_ms &lt;= 5000 (images below 1MB)"));
}

TEST_CASE("without gnuplot the result stays, without figures") {
  Place place;
  place.here.environment = {"PATH=/nowhere"};
  const Finished finished = run({"run", "small.yaml"}, place.here);
  CHECK(finished.status == 0);
  CHECK_THAT(finished.err, StartsWith("headroom: warning: no figures: gnuplot was not found: install it"));
  CHECK_THAT(finished.out, StartsWith("small  seed 1"));
  CHECK(place.files("results/small") == kFiles);
  const Finished plot = run({"plot", "results/small"}, place.here);
  CHECK(plot.status == 4);
  CHECK_THAT(plot.err, StartsWith("headroom: error: gnuplot was not found: install it"));
  CHECK(place.files("results/small/figures").empty());
}

TEST_CASE("figures are drawn, drawn again, and over each other") {
  const Place place;
  REQUIRE(run({"run", "small.yaml", "--out", "a"}, place.here).err == "");
  REQUIRE(place({"--out", "b"}).status == 0);
  const auto drawn = place.files("a/figures");
  CHECK(drawn.size() > 2);
  const Finished again = run({"plot", "b"}, place.here);
  CHECK(again.status == 0);
  CHECK(again.out == "figures are in b/figures\n");
  CHECK(place.files("b/figures") == drawn);
  const Finished both = run({"plot", "a", "b", "--out", "both"}, place.here);
  CHECK(both.status == 0);
  CHECK(both.out == "figures are in both\n");
  CHECK_FALSE(place.files("both").empty());
  CHECK(run({"plot", "a", "b", "--out", "both"}, place.here).status == 0);  // drawn again
  CHECK(run({"plot", "a", "small.yaml"}, place.here).status == 2);
  const Finished foreign = run({"plot", "a", "b", "--out", "a"}, place.here);
  CHECK(foreign.status == 2);
  CHECK(foreign.err ==
        "headroom: error: a holds more than figures, so it is left alone; choose another --out\n");
}

}  // namespace headroom::cli_test
