#include "sim/report/files.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/report/temporary_folder.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSummary = "{\"schema\": \"headroom/summary/1\"}";

void put(const fs::path& file, const std::string& contents) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << contents;
}

std::string get(const fs::path& file) {
  const auto text = read_file(file);
  return std::holds_alternative<std::string>(text) ? std::get<std::string>(text) : "unreadable";
}

/// Writes a folder with these contents of summary.json.
std::optional<Problem> write(const fs::path& target, const std::string& summary) {
  auto created = NewFolder::create(target);
  if (auto* problem = std::get_if<Problem>(&created)) return *problem;
  auto& folder = std::get<NewFolder>(created);
  if (auto problem = folder.write("summary.json", summary)) return problem;
  if (auto problem = folder.write("figures/a.svg", "<svg/>")) return problem;
  return folder.commit();
}

TEST_CASE("a folder appears complete under its name, with the folders above it") {
  TemporaryFolder temporary;
  const fs::path target = temporary.path() / "results" / "baseline";
  REQUIRE_FALSE(write(target, kSummary));
  CHECK(get(target / "summary.json") == kSummary);
  CHECK(get(target / "figures/a.svg") == "<svg/>");
  CHECK(std::distance(fs::directory_iterator(target.parent_path()), fs::directory_iterator()) == 1);
}

TEST_CASE("an earlier result is replaced as a whole") {
  TemporaryFolder temporary;
  const fs::path target = temporary.path() / "baseline";
  put(target / "summary.json", kSummary);
  put(target / "old/file", "x");
  REQUIRE_FALSE(write(target, "new"));
  CHECK(get(target / "summary.json") == "new");
  CHECK_FALSE(fs::exists(target / "old"));
  CHECK(temporary.entries() == 1);
}

TEST_CASE("an earlier sweep is a result too") {
  TemporaryFolder temporary;
  put(temporary.path() / "sweep/points.csv", "a,b\n");
  put(temporary.path() / "sweep/runs/1/summary.json", kSummary);
  CHECK_FALSE(NewFolder::check(temporary.path() / "sweep"));
}

TEST_CASE("anything else that holds something is refused and left alone") {
  TemporaryFolder temporary;
  const fs::path target = temporary.path() / "photos";
  const std::string summary =
      GENERATE(as<std::string>(), "{\"schema\": \"other/1\"}", "{\"schema\": 1}", "[1]", "not json", "");
  put(target / "summary.json", summary);
  put(target / "holiday.jpg", "x");
  const auto problem = write(target, kSummary);
  REQUIRE(problem);
  CHECK_THAT(problem->message, Catch::Contains("not a headroom result") && Catch::Contains("--out"));
  CHECK(get(target / "holiday.jpg") == "x");
  CHECK(get(target / "summary.json") == summary);
  CHECK(temporary.entries() == 1);
}

TEST_CASE("a file in the place is refused, an empty folder is taken") {
  TemporaryFolder temporary;
  put(temporary.path() / "file", "x");
  CHECK_THAT(write(temporary.path() / "file", kSummary)->message, Catch::Contains("not a folder"));
  fs::create_directory(temporary.path() / "empty");
  CHECK_FALSE(write(temporary.path() / "empty/", kSummary));
  CHECK(get(temporary.path() / "empty/summary.json") == kSummary);
}

TEST_CASE("a link to a folder stays a link") {
  TemporaryFolder temporary;
  fs::create_directory(temporary.path() / "disk");
  fs::create_directory_symlink(temporary.path() / "disk", temporary.path() / "link");
  CHECK_FALSE(write(temporary.path() / "link", kSummary));
  CHECK(fs::is_symlink(temporary.path() / "link"));
  CHECK(get(temporary.path() / "disk/summary.json") == kSummary);
}

TEST_CASE("what is not committed leaves nothing behind") {
  TemporaryFolder temporary;
  {
    auto created = NewFolder::create(temporary.path() / "a");
    REQUIRE(std::holds_alternative<NewFolder>(created));
    CHECK_FALSE(std::get<NewFolder>(created).write("summary.json", kSummary));
    CHECK(temporary.entries() == 1);
    CHECK_FALSE(fs::exists(temporary.path() / "a"));
  }
  CHECK(temporary.entries() == 0);
}

TEST_CASE("kill -9 in the middle leaves the old result whole, and the next run clears the rest") {
  TemporaryFolder temporary;
  const fs::path target = temporary.path() / "a";
  REQUIRE_FALSE(write(target, std::string("{\"schema\": \"headroom/summary/1\", \"old\": 1}")));
  const std::string before = get(target / "summary.json");
  const pid_t child = fork();
  if (child == 0) {
    auto created = NewFolder::create(target);
    auto& folder = std::get<NewFolder>(created);
    (void)folder.write("summary.json", "{\"half\": ");
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(get(target / "summary.json") == before);
  CHECK(temporary.entries() == 2);  // the old result and the hidden remains
  CHECK_FALSE(write(target, kSummary));
  CHECK(temporary.entries() == 1);
}

TEST_CASE("a disk that takes no more is reported in words and leaves nothing behind") {
  TemporaryFolder temporary;
  const fs::path report = temporary.path() / "report";
  const pid_t child = fork();
  if (child == 0) {
    // Files beyond this size cannot be written: the closest to a full disk that needs no disk.
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto problem = write(temporary.path() / "out" / "a", std::string(100'000, 'x'));
    put(report, problem ? problem->message : "no problem");
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK_THAT(get(report), Catch::Contains("cannot write") && Catch::Contains("a/summary.json") &&
                              Catch::Contains("File too large"));
  CHECK(fs::is_empty(temporary.path() / "out"));
}

TEST_CASE("a place below a file cannot be written to") {
  TemporaryFolder temporary;
  put(temporary.path() / "file", "x");
  const auto problem = write(temporary.path() / "file" / "a", kSummary);
  REQUIRE(problem);
  CHECK_THAT(problem->message, Catch::Contains("cannot"));
}

}  // namespace
}  // namespace headroom::report
