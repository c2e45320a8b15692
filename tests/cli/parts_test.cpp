#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <memory>
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
using Texts = std::vector<std::string>;

/// Six replications: three points, two each.
const std::string kShort = small_scenario("run: {duration: 5s, replications: 2}\nslo: {yield: 99%}\n");
/// A replication takes long enough to be caught at it.
const std::string kLong = small_scenario("run: {duration: 5000s, replications: 2}\n");
const std::string kVary = "platform.hosts.worker.cores=7..9:1";

struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text = kShort) { write_file(folder.path() / "small.yaml", text); }
  static Texts arguments(const Texts& more) {
    Texts all = {"sweep", "small.yaml", "--no-figures", "--vary", kVary, "--jobs", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Finished operator()(const Texts& more) const { return run(arguments(more), here); }
  Finished part(const std::string& shard, Texts more = {}) const {
    more.insert(more.end(), {"--shard", shard, "--out", "parts"});
    return (*this)(more);
  }
  Finished merge(Texts more = {}) const {
    more.insert(more.begin(), {"merge", "parts", "--no-figures"});
    return run(more, here);
  }
  fs::path at(const std::string& name) const { return folder.path() / name; }
  fs::path kept() const { return at(".parts.unfinished"); }
  /// All that may not differ between two sweeps of one scenario.
  std::map<std::string, std::string> bytes(const std::string& name) const { return bytes_in(at(name)); }
  /// Replications that are kept beside the result.
  std::size_t unfinished() const {
    std::error_code none;
    std::size_t count = 0;
    for (fs::directory_iterator it(kept(), none), end; !none && it != end; it.increment(none))
      count += it->path().filename().string().size() == 40 ? 1 : 0;
    return count;
  }
};

}  // namespace

TEST_CASE("parts, in any order and at once, make the same bytes as one sweep") {
  const Place place;
  const Finished third = place.part("3/3");
  CHECK(third.status == 0);
  CHECK(third.err == "");
  CHECK(third.out == "part 3/3 is complete: 2 replications of 6\nwhen all parts are: headroom merge parts\n");
  CHECK_FALSE(fs::exists(place.at("parts")));
  CHECK(place.unfinished() == 2);
  {
    // Also the same one twice.
    std::vector<std::unique_ptr<Program>> programs;
    for (const char* shard : {"1/3", "2/3", "1/3"})
      programs.push_back(std::make_unique<Program>(
          Place::arguments({"--shard", shard, "--out", "parts", "--quiet"}), place.here));
    for (const auto& program : programs) {
      const Finished finished = program->wait();
      CHECK(finished.status == 0);
      CHECK(finished.out + finished.err == "");
    }
  }
  CHECK(place.unfinished() == 6);
  const Finished merged = place.merge();
  CHECK(merged.status == 0);
  CHECK(merged.err == "");
  CHECK_THAT(merged.out, StartsWith("small  seed 1 · 3 points") && Contains("  merged       3 parts\n"));
  REQUIRE(place({"--out", "local"}).status == 0);
  CHECK(place.bytes("parts") == place.bytes("local"));
  CHECK_FALSE(fs::exists(place.kept()));
  const auto machine = nlohmann::json::parse(read_file(place.at("parts/machine.json")));
  CHECK(machine["cpu_s"] > 0);  // of the parts, not of merging
  CHECK(machine["peak_memory_mib"] > 0);
  // Again: there is nothing to merge, and that is said.
  const Finished again = place.merge();
  CHECK(again.status == 2);
  CHECK(again.err ==
        "headroom: error: there is nothing to merge for parts, expected parts of a sweep, each run with "
        "`headroom "
        "sweep … --shard I/N --out parts`\n"
        "headroom: parts is a sweep already, and nothing is missing in it\n");
  // What is in the result need not be computed again, by whatever parts.
  CHECK(place.part("1/2").status == 0);
  CHECK(place.unfinished() == 0);
  CHECK(place.part("2/2").status == 0);
  CHECK(place.merge({"--fail-on-slo"}).status == 0);
  CHECK(place.bytes("parts") == place.bytes("local"));
}

TEST_CASE("more parts than replications: some have nothing to do", "[slow]") {
  const Place place;
  for (int part = 1; part <= 8; ++part) CHECK(place.part(std::to_string(part) + "/8").status == 0);
  CHECK(place.merge().status == 0);
  REQUIRE(place({"--out", "local"}).status == 0);
  CHECK(place.bytes("parts") == place.bytes("local"));
}

TEST_CASE("a part that is killed leaves no half results; merge says which part lacks what", "[slow]") {
  const Place place(kLong);
  {
    Program program(Place::arguments({"--shard", "2/2", "--out", "parts"}), place.here);
    REQUIRE(wait_for([&] { return place.unfinished() >= 1; }));
    REQUIRE(kill(program.pid(), SIGKILL) == 0);
    program.wait();
  }
  const std::size_t left = place.unfinished();
  REQUIRE(left >= 1);
  REQUIRE(left < 3);
  Finished merged;
  for (int tries = 0; tries < 100; ++tries) {  // its child may be at work for a moment longer
    merged = place.merge();
    if (merged.status != 4) break;
    usleep(50'000);
  }
  CHECK(merged.status == 2);
  CHECK(merged.out == "");
  CHECK(merged.err ==
        "headroom: error: part 2/2 is not complete: " + std::to_string(left) +
            " of its 3 replications are there\n"
            "headroom: error: part 1/2 has not been run\n"
            "headroom: nothing was written; run what is missing and merge again, or have what there "
            "is with --partial\n");
  CHECK_FALSE(fs::exists(place.at("parts")));
  CHECK(place.unfinished() == left);
  CHECK(place.part("1/2").status == 0);
  const Finished partial = place.merge({"--partial"});
  CHECK(partial.status == 4);
  CHECK_THAT(partial.err,
             Contains("headroom: error: part 2/2 is not complete: ") &&
                 Contains(" of 3 points and is marked as partial; run what is missing and merge again\n"));
  CHECK_THAT(partial.out, Contains("PARTIAL"));
  CHECK(place.part("2/2").status == 0);
  // The first part's replications are in the result by now.
  CHECK(place.merge().status == 0);
  REQUIRE(place({"--out", "local"}).status == 0);
  CHECK(place.bytes("parts") == place.bytes("local"));
}

TEST_CASE("a part that is stopped keeps what it has") {
  const Place place(small_scenario("run: {duration: 1000000s}\n"));
  Program program(Place::arguments({"--shard", "1/2", "--out", "parts"}), place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  REQUIRE(kill(program.pid(), SIGTERM) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(finished.out == "");
  CHECK(finished.err ==
        "headroom: interrupted: part 1/2 has 0 of its 2 replications; the same command goes on from there\n");
}

TEST_CASE("parts of different sweeps, or of another program, are not merged") {
  const Place place;
  REQUIRE(place.part("1/2").status == 0);
  const auto refused = [&] {
    const Finished finished = place.merge();
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
    CHECK_FALSE(fs::exists(place.at("parts")));
    return finished.err;
  };
  SECTION("another seed") {
    REQUIRE(place.part("2/2", {"--seed", "2"}).status == 0);
    const std::string err = refused();
    CHECK_THAT(err, Contains("are of different sweeps: the first says \"seed: ") && Contains("part 1/2") &&
                        Contains("part 2/2") && Contains("part-I-of-N.json"));
    // The wrong one is run again.
    REQUIRE(place.part("2/2").status == 0);
    CHECK(place.merge().status == 0);
  }
  SECTION("other points") {
    REQUIRE(run({"sweep", "small.yaml", "--vary", "platform.hosts.worker.cores=7,8", "--shard", "2/2",
                 "--out", "parts"},
                place.here)
                .status == 0);
    CHECK_THAT(refused(), Contains("are of different sweeps"));
  }
  SECTION("another version") {
    REQUIRE(place.part("2/2").status == 0);
    const fs::path record = place.kept() / "part-2-of-2.json";
    auto j = nlohmann::json::parse(read_file(record));
    j["version"] = "0.0.1";
    j["program"] = std::string(40, '0');
    write_file(record, j.dump());
    CHECK_THAT(
        refused(),
        StartsWith("headroom: error: part 2/2 was computed by headroom 0.0.1, and this is headroom ") &&
            Contains(": run it again with this program, or merge with that one\n"));
  }
  SECTION("another build") {
    const fs::path record = place.kept() / "part-1-of-2.json";
    auto j = nlohmann::json::parse(read_file(record));
    j["program"] = std::string(40, '0');
    write_file(record, j.dump());
    CHECK_THAT(refused(), StartsWith("headroom: error: part 1/2 was computed by another build of headroom "));
  }
  SECTION("a damaged record counts as none") {
    write_file(place.kept() / "part-1-of-2.json", "{");
    CHECK_THAT(refused(), StartsWith("headroom: error: there is nothing to merge for parts"));
  }
}

TEST_CASE("what cannot be merged is refused") {
  const Place place;
  const auto merge = [&](const std::string& folder) {
    const Finished finished = run({"merge", folder}, place.here);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
    return finished.err;
  };
  CHECK_THAT(merge("nothing"),
             StartsWith("headroom: error: there is nothing to merge for nothing, expected parts"));
  CHECK_THAT(merge("small.yaml"), StartsWith("headroom: error: small.yaml exists and is not a folder"));
  fs::create_directory(place.at("photos"));
  write_file(place.at("photos/cat.jpg"), "a cat");
  CHECK_THAT(merge("photos"), StartsWith("headroom: error: photos is not empty and not a headroom result"));
  REQUIRE(run({"run", "small.yaml", "--no-figures", "--out", "one"}, place.here).status == 0);
  CHECK_THAT(merge("one"), StartsWith("headroom: error: there is nothing to merge for one"));
  CHECK(files_in(place.folder.path()).size() == files_in(place.at("one")).size() + 4);
}

TEST_CASE("a wrong part, or a wrong place to compute, is refused before anything runs") {
  const Place place;
  const auto refused = [&](const Texts& more) {
    const Finished finished = place(more);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
    CHECK(files_in(place.folder.path()) == Texts{"small.yaml"});
    return finished.err;
  };
  for (const std::string shard :
       {"0/4", "5/4", "1/0", "a/b", "1", "1/", "/4", "-1/4", "1/4/4", "1/100001", "1.5/2"}) {
    INFO(shard);
    CHECK(refused({"--shard", shard}) ==
          "headroom: error: --shard: expected I/N, such as 2/8: a part from 1 to N, of N parts, at most "
          "100000, got "
          "\"" +
              shard + "\"\n`headroom sweep --help` says more.\n");
  }
  CHECK(refused({"--executor", "slrum"}) ==
        "headroom: error: --executor: unknown executor \"slrum\", expected local or slurm; did you mean "
        "\"slurm\"?\n"
        "`headroom sweep --help` says more.\n");
  CHECK_THAT(refused({"--executor", "foo"}), Contains("unknown executor \"foo\", expected local or slurm\n"));
  CHECK(refused({"--slurm", "--partition=long"}) ==
        "headroom: error: --slurm is for --executor slurm, which was not asked for\n");
  CHECK_THAT(refused({"--shard", "1/2", "--executor", "slurm"}),
             StartsWith("headroom: error: --shard and --executor slurm exclude each other"));
  CHECK_THAT(refused({"--shard", "1/2", "--fail-on-slo"}), StartsWith("headroom: error: --fail-on-slo "));
  CHECK(refused({"--executor", "slurm", "--slurm", "--comment='my sweep"}) ==
        "headroom: error: --slurm: a quote is not closed in \"--comment='my sweep\"\n");
  CHECK_THAT(refused({"--executor", "slurm", "--slurm", "--array=1-5"}),
             StartsWith("headroom: error: --slurm: --array is "));
  for (const std::string command : {"plan", "survive"}) {
    const Finished other = run({command, "small.yaml", "--slurm", "--partition=long"}, place.here);
    CHECK(other.status == 2);
    CHECK(other.err == "headroom: error: --slurm is for --executor slurm, which was not asked for\n");
    CHECK_THAT(run({command, "small.yaml", "--shard", "1/2"}, place.here).err,
               StartsWith("headroom: error: unknown option \"--shard\", expected "));
  }
  Options bare = place.here;
  bare.environment = {"PATH=" + place.at("nowhere").string()};
  const Finished absent = run(Place::arguments({"--executor", "slurm"}), bare);
  CHECK(absent.status == 2);
  CHECK(absent.err ==
        "headroom: error: sbatch was not found: `--executor slurm` needs Slurm's commands in PATH (any other "
        "scheduler can run `--shard I/N` and then `headroom merge`)\n");
  CHECK(files_in(place.folder.path()) == Texts{"results", "small.yaml"});
}

TEST_CASE("files that are named in what is varied are found by all parts, or it is said") {
  const Place place;
  write_file(place.at("a.yaml"), "{hosts: {worker: {count: 1, cores: 7}}}\n");
  const auto sweep = [&](const std::string& name) {
    return run({"sweep", "small.yaml", "--no-figures", "--vary", "platform=" + name, "--shard", "1/1",
                "--out", "parts"},
               place.here);
  };
  const Finished relative = sweep("a.yaml");
  CHECK(relative.status == 2);
  CHECK_THAT(relative.err,
             StartsWith("headroom: error: what is varied names files by paths that mean something else "
                        "in another place") &&
                 Contains("expected full paths"));
  CHECK(files_in(place.folder.path()) == Texts{"a.yaml", "small.yaml"});
  CHECK(sweep(place.at("a.yaml").string()).status == 0);
  CHECK(place.merge().status == 0);
}

}  // namespace headroom::cli_test
