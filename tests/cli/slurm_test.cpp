#include "tests/cli/slurm.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Catch::StartsWith;
using Clock = std::chrono::steady_clock;
using Texts = std::vector<std::string>;

/// Started once, for all tests.
const Slurm& slurm() {
  static const Slurm slurm;
  return slurm;
}

/// Whether there is one; says so, for ctest, if not.
bool there_is_slurm() {
  if (slurm().absent().empty()) return true;
  WARN("skipped: " << slurm().absent());
  return false;
}

/// Six replications: three points, two each.
struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path(), {slurm().environment()}};
  explicit Place(const std::string& duration = "5s") {
    write_file(folder.path() / "small.yaml",
               small_scenario("run: {duration: " + duration + ", replications: 2}\nslo: {yield: 99%}\n"));
  }
  static Texts arguments(const Texts& more) {
    Texts all = {"sweep", "small.yaml", "--no-figures"};
    if (std::find(more.begin(), more.end(), "--vary") == more.end())
      all.insert(all.end(), {"--vary", "platform.hosts.worker.cores=7..9:1"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static Texts on_cluster(Texts more = {}) {
    more.insert(more.begin(), {"--executor", "slurm", "--out", "cluster"});
    return arguments(more);
  }
  fs::path at(const std::string& name) const { return folder.path() / name; }
  std::map<std::string, std::string> bytes(const std::string& name) const { return bytes_in(at(name)); }
  /// The result is what this machine alone makes of it, and nothing is left beside it.
  void is_as_local() const {
    REQUIRE(run(arguments({"--out", "local"}), here).status == 0);
    CHECK(bytes("cluster") == bytes("local"));
    CHECK(read_file(at("cluster/points.csv")).size() > 100);
    CHECK_FALSE(fs::exists(at(".cluster.unfinished")));
  }
  /// Processes of this place that compute the part, or of all parts; children after their parents.
  std::vector<pid_t> workers(const std::string& part = "") const {
    std::vector<pid_t> pids;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      std::string words = read_file(entry.path() / "cmdline");
      std::replace(words.begin(), words.end(), '\0', ' ');
      if (words.find(folder.path().string()) != std::string::npos &&
          words.find(" --shard " + part) != std::string::npos)
        pids.push_back(std::stoi(name));
    }
    std::sort(pids.begin(), pids.end());
    return pids;
  }
};

template <class Condition>
void wait_until(Condition condition) {
  const auto deadline = Clock::now() + std::chrono::seconds(100);
  while (!condition() && Clock::now() < deadline) usleep(5000);
  REQUIRE(condition());
}

/// Long enough for a replication to be caught at it.
const std::string kLong = "20000s";

}  // namespace

TEST_CASE("a job array gives the same bytes as this machine") {
  if (!there_is_slurm()) return;
  const Place place;
  const Finished finished = run(Place::on_cluster(), place.here);
  CHECK(finished.status == 0);
  CHECK(std::regex_match(finished.err, std::regex("headroom: Slurm job [0-9]+: an array of 6 tasks\n")));
  CHECK_THAT(finished.out, StartsWith("small  seed 1 · 3 points") && !Contains("kept "));
  place.is_as_local();
  // What is there already is not sent, and of a changed sweep only what is new.
  const Finished again = run(Place::on_cluster(), place.here);
  CHECK(again.status == 0);
  CHECK(again.err == "");
  CHECK_THAT(again.out, Contains("kept         6 of 6 replications"));
  const Finished wider = run(Place::on_cluster({"--vary", "platform.hosts.worker.cores=7..10:1", "--slurm",
                                                "--comment='two words'"}),
                             place.here);
  CHECK(wider.status == 0);
  CHECK_THAT(wider.err, Contains(": an array of 2 tasks\n"));
  CHECK_THAT(wider.out, Contains("kept         6 of 8 replications"));
  // As many tasks as one likes, with as many cores as one likes.
  const Finished two =
      run(Place::on_cluster({"--jobs", "2", "--slurm", "--cpus-per-task=2", "--seed", "2", "--quiet"}),
          place.here);
  CHECK(two.status == 0);
  CHECK(two.out + two.err == "");
  CHECK(run(Place::arguments({"--seed", "2", "--out", "local"}), place.here).status == 0);
  CHECK(place.bytes("cluster") == place.bytes("local"));
}

TEST_CASE("a plan, a survival study and a year are computed by job arrays, too, with the same bytes") {
  if (!there_is_slurm()) return;
  const Place place;
  Texts command;
  SECTION("a plan: an array for each look at a point") {
    command = {"plan",       "small.yaml",
               "--vary",     "platform.hosts.worker.cores=7..9:1",
               "--minimize", "platform.hosts.worker.cores",
               "--set",      "run.duration=50s"};
  }
  SECTION("a survival study") {
    command = {"survive", "small.yaml",        "--for", "5s",
               "--set",   "run.duration=1min", "--set", "platform.hosts.worker.count=2"};
  }
  SECTION("a year: an array for each round of looks") {
    write_file(
        place.at("small.yaml"),
        small_scenario("run: {duration: 5s}\nslo: {yield: 99%}\nfaults: [{mttf: {exponential: {mean: 500h}}, "
                       "mttr: 10min, crash: {target: group/worker}}]\n"));
    command = {"year", "small.yaml", "--samples", "20"};
  }
  command.push_back("--no-figures");
  const auto to = [&](Texts more) {
    more.insert(more.begin(), command.begin(), command.end());
    return run(more, place.here);
  };
  const Finished local = to({"--out", "local"});
  REQUIRE(local.status == 0);
  const Finished finished = to({"--executor", "slurm", "--out", "cluster"});
  CHECK(finished.status == 0);
  CHECK_THAT(finished.err, StartsWith("headroom: Slurm job ") && Contains(": an array of "));
  CHECK(place.bytes("cluster") == place.bytes("local"));
  CHECK(place.bytes("local").size() > 5);
  CHECK_FALSE(fs::exists(place.at(".cluster.unfinished")));
}

TEST_CASE("a task that is killed in the middle is sent again") {
  if (!there_is_slurm()) return;
  const Place place(kLong);
  Program program(Place::on_cluster(), place.here);
  wait_until([&] { return !place.workers("2/6").empty(); });
  std::string how;
  SECTION("the program") {
    for (const pid_t pid : place.workers("2/6")) kill(pid, SIGKILL);
    how = "was killed by signal 9 \\(Killed\\)";
  }
  SECTION("the whole task, before it can say anything") {
    const std::string stat = read_file("/proc/" + std::to_string(place.workers("2/6").front()) + "/status");
    std::smatch parent;
    REQUIRE(std::regex_search(stat, parent, std::regex("PPid:\t([0-9]+)")));
    kill(std::stoi(parent[1]), SIGKILL);
    for (const pid_t pid : place.workers("2/6")) kill(pid, SIGKILL);
    how = "ended as FAILED \\(.*exit code 0:9\\)";
  }
  const Finished finished = program.wait();
  CHECK(finished.status == 0);
  CHECK(std::regex_match(finished.err, std::regex("headroom: Slurm job [0-9]+: an array of 6 tasks\n"
                                                  "headroom: task [0-9]+_2 " +
                                                  how +
                                                  "; it is sent again\n"
                                                  "headroom: Slurm job [0-9]+: an array of 1 task\n")));
  INFO(finished.err);
  place.is_as_local();
}

TEST_CASE("a task that always dies is reported with its log; the rest is kept") {
  if (!there_is_slurm()) return;
  const Place place(kLong);
  Program program(Place::on_cluster(), place.here);
  // Its children only: it says itself what became of them.
  const auto deadline = Clock::now() + std::chrono::seconds(100);
  std::size_t killed = 0;
  while (killed < 2 && Clock::now() < deadline) {
    const std::vector<pid_t> pids = place.workers("2/6");
    if (pids.size() > 1 && kill(pids.back(), SIGKILL) == 0) {
      ++killed;
      wait_until([&] { return place.workers("2/6").empty(); });
    }
    usleep(2000);
  }
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  INFO(finished.err);
  CHECK_THAT(finished.err,
             Contains("_2 ended with status 4; it is sent again\n") && Contains("an array of 1 task\n"));
  CHECK(std::regex_search(
      finished.err,
      std::regex(
          "headroom: error: task [0-9]+_2 \\(part 2/6\\) ended with status 4, sent for the second time; its "
          "log .*/\\.cluster\\.unfinished/slurm\\.d/[0-9]+_2\\.log ends:\n"
          "  headroom: error: replication 2 at platform\\.hosts\\.worker\\.cores=7 was killed by signal "
          "9 ")));
  CHECK_THAT(finished.err,
             Contains("headroom: incomplete: the result has 2 of 3 points and is marked as partial; the "
                      "same command goes on from there\n"));
  CHECK(slurm().ask({"squeue", "--noheader"}) == "");
  const Finished again = run(Place::on_cluster(), place.here);
  CHECK(again.status == 0);
  CHECK_THAT(again.err, Contains("an array of 1 task\n"));
  place.is_as_local();
}

TEST_CASE("Ctrl-C leaves no job behind") {
  if (!there_is_slurm()) return;
  const Place place("100000000s");
  Program program(Place::on_cluster(), place.here);
  // Four of six run, two wait.
  wait_until([&] { return place.workers().size() >= 8; });
  CHECK(slurm().ask({"squeue", "--noheader"}) != "");
  REQUIRE(kill(-program.pid(), SIGINT) == 0);  // as a terminal does
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK_THAT(finished.err,
             Contains("headroom: interrupted before any point was complete; no result was written\n"));
  CHECK(slurm().ask({"squeue", "--noheader"}) == "");
  CHECK(place.workers().empty());
  CHECK(files_in(place.folder.path()) == Texts{"small.yaml"});
}

TEST_CASE("an array that somebody cancels is not sent again") {
  if (!there_is_slurm()) return;
  const Place place("100000000s");
  Program program(Place::on_cluster(), place.here);
  wait_until([&] { return place.workers().size() >= 8; });
  const std::string jobs = slurm().ask({"squeue", "--noheader", "--format=%F"});
  const std::string job = jobs.substr(0, jobs.find('\n'));
  SECTION("all of it") {
    slurm().ask({"scancel", job});
    const Finished finished = program.wait();
    CHECK(finished.status == 4);
    CHECK(finished.err ==
          "headroom: Slurm job " + job + ": an array of 6 tasks\nheadroom: Slurm job " + job +
              " was cancelled\nheadroom: interrupted before any point was complete; no result was "
              "written\n");
  }
  SECTION("one task of it is") {
    slurm().ask({"scancel", job + "_1"});
    wait_until([&] {
      const std::string now = slurm().ask({"squeue", "--noheader", "--format=%F_%K"});
      return now.find("_1") != std::string::npos && now.find(job + "_1") == std::string::npos;
    });
    REQUIRE(kill(program.pid(), SIGTERM) == 0);
    const Finished finished = program.wait();
    CHECK(finished.status == 4);
    CHECK_THAT(finished.err, Contains("headroom: task " + job + "_1 ended as CANCELLED") &&
                                 Contains("; it is sent again\n"));
  }
  CHECK(slurm().ask({"squeue", "--noheader"}) == "");
}

TEST_CASE("what Slurm refuses is said in its own words; nothing is left") {
  if (!there_is_slurm()) return;
  const Place place;
  const Finished finished = run(Place::on_cluster({"--slurm", "--partition=nowhere"}), place.here);
  CHECK(finished.status == 2);
  CHECK(finished.out == "");
  CHECK_THAT(finished.err, StartsWith("headroom: error: sbatch failed:\n") &&
                               Contains("sbatch: error: invalid partition specified: nowhere\n"));
  CHECK(files_in(place.folder.path()) == Texts{"small.yaml"});
}

}  // namespace headroom::cli_test
