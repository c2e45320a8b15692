#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
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

const std::string kShort =
    small_scenario("run: {duration: 5s, replications: 2}\nslo: {yield: 99%, latency.p99_ms: 800}\n");
/// A replication takes long enough to be caught at it.
const std::string kLong = small_scenario("run: {duration: 5000s, replications: 2}\n");
const Texts kVary = {"--vary", "platform.hosts.worker.cores=7..9:1"};

struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text = kShort) { write_file(folder.path() / "small.yaml", text); }
  static Texts arguments(const Texts& more) {
    Texts all = {"sweep", "small.yaml", "--no-figures"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Finished operator()(Texts more) const {
    more.insert(more.begin(), kVary.begin(), kVary.end());
    return run(arguments(more), here);
  }
  fs::path at(const std::string& name) const { return folder.path() / name; }
  std::string text(const std::string& name) const { return read_file(at(name)); }
  /// All that may not differ between two sweeps of one scenario.
  std::map<std::string, std::string> bytes(const std::string& name) const { return bytes_in(at(name)); }
  Texts lines(const std::string& name) const {
    Texts all;
    std::istringstream in(text(name));
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  /// Replications that are finished and kept beside the result.
  std::size_t unfinished() const {
    std::error_code none;
    std::size_t count = 0;
    for (fs::directory_iterator it(at("results/.small.unfinished"), none), end; !none && it != end;
         it.increment(none))
      count += it->path().filename().string().size() == 40 ? 1 : 0;
    return count;
  }
};

}  // namespace

TEST_CASE("a sweep runs every combination and answers where the objectives hold") {
  const Place place;
  const Finished finished = place({});
  CHECK(finished.status == 0);
  CHECK(finished.err == "");
  CHECK_THAT(finished.out,
             StartsWith("small  seed 1 · 3 points · 2 × 5 s measured at each\nDoes it run?\n") &&
                 Contains("objectives hold ") && Contains("worker.cores") && Contains("results/small"));
  const auto csv = place.lines("results/small/points.csv");
  REQUIRE(csv.size() == 4);
  CHECK_THAT(csv[0], StartsWith("platform.hosts.worker.cores,") && Contains(",yield.mean,yield.lo,yield.hi"));
  CHECK_THAT(csv[1], StartsWith("7,"));
  CHECK_THAT(csv[3], StartsWith("9,"));
  for (const char* file : {"runs/1/summary.json", "runs/2/scenario.yaml", "runs/3/replications.csv",
                           "report.html", "sweep.json", "scenario.yaml", "machine.json"}) {
    INFO(file);
    CHECK(fs::is_regular_file(place.at("results/small") / file));
  }
  CHECK(files_in(place.at("results/small/runs/1")) ==
        Texts{"replications.csv", "scenario.yaml", "summary.json"});
  CHECK(files_in(place.folder.path()).size() ==
        files_in(place.at("results/small")).size() + 3);  // nothing beside it
  const auto summary = nlohmann::json::parse(place.text("results/small/runs/2/summary.json"));
  CHECK(summary["replications"] == 2);
}

TEST_CASE("a point of a sweep is the run of that scenario, byte for byte") {
  const Place place;
  REQUIRE(place({}).status == 0);
  REQUIRE(run({"run", "small.yaml", "--no-figures", "--set", "platform.hosts.worker.cores=7", "--out", "one"},
              place.here)
              .status == 0);
  for (const char* file : {"summary.json", "scenario.yaml", "replications.csv"})
    CHECK(place.text("results/small/runs/1/" + std::string(file)) == place.text("one/" + std::string(file)));
}

TEST_CASE("any number of jobs gives the same bytes, and so does the sweep's own scenario") {
  const Place place;
  REQUIRE(place({"--jobs", "1", "--out", "one"}).status == 0);
  REQUIRE(place({"--jobs", "3", "--out", "three"}).status == 0);
  CHECK(place.bytes("one") == place.bytes("three"));
  REQUIRE(run({"sweep", "one/scenario.yaml", "--no-figures", "--out", "again"}, place.here).status == 0);
  CHECK(place.bytes("again") == place.bytes("one"));
}

TEST_CASE("a scenario may say what is to be swept; run and check know") {
  const Place place(kShort + "sweep: {platform.hosts.worker.cores: 7..9:1, seed: [1, 2]}\n");
  const Finished swept = run(Place::arguments({}), place.here);
  CHECK(swept.status == 0);
  CHECK_THAT(swept.out, Contains("6 points"));
  CHECK(place.lines("results/small/points.csv").size() == 7);
  CHECK_THAT(run({"check", "small.yaml"}, place.here).out,
             Contains("\n  sweep        6 points: platform.hosts.worker.cores (7, 8, 9) × seed (1, 2)\n"));
  const Place plain;
  REQUIRE(run({"run", "small.yaml", "--no-figures", "--out", "a"}, place.here).status == 0);
  REQUIRE(run({"run", "small.yaml", "--no-figures", "--out", "a"}, plain.here).status == 0);
  CHECK(place.text("a/summary.json") == plain.text("a/summary.json"));
}

TEST_CASE("alternatives with names: the table and points.csv carry them, a renamed one is not run again") {
  const auto scenario = [](const std::string& name) {
    return kShort + "sweep:\n  platform.hosts.worker.cores: 7..8\n  load: {as it is: {}, " + name +
           ": {workload.arrivals.poisson: 30/s, seed: 2}}\n";
  };
  const Place place(scenario("\"half, \\\"50 %\\\" / less\""));
  const Finished swept = run(Place::arguments({}), place.here);
  CHECK(swept.err == "");
  REQUIRE(swept.status == 0);
  CHECK_THAT(swept.out, Contains("  worker.cores") && Contains("  half, \"50 %\" / less  "));
  const auto csv = place.lines("results/small/points.csv");
  REQUIRE(csv.size() == 5);
  CHECK_THAT(csv[0], StartsWith("platform.hosts.worker.cores,load,"));
  CHECK_THAT(csv[1], StartsWith("7,as it is,"));
  CHECK_THAT(csv[2], StartsWith("7,\"half, \"\"50 %\"\" / less\","));
  CHECK(fs::is_directory(place.at("results/small/runs/4")));
  const auto sweep = nlohmann::json::parse(place.text("results/small/sweep.json"));
  CHECK(sweep["vary"][0]["path"] == "platform.hosts.worker.cores");
  CHECK(sweep["vary"][1]["choice"] == "load");
  CHECK(sweep["vary"][1]["values"][1] == "half, \"50 %\" / less");
  CHECK_THAT(
      run({"check", "small.yaml"}, place.here).out,
      Contains("4 points: platform.hosts.worker.cores (7, 8) × load (as it is, half, \"50 %\" / less)\n"));
  write_file(place.at("small.yaml"), scenario("light"));
  const Finished renamed = run(Place::arguments({}), place.here);
  CHECK_THAT(renamed.out, Contains("  light  ") && Contains("8 of 8 replications were there already\n"));
  CHECK_THAT(place.lines("results/small/points.csv")[2], StartsWith("7,light,"));
  // The folder's own scenario is the same sweep; so is --vary in the same words.
  REQUIRE(
      run({"sweep", "results/small/scenario.yaml", "--no-figures", "--out", "again"}, place.here).status ==
      0);
  CHECK(place.bytes("again") == place.bytes("results/small"));
  REQUIRE(run(Place::arguments({"--out", "line", "--vary", "platform.hosts.worker.cores=7..8", "--vary",
                                "load={as it is: {}, light: {workload.arrivals.poisson: 30/s, seed: 2}}"}),
              place.here)
              .status == 0);
  CHECK(place.text("line/points.csv") == place.text("results/small/points.csv"));
}

TEST_CASE("kill -9 loses what is in progress and nothing else") {
  const Place place(kLong);
  {
    Program program(Place::arguments({kVary[0], kVary[1], "--jobs", "1"}), place.here);
    REQUIRE(wait_for([&] { return place.unfinished() >= 2; }));
    REQUIRE(kill(program.pid(), SIGKILL) == 0);
    CHECK(program.wait().status == -1);
  }
  CHECK_FALSE(fs::exists(place.at("results/small")));
  const std::size_t kept = place.unfinished();
  const Finished again = place({});
  CHECK(again.status == 0);
  CHECK(again.err == "");
  CHECK_THAT(again.out,
             Contains("kept         " + std::to_string(kept) + " of 6 replications were there already\n"));
  CHECK_FALSE(fs::exists(place.at("results/.small.unfinished")));
  // As if nothing had happened.
  CHECK(place({"--out", "other"}).status == 0);
  CHECK(place.bytes("results/small") == place.bytes("other"));
}

TEST_CASE("a changed sweep computes only what changed", "[slow]") {
  const Place place;
  REQUIRE(place({}).status == 0);
  CHECK_THAT(place({}).out, Contains("kept         6 of 6 replications"));
  CHECK_THAT(place({"--vary", "seed=1,2"}).out, Contains("kept         6 of 12 replications"));
  CHECK_THAT(place({"--replications", "3"}).out, Contains("kept         6 of 9 replications"));
  CHECK_THAT(place({"--set", "slo.yield=50%"}).out, Contains("kept         6 of 6 replications"));
  CHECK_THAT(place({"--set", "run.duration=4s"}).out, !Contains("kept "));
  // What is damaged is computed again.
  REQUIRE(place({}).status == 0);
  const auto before = place.bytes("results/small");
  for (const auto& [name, text] : before)
    if (name.starts_with(".replications/")) {
      write_file(place.at("results/small") / name, text.substr(0, text.size() / 2));
      break;
    }
  CHECK_THAT(place({}).out, Contains("kept         5 of 6 replications"));
  CHECK(place.bytes("results/small") == before);
}

TEST_CASE("Ctrl-C keeps the points that are complete and says so") {
  const Place place(kLong);
  Program program(Place::arguments({kVary[0], kVary[1], "--jobs", "1"}), place.here);
  REQUIRE(wait_for([&] { return place.unfinished() >= 2; }));  // a point is complete
  REQUIRE(kill(-program.pid(), SIGINT) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(std::regex_match(finished.err,
                         std::regex("headroom: interrupted: the result has [12] of 3 points and is marked "
                                    "as partial; the same command goes on from there\n")));
  CHECK_THAT(finished.out, Contains("PARTIAL"));
  CHECK(nlohmann::json::parse(place.text("results/small/sweep.json"))["partial"] == true);
  CHECK_FALSE(fs::exists(place.at("results/.small.unfinished")));
  const Finished again = place({});
  CHECK(again.status == 0);
  CHECK_THAT(again.out, Contains(" of 6 replications were there already"));
  CHECK_FALSE(nlohmann::json::parse(place.text("results/small/sweep.json")).contains("partial"));
}

TEST_CASE("a sweep that is stopped at once leaves nothing") {
  const Place place(small_scenario("run: {duration: 1000000s}\n"));
  Program program(Place::arguments(kVary), place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  REQUIRE(kill(program.pid(), SIGTERM) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(finished.err == "headroom: interrupted before any point was complete; no result was written\n");
  CHECK(files_in(place.folder.path()) == Texts{"results", "small.yaml"});
}

TEST_CASE("a replication that dies is reported; the other points are kept") {
  const Place place(kLong);
  Program program(Place::arguments({kVary[0], kVary[1], "--jobs", "1"}), place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  REQUIRE(kill(program.children().front(), SIGKILL) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  // On a busy machine there may be a line of progress before.
  CHECK_THAT(finished.err,
             Contains("headroom: error: replication 1 at platform.hosts.worker.cores=7 was killed by "
                      "signal 9 (Killed), as the system does when memory runs out\n"
                      "headroom: incomplete: the result has 2 of 3 points"));
  CHECK(place.lines("results/small/points.csv").size() == 3);
}

TEST_CASE("what cannot be swept is refused before anything runs") {
  const Place place;
  const auto refused = [&](const Texts& more) {
    const Finished finished = run(Place::arguments(more), place.here);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
    CHECK(files_in(place.folder.path()) == Texts{"small.yaml"});
    return finished.err;
  };
  CHECK(refused({}) ==
        "error: small.yaml has no `sweep:` section and no --vary was given, expected one of them, such as "
        "--vary "
        "platform.hosts.worker.count=28..48:2\n");
  CHECK(refused({"--vary", "platform.hosts.worker.cores=8,0,9,-1"}) ==
        "--vary platform.hosts.worker.cores:1:3: error: \"0\" is out of range, expected at least 1 and at "
        "most 4096\n"
        "--vary platform.hosts.worker.cores:1:7: error: \"-1\" is out of range, expected at least 1 and at "
        "most "
        "4096\n");
  CHECK(refused({"--vary", "run.duration=10s,20"}) ==
        "--vary run.duration:1:5: error: \"20\" has no unit, expected a duration such as 50us, 20ms, 5s, "
        "2min, 1h or "
        "30d\n");
  CHECK_THAT(refused({"--vary", "platform.hosts.wroker.cores=1,2"}), Contains("did you mean \"worker\"?"));
  CHECK(refused({"--vary", "load={low: {}, high: {workload.arrivals.poison: 9/s, seed: x}}", "--vary",
                 "seed=1..3"}) ==
        "--vary seed:1:1: error: \"seed\" is set by the choice \"load\" (high) as well, expected it in one "
        "of them\n");
  CHECK(refused({"--vary", "workload.arrivals.poisson=5000/s..20000/s"}) ==
        "--vary workload.arrivals.poisson:1:1: error: \"5000/s..20000/s\" has no step, which only whole "
        "numbers "
        "without a unit may leave out, expected LO..HI:STEP, three numbers of one unit, such as 28..48:2 or "
        "5ms..20ms:5ms\n");
  CHECK_THAT(refused({"--vary", "seed=1,2", "--set", "seed=x"}), StartsWith("--set seed:1:1: error: "));
  fs::create_directory(place.at("photos"));
  write_file(place.at("photos/cat.jpg"), "a cat");
  const Finished foreign = place({"--out", "photos"});
  CHECK(foreign.status == 2);
  CHECK_THAT(foreign.err, StartsWith("headroom: error: photos is not empty and not a headroom result"));
  CHECK(files_in(place.folder.path()) == Texts{"photos", "photos/cat.jpg", "small.yaml"});
}

TEST_CASE("a place that cannot be written is said before anything runs") {
  const Place place(small_scenario("run: {duration: 1000000s}\n"));
  const Finished finished = place({"--out", "/proc/headroom/result"});
  CHECK(finished.status == 2);
  CHECK_THAT(finished.err, StartsWith("headroom: error: cannot write /proc/headroom/result"));
}

TEST_CASE("a full disk is an error; what was there stays, what was finished is kept") {
  const Place place;
  Options options = place.here;
  options.program = "/bin/sh";
  SECTION("a limit on the size of files") {
    REQUIRE(place({"--seed", "5"}).status == 0);
    const auto before = place.bytes("results/small");
    const Finished finished =
        run({"-c",
             "trap '' XFSZ; ulimit -f 4; exec \"$0\" sweep small.yaml --no-figures --vary "
             "platform.hosts.worker.cores=7..9:1",
             HEADROOM_EXECUTABLE},
            options);
    CHECK(finished.status == 4);
    CHECK_THAT(finished.err, StartsWith("headroom: error: cannot write ") && Contains("File too large"));
    CHECK(place.bytes("results/small") == before);
    for (const std::string& file : files_in(place.folder.path())) CHECK_THAT(file, !Contains("incomplete"));
  }
  SECTION("a small file system") {
    // Room for some replications but not for the result.
    const Finished finished =
        run({"-c",
             "exec unshare -m sh -c 'mkdir small && mount -t tmpfs -o size=80k none small || exit 99; "
             "\"$0\" sweep small.yaml --no-figures --out small/result --vary "
             "platform.hosts.worker.cores=1..40:1; "
             "status=$?; ls -A small; exit $status' \"$0\"",
             HEADROOM_EXECUTABLE},
            options);
    if (finished.status == 99 || finished.status == 1 || finished.status == 127) {
      WARN("not tried: no right to mount a small file system here");
    } else {
      CHECK(finished.status == 4);
      CHECK_THAT(finished.err,
                 StartsWith("headroom: error: cannot write ") && Contains("No space left on device") &&
                     Contains(" finished replications are kept in ") &&
                     Contains("/small/.result.unfinished; the same command goes on from there\n"));
      CHECK(finished.out == ".result.unfinished\n");
    }
  }
}

TEST_CASE("fail-on-slo, quiet, and figures") {
  const Place place;
  CHECK(place({"--fail-on-slo", "--set", "slo.latency.p99_ms=100000"}).status == 0);
  const Finished missed = place({"--fail-on-slo", "--set", "slo.latency.p99_ms=1"});
  CHECK(missed.status == 1);
  CHECK_THAT(missed.err,
             Contains("headroom: 3 of 3 points miss an objective: worker.cores 7; worker.cores 8; "
                      "worker.cores 9\n"));
  const Finished quiet = place({"--quiet", "--set", "slo.latency.p99_ms=1"});
  CHECK(quiet.status == 0);
  CHECK(quiet.out + quiet.err == "");
  const Finished plot = run({"plot", "results/small"}, place.here);
  CHECK(plot.status == 0);
  CHECK(plot.out == "figures are in results/small/figures\n");
  CHECK(files_in(place.at("results/small/figures")) ==
        Texts{"latency_p99.png", "latency_p99.svg", "yield_harvest.png", "yield_harvest.svg"});
  CHECK_THAT(place.text("results/small/report.html"), Contains("data:image/svg+xml"));
  const Finished two = run({"plot", "results/small", "results/small"}, place.here);
  CHECK(two.status == 2);
  CHECK_THAT(two.err, Contains("is a sweep, which is drawn alone"));
  write_file(place.at("results/small/sweep.json"), "{}");
  CHECK(run({"plot", "results/small"}, place.here).status == 2);
}

}  // namespace headroom::cli_test
