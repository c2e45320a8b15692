#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "sim/config/load.h"
#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

using Catch::Contains;
using Catch::StartsWith;

/// A folder with small.yaml.
struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text = small_scenario()) {
    write_file(folder.path() / "small.yaml", text);
  }
};

}  // namespace

TEST_CASE("help at every level has an example") {
  for (const std::vector<std::string>& command : {std::vector<std::string>{},
                                                  {"run"},
                                                  {"sweep"},
                                                  {"plan"},
                                                  {"year"},
                                                  {"merge"},
                                                  {"compare"},
                                                  {"check"},
                                                  {"plot"},
                                                  {"schema"},
                                                  {"metrics"},
                                                  {"list"}}) {
    auto arguments = command;
    arguments.emplace_back("--help");
    const Finished help = run(arguments);
    INFO(arguments.front());
    CHECK(help.status == 0);
    CHECK(help.err == "");
    CHECK_THAT(help.out, Contains("\nExample: headroom " + (command.empty() ? "" : command.front())));
  }
  CHECK(std::regex_match(run({"--version"}).out, std::regex("headroom [0-9]+\\.[0-9]+\\.[0-9]+\n")));
}

TEST_CASE("the version that is printed is the first of the changelog") {
  const std::string changelog = read_file(root() / "CHANGELOG.md");
  std::smatch first;
  REQUIRE(std::regex_search(changelog, first, std::regex("\n## ([0-9.]+)( \\(unreleased\\))?\n")));
  CHECK(run({"--version"}).out == "headroom " + first[1].str() + "\n");
}

TEST_CASE("what is wrong with a command line is said, with the nearest name") {
  const auto refused = [](const std::vector<std::string>& arguments) {
    const Place place;
    const Finished finished = run(arguments, place.here);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
    CHECK(files_in(place.folder.path()) == std::vector<std::string>{"small.yaml"});
    return finished.err;
  };
  const std::string commands =
      "expected run, sweep, plan, survive, year, merge, compare, check, plot, calibrate, schema, metrics or "
      "list";
  CHECK(refused({}) ==
        "headroom: error: a command is missing, " + commands + "\n`headroom --help` says more.\n");
  CHECK(refused({"rnu", "small.yaml"}) == "headroom: error: unknown command \"rnu\", " + commands +
                                              "; did you mean \"run\"?\n`headroom --help` says more.\n");
  CHECK(refused({"--vresion"}) ==
        "headroom: error: unknown option \"--vresion\", expected --help or --version; did you mean "
        "\"--version\"?\n"
        "`headroom --help` says more.\n");
  CHECK(refused({"check", "small.yaml", "--sed", "7"}) ==
        "headroom: error: unknown option \"--sed\", expected --help, --set, --seed or --replications; did "
        "you mean "
        "\"--set\"?\n`headroom check --help` says more.\n");
  CHECK_THAT(refused({"run", "small.yaml", "--job=2"}),
             Contains("\"--job\"") && Contains("did you mean \"--jobs\"?"));
  CHECK_THAT(refused({"run", "small.yaml", "--tarce"}),
             StartsWith("headroom: error: unknown option \"--tarce\""));
  CHECK_THAT(refused({"run", "small.yaml", "other.yaml"}),
             StartsWith("headroom: error: one thing too much: \"other.yaml\""));
  CHECK_THAT(refused({"run"}), StartsWith("headroom: error: SCENARIO is required\n"));
  for (const char* jobs : {"0", "-1", "1.5", "x", "99999999999999999999"})
    CHECK_THAT(refused({"run", "small.yaml", "--jobs", jobs}),
               Contains("--jobs: expected a whole number from 1 to 1000, got \"" + std::string(jobs) + "\""));
  CHECK_THAT(refused({"run", "small.yaml", "--seed", "-1"}),
             Contains("--seed: expected a whole number from 0 to"));
  CHECK_THAT(refused({"run", "small.yaml", "--replications", "0"}), Contains("from 1 to 10000, got \"0\""));
  CHECK_THAT(refused({"list", "nowhere"}), Contains("no scenarios in nowhere"));
  CHECK_THAT(refused({"plot", "nowhere"}), StartsWith("headroom: error: nowhere"));
}

TEST_CASE("check says what would be simulated") {
  const Place place;
  const Finished finished = run(
      {"check", "small.yaml", "--replications", "3", "--set", "platform.hosts.worker.cores=16"}, place.here);
  CHECK(finished.status == 0);
  CHECK(finished.err == "");
  CHECK(finished.out == R"(small is valid
  question     Does it run?
  path         clients → processing
  hosts        1 × worker (16 cores)
  load         64 requests/s
  needed       processing   40 %  6.4 of 16 slots
  waiting      without a bound: no workload.deadline, no processing.max_waiting
  run          3 × (1s warm-up + 20s measured): about 4,032 requests; less than a second of CPU time, 60 MB of memory per replication
)");
  CHECK(files_in(place.folder.path()) == std::vector<std::string>{"small.yaml"});
}

TEST_CASE("a schema is JSON, the reference is Markdown") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"schema"}, {"schema", "--platform"}}) {
    const Finished finished = run(arguments);
    CHECK(finished.status == 0);
    const auto schema = nlohmann::json::parse(finished.out, nullptr, false);
    REQUIRE(schema.is_object());
    CHECK(schema["type"] == "object");
    CHECK(schema["properties"].contains(arguments.size() == 1 ? "workload" : "hosts"));
  }
  CHECK_THAT(run({"schema", "--reference"}).out, Contains("| `workload.deadline` |"));
}

TEST_CASE("output that cannot be written is an error") {
  const Place place;
  Options full = place.here;
  full.standard_output = "/dev/full";
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"metrics"},
                                                    {"schema"},
                                                    {"check", "small.yaml"},
                                                    {"run", "small.yaml", "--no-figures"},
                                                    {"--help"},
                                                    {"run", "--help"}}) {
    INFO(arguments.front());
    const Finished finished = run(arguments, full);
    CHECK(finished.status == 4);
    CHECK(finished.err == "headroom: error: cannot write to the standard output: No space left on device\n");
  }
  CHECK(run({"run", "small.yaml", "--no-figures", "--quiet"}, full).status ==
        0);  // has nothing to write there
}

TEST_CASE("colours and progress are for terminals only") {
  const Place place(small_scenario("run: {duration: 20000s}\n"));
  const std::regex colour("\x1b\\[[0-9;]+m");
  const std::vector<std::string> arguments = {"run", "small.yaml", "--no-figures"};
  const auto on_terminal = [&](std::vector<std::string> more, std::vector<std::string> environment) {
    more.insert(more.begin(), arguments.begin(), arguments.end());
    Options options{place.folder.path(), std::move(environment)};
    options.terminal = true;
    const Finished finished = run(more, options);
    CHECK(finished.status == 0);
    return finished.out;
  };
  const std::string plain = on_terminal({}, {});
  CHECK(std::regex_search(plain, colour));
  CHECK_THAT(plain, Contains("\rsmall  [") && Contains(" x real time ") && Contains(" left"));
  const std::string grey = on_terminal({}, {"NO_COLOR=1"});
  CHECK_FALSE(std::regex_search(grey, colour));
  CHECK_THAT(grey, Contains("\rsmall  ["));
  CHECK(on_terminal({"--quiet"}, {}) == "");

  const Finished piped = run(arguments, place.here);
  CHECK(piped.err == "");
  CHECK_THAT(piped.out, StartsWith("small  seed 1") && !Contains("\x1b") && !Contains("\r"));
}

}  // namespace headroom::cli_test
