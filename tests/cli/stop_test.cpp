// Runs that are stopped, or whose parts die.
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

using Catch::Contains;

/// Far longer than a test takes.
const std::string kEndless = small_scenario("run: {duration: 1000000s}\n");

struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text) { write_file(folder.path() / "small.yaml", text); }
  nlohmann::json summary() const {
    return nlohmann::json::parse(read_file(folder.path() / "results/small/summary.json"));
  }
};

/// As Ctrl-C does: to the program and to its children.
void interrupt(const Program& program, int signal = SIGINT) {
  REQUIRE(kill(-program.pid(), signal) == 0);
}

}  // namespace

TEST_CASE("a run that is stopped before anything is complete writes nothing") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const Place place(kEndless);
  Program program({"run", "small.yaml"}, place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  const pid_t child = program.children().front();
  REQUIRE(kill(program.pid(), signal) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(finished.out == "");
  CHECK(finished.err == "headroom: interrupted before any replication was complete; nothing was written\n");
  CHECK(files_in(place.folder.path()) == std::vector<std::string>{"small.yaml"});
  CHECK(kill(child, 0) != 0);
}

TEST_CASE("Ctrl-C keeps the replications that are complete, marked as partial") {
  const Place place(small_scenario("run: {duration: 2000s, replications: 1000}\n"));
  Program program({"run", "small.yaml", "--jobs", "1", "--no-figures"}, place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  const pid_t first = program.children().front();
  REQUIRE(wait_for([&] {
    const auto now = program.children();
    return !now.empty() && now.front() != first;
  }));
  interrupt(program);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK_THAT(finished.err, Contains("headroom: interrupted: the result has ") &&
                               Contains(" of 1000 replications and is marked as partial\n"));
  CHECK_THAT(finished.out, Contains("PARTIAL"));
  const auto summary = place.summary();
  CHECK(summary["partial"] == true);
  CHECK(summary["replications"] >= 1);
  CHECK(summary["replications"] < 1000);
}

TEST_CASE("a replication that is killed is reported, not waited for") {
  const Place place(kEndless);
  Program program({"run", "small.yaml"}, place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  REQUIRE(kill(program.children().front(), SIGKILL) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(finished.err ==
        "headroom: error: replication 1 was killed by signal 9 (Killed), as the system does when "
        "memory runs out\n"
        "headroom: error: no replication was completed; nothing was written\n");
  CHECK(files_in(place.folder.path()) == std::vector<std::string>{"small.yaml"});
}

TEST_CASE("what the other replications found is kept") {
  const Place place(small_scenario("run: {duration: 2000s, replications: 3}\n"));
  Program program({"run", "small.yaml", "--jobs", "3", "--no-figures"}, place.here);
  REQUIRE(wait_for([&] { return program.children().size() == 3; }));
  REQUIRE(kill(program.children().front(), SIGKILL) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(finished.err ==
        "headroom: error: replication 1 was killed by signal 9 (Killed), as the system does when "
        "memory runs out\n"
        "headroom: incomplete: the result has 2 of 3 replications and is marked as partial\n");
  CHECK(place.summary()["partial"] == true);
  CHECK(place.summary()["replications"] == 2);
}

TEST_CASE("children die with a program that is killed, and no half result is left") {
  const Place place(kEndless);
  Program program({"run", "small.yaml"}, place.here);
  REQUIRE(wait_for([&] { return !program.children().empty(); }));
  const pid_t child = program.children().front();
  REQUIRE(kill(program.pid(), SIGKILL) == 0);
  CHECK(program.wait().status == -1);
  REQUIRE(wait_for([&] {  // gone, or waiting for whoever adopted it to notice
    const std::string state = read_file("/proc/" + std::to_string(child) + "/stat");
    return state.empty() || state.find(") Z ") != std::string::npos;
  }));
  CHECK(files_in(place.folder.path()) == std::vector<std::string>{"small.yaml"});
}

}  // namespace headroom::cli_test
