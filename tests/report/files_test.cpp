#include "sim/report/files.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
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

TEST_CASE("a place that cannot be written to is known beforehand") {
  TemporaryFolder temporary;
  put(temporary.path() / "file", "x");
  fs::create_symlink("nowhere", temporary.path() / "dangling");
  const auto refused = [&](const fs::path& place, const std::string& why) {
    INFO(place.string());
    for (const auto& problem : {NewFolder::check(place), cannot_hold_files(place), cannot_hold_file(place)}) {
      REQUIRE(problem);
      CHECK_THAT(problem->message, Catch::Contains(why));
    }
  };
  const std::string file = (temporary.path() / "file").string();
  refused(temporary.path() / "file" / "a", file + " is a file, not a folder");
  refused(temporary.path() / "file" / "a" / "b", file + " is a file, not a folder");
  refused(temporary.path() / "dangling", "is a link to nowhere, which does not exist");
  refused(temporary.path() / "dangling" / "a", "is a link to nowhere, which does not exist");
  refused(temporary.path() / "link/../dangling/a", "is a link to nowhere, which does not exist");
  refused("/proc/x", "nothing can be made in /proc");
  refused("/proc/x/y", "nothing can be made in /proc");
  refused(temporary.path() / std::string(256, 'n'), "File name too long");
  refused(temporary.path() / std::string(256, 'n') / "a", "File name too long");
  CHECK(temporary.entries() == 2);
}

TEST_CASE("a folder in which nothing can be made is known beforehand") {
  if (geteuid() == 0) return;  // root may write everywhere
  TemporaryFolder temporary;
  fs::create_directory(temporary.path() / "closed");
  fs::permissions(temporary.path() / "closed", fs::perms::owner_read | fs::perms::owner_exec);
  CHECK_THAT(NewFolder::check(temporary.path() / "closed" / "a")->message,
             Catch::Contains("nothing can be made in"));
  fs::permissions(temporary.path() / "closed", fs::perms::owner_all);
}

TEST_CASE("the longest name that there can be is no obstacle") {
  TemporaryFolder temporary;
  const fs::path target = temporary.path() / std::string(255, 'n');
  REQUIRE_FALSE(NewFolder::check(target));
  REQUIRE_FALSE(write(target, kSummary));
  CHECK(get(target / "summary.json") == kSummary);
  const fs::path file = temporary.path() / std::string(255, 'f');
  REQUIRE_FALSE(cannot_hold_file(file));
  REQUIRE_FALSE(write_file(file, "x"));
  CHECK(get(file) == "x");
  CHECK(temporary.entries() == 2);
}

TEST_CASE("a file is written through a link") {
  TemporaryFolder temporary;
  put(temporary.path() / "disk/profile.yaml", "old");
  fs::create_symlink("disk/profile.yaml", temporary.path() / "link");
  REQUIRE_FALSE(write_file(temporary.path() / "link", "new"));
  CHECK(fs::is_symlink(temporary.path() / "link"));
  CHECK(get(temporary.path() / "disk/profile.yaml") == "new");
}

TEST_CASE("the current folder is filled where it is") {
  TemporaryFolder temporary;
  const fs::path before = fs::current_path();
  const fs::path target = temporary.path() / "here";
  fs::create_directory(target);
  fs::current_path(target);
  const auto first = write(".", kSummary);
  put(target / "old/file", "x");
  put(target / "points.csv", "x");
  const auto second = write(".", std::string("{\"schema\": \"headroom/summary/1\", \"second\": 1}"));
  struct stat here{};
  struct stat there{};
  CHECK(stat(".", &here) == 0);
  CHECK(stat(target.c_str(), &there) == 0);
  fs::current_path(before);
  REQUIRE_FALSE(first);
  REQUIRE_FALSE(second);
  CHECK(here.st_ino == there.st_ino);
  CHECK_THAT(get(target / "summary.json"), Catch::Contains("second"));
  CHECK(get(target / "figures/a.svg") == "<svg/>");
  CHECK_FALSE(fs::exists(target / "old"));
  CHECK_FALSE(fs::exists(target / "points.csv"));
  CHECK(std::distance(fs::directory_iterator(target), fs::directory_iterator()) == 2);
  CHECK(temporary.entries() == 1);
}

TEST_CASE("the current folder is left alone if it holds something else") {
  TemporaryFolder temporary;
  put(temporary.path() / "holiday.jpg", "x");
  const fs::path before = fs::current_path();
  fs::current_path(temporary.path());
  const auto problem = NewFolder::check(".");
  fs::current_path(before);
  REQUIRE(problem);
  CHECK_THAT(problem->message, Catch::Contains("not a headroom result"));
  CHECK(temporary.entries() == 1);
}

TEST_CASE("a mount point is filled where it is") {
  TemporaryFolder temporary;
  const fs::path target = temporary.path() / "volume";
  const fs::path report = temporary.path() / "report";
  fs::create_directory(target);
  const pid_t child = fork();
  if (child == 0) {
    // Seen by this process alone. Nobody but root may do so.
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", target.c_str(), "tmpfs", 0, nullptr) != 0)
      _exit(77);
    const auto first = write(target, kSummary);
    const auto second = write(target, std::string("{\"schema\": \"headroom/summary/1\", \"second\": 1}"));
    put(report, (first ? first->message : "") + (second ? second->message : "") +
                    get(target / "summary.json") +
                    std::to_string(std::distance(fs::directory_iterator(target), fs::directory_iterator())));
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) return;
  CHECK(get(report) == "{\"schema\": \"headroom/summary/1\", \"second\": 1}2");
}

}  // namespace
}  // namespace headroom::report
