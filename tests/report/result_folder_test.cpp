#include "sim/report/result_folder.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/report/summary.h"
#include "tests/report/sample.h"
#include "tests/report/temporary_folder.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;

/// Relative path → contents.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), folder).string()] = std::get<std::string>(read_file(entry.path()));
    }
  }
  return files;
}

TEST_CASE("the folder holds what the specification lists") {
  TemporaryFolder temporary;
  const Written written =
      write_result(temporary.path() / "a", sample_run(), {.more = {{"trace.json", "{}"}}});
  REQUIRE_FALSE(written.error);
  CHECK(written.warnings.empty());
  const auto files = contents(temporary.path() / "a");
  for (const auto* name :
       {"summary.json", "timeseries.csv", "latency.csv", "replications.csv", "journal.jsonl", "scenario.yaml",
        "machine.json", "report.html", "trace.json", "figures/yield_harvest.svg", "figures/yield_harvest.png",
        "figures/latency_distribution.svg", "figures/bill.png"}) {
    CAPTURE(name);
    REQUIRE(files.count(name) == 1);
    CHECK_FALSE(files.at(name).empty());
  }
  CHECK(files.size() == 9 + 14);
  CHECK(files.at("scenario.yaml") == "scenario: rack-down\nseed: 1\n");
  const auto machine = nlohmann::json::parse(files.at("machine.json"));
  CHECK(machine["wall_clock_s"] == 12.5);
  CHECK(machine["versions"]["headroom"] == "0.1.0");
}

TEST_CASE("the same run gives the same bytes, but for machine.json") {
  TemporaryFolder temporary;
  Run run = sample_run();
  REQUIRE_FALSE(write_result(temporary.path() / "a", run).error);
  run.wall_clock_s = 99;
  REQUIRE_FALSE(write_result(temporary.path() / "b", run).error);
  auto a = contents(temporary.path() / "a"), b = contents(temporary.path() / "b");
  CHECK(a.at("machine.json") != b.at("machine.json"));
  a.erase("machine.json");
  b.erase("machine.json");
  REQUIRE(a.size() == b.size());
  for (const auto& [name, text] : a) {
    CAPTURE(name);
    CHECK(b.at(name) == text);
  }
  // And another seed other bytes.
  REQUIRE_FALSE(write_result(temporary.path() / "c", sample_run(9), {.figures = false}).error);
  CHECK(contents(temporary.path() / "c").at("summary.json") != a.at("summary.json"));
}

TEST_CASE("without figures, or without gnuplot, the results are all there") {
  TemporaryFolder temporary;
  REQUIRE_FALSE(write_result(temporary.path() / "a", sample_run(), {.figures = false}).error);
  CHECK_FALSE(fs::exists(temporary.path() / "a/figures"));

  const std::string path = getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  const Written written = write_result(temporary.path() / "b", sample_run());
  setenv("PATH", path.c_str(), 1);
  REQUIRE_FALSE(written.error);
  REQUIRE(written.warnings.size() == 1);
  CHECK_THAT(written.warnings[0], Catch::Contains("no figures") && Catch::Contains("gnuplot"));
  CHECK(contents(temporary.path() / "a").size() == 8);
  CHECK(contents(temporary.path() / "b").size() == 8);

  // They can be drawn afterwards; the page then shows them.
  CHECK_FALSE(redraw(temporary.path() / "b"));
  const auto files = contents(temporary.path() / "b");
  CHECK(files.size() == 8 + 14);
  CHECK_THAT(files.at("report.html"), Catch::Contains("data:image/svg+xml"));
}

TEST_CASE("redrawing gives the same figures again, and leaves all else alone") {
  TemporaryFolder temporary;
  REQUIRE_FALSE(write_result(temporary.path() / "a", bare_run()).error);
  const auto before = contents(temporary.path() / "a");
  CHECK_FALSE(redraw(temporary.path() / "a"));
  CHECK(contents(temporary.path() / "a") == before);
}

TEST_CASE("results are drawn over each other") {
  TemporaryFolder temporary;
  REQUIRE_FALSE(write_result(temporary.path() / "a", sample_run(1), {.figures = false}).error);
  REQUIRE_FALSE(write_result(temporary.path() / "b", sample_run(2), {.figures = false}).error);
  CHECK_FALSE(draw_overlay({temporary.path() / "a", temporary.path() / "b/"}, temporary.path() / "both"));
  const auto files = contents(temporary.path() / "both");
  CHECK(files.size() == 14);
  CHECK_THAT(files.at("yield.svg"), Catch::Contains(">a</text>") || Catch::Contains("a</tspan>"));
  CHECK_THAT(
      draw_overlay({temporary.path() / "a", temporary.path() / "none"}, temporary.path() / "x")->message,
      Catch::Contains("none"));
}

TEST_CASE("what cannot be read is named") {
  TemporaryFolder temporary;
  REQUIRE_FALSE(write_result(temporary.path() / "a", bare_run(), {.figures = false}).error);
  fs::resize_file(temporary.path() / "a/timeseries.csv", 200);
  CHECK_THAT(redraw(temporary.path() / "a")->message, Catch::Contains("timeseries.csv"));
  fs::remove(temporary.path() / "a/timeseries.csv");
  CHECK_THAT(redraw(temporary.path() / "a")->message,
             Catch::Contains("timeseries.csv") && Catch::Contains("No such"));
}

TEST_CASE("killed at any moment, a writer leaves the old result or the new one, never half of one") {
  TemporaryFolder temporary;
  const fs::path target = temporary.path() / "a";
  const Run old_run = sample_run(1), new_run = sample_run(2);
  REQUIRE_FALSE(write_result(target, old_run, {.figures = false}).error);
  for (int delay_us = 0; delay_us < 60'000; delay_us += 6'000) {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) {
        if (write_result(target, new_run, {.figures = false}).error) _exit(1);
        if (write_result(target, old_run, {.figures = false}).error) _exit(1);
      }
    }
    usleep(static_cast<useconds_t>(20'000 + delay_us));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    const auto files = contents(target);
    REQUIRE(files.size() == 8);
    const bool is_old = files.at("summary.json") == to_json(summary(old_run));
    const bool is_new = files.at("summary.json") == to_json(summary(new_run));
    CHECK(is_old != is_new);
    CHECK(files.at("timeseries.csv") == to_csv(time_series(is_old ? old_run : new_run)));
  }
  REQUIRE_FALSE(write_result(target, new_run, {.figures = false}).error);
  CHECK(temporary.entries() == 1);
}

}  // namespace
}  // namespace headroom::report
