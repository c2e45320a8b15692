// What comes from outside (texts, names, numbers, signals, places) and must do no harm.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

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

/// Longer than anybody waits: whoever refuses afterwards fails.
const std::string kEndless = "run: {duration: 1000000s}\n";

struct Place {
  report::TemporaryFolder folder;
  Options here{folder.path()};
  explicit Place(const std::string& text = small_scenario()) {
    write_file(folder.path() / "small.yaml", text);
  }
  Finished operator()(const Texts& arguments) const { return run(arguments, here); }
};

/// No sequence but colours.
bool harmless(const std::string& text) {
  for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b', at + 1)) {
    const std::size_t end = text.find_first_not_of("0123456789;", at + 2);
    if (text.compare(at, 2, "\x1b[") != 0 || end == std::string::npos || text[end] != 'm') return false;
    const std::string code = text.substr(at + 2, end - at - 2);
    if (code != "0" && code != "1" && code != "2" && code != "1;31" && code != "1;32" && code != "1;33")
      return false;
  }
  return text.find('\a') == std::string::npos && text.find("\xc2\x9b") == std::string::npos;
}

}  // namespace

TEST_CASE("a place that cannot be written is refused before anything runs, whatever the command") {
  const Place place(small_scenario(kEndless));
  write_file(place.folder.path() / "file", "x");
  fs::create_symlink("nowhere", place.folder.path() / "dangling");
  fs::create_directory(place.folder.path() / "images");
  const auto before = files_in(place.folder.path());
  const std::vector<std::pair<std::string, std::string>> places = {
      {"file/below", "is a file, not a folder"},
      {"dangling", "is a link to nowhere, which does not exist"},
      {"dangling/below", "is a link to nowhere, which does not exist"},
      {"/proc/x", "nothing can be made in /proc"},
      {std::string(300, 'n'), "File name too long"}};
  for (const auto& [out, why] : places) {
    for (Texts arguments : {Texts{"run", "small.yaml"}, Texts{"sweep", "small.yaml", "--vary", "seed=1,2"}}) {
      arguments.insert(arguments.end(), {"--out", out});
      INFO(arguments.front() << " " << out);
      const Finished finished = place(arguments);
      CHECK(finished.status == 2);
      CHECK(finished.out == "");
      CHECK_THAT(finished.err, StartsWith("headroom: error: cannot write ") && Contains(why));
    }
    const Finished profile = place({"calibrate", "--quick", "--images", "images", "--out", out});
    INFO("calibrate " << out << ": " << profile.err);
    CHECK(profile.status == 2);
    CHECK_THAT(profile.err, StartsWith("headroom: error: cannot write "));
  }
  CHECK(files_in(place.folder.path()) == before);
}

TEST_CASE("figures of several results: a place that cannot be written is refused at once") {
  const Place place;
  for (const char* out : {"a", "b"})
    REQUIRE(place({"run", "small.yaml", "--no-figures", "--quiet", "--out", out}).status == 0);
  write_file(place.folder.path() / "file", "x");
  for (const char* out : {"file", "file/below", "/proc/x"}) {
    const Finished finished = place({"plot", "a", "b", "--out", out});
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
  }
}

TEST_CASE("the current folder may be the result") {
  const Place place;
  const fs::path target = place.folder.path() / "here";
  fs::create_directory(target);
  struct stat before{};
  REQUIRE(stat(target.c_str(), &before) == 0);
  for (const char* command : {"run", "run", "sweep"}) {
    Texts arguments = {command, "../small.yaml", "--no-figures", "--out", "."};
    if (arguments.front() == "sweep") arguments.insert(arguments.end(), {"--vary", "seed=1,2"});
    const Finished finished = run(arguments, {target});
    CHECK(finished.err == "");
    CHECK(finished.status == 0);
  }
  struct stat after{};
  REQUIRE(stat(target.c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
  CHECK(fs::exists(target / "points.csv"));
  CHECK_FALSE(fs::exists(target / "timeseries.csv"));  // of the run
  for (const auto& entry : fs::directory_iterator(target))
    CHECK_THAT(entry.path().filename().string(), !StartsWith(".here."));
  // What is kept for the next time is found.
  CHECK_THAT(
      run({"sweep", "../small.yaml", "--no-figures", "--out", ".", "--vary", "seed=1,2"}, {target}).out,
      Contains("2 of 2 replications were there already"));
}

TEST_CASE("whole numbers on the command line are decimal") {
  const Place place(small_scenario("run: {duration: 20s, replications: 2}\n"));
  const auto summary = [&](const Texts& more) {
    Texts arguments = {"run", "small.yaml", "--no-figures", "--quiet", "--out", "result"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished finished = place(arguments);
    CHECK(finished.err == "");
    return read_file(place.folder.path() / "result/summary.json");
  };
  // 010 is ten: as octal it would be eight.
  CHECK(summary({"--seed", "010"}) == summary({"--seed", "10"}));
  CHECK_THAT(summary({"--seed", "010"}), Contains("\"seed\": 10,"));
  CHECK_THAT(summary({"--replications", "08", "--jobs", "08"}), Contains("\"replications\": 8,"));
  // Refused for its size as the number that it is in decimal: octal 0400 is 256.
  CHECK_THAT(place({"calibrate", "--quality", "0101"}).err, Contains("from 1 to 100, got \"0101\""));
  CHECK_THAT(place({"calibrate", "--width", "016001"}).err, Contains("from 1 to 16000, got \"016001\""));
  CHECK_THAT(place({"run", "small.yaml", "--jobs", "0x10"}).err, Contains("got \"0x10\""));
}

TEST_CASE("nothing from outside steers the terminal") {
  const std::string evil = "\x1b[2J\x1b]0;title\a";
  const std::string escaped = R"(\e[2J\e]0;title\a\x9b31m)";
  Place place("scenario: small\nquestion: \"Does it run?" + escaped +
              "\"\n"
              "platform: {hosts: {worker: {count: 2, cores: 8}}}\n"
              "workload: {arrivals: {poisson: 64/s}}\n"
              "deployment: {processing: {hosts: worker, service_time: {exponential: {mean: 100ms}}}}\n"
              "watch: [{group: worker, need: 1}]\nrun: {duration: 5s}\n");
  const std::string name = "x" + evil + ".yaml";
  write_file(place.folder.path() / name, "scenario: [\n");
  fs::create_directory(place.folder.path() / "list");
  fs::copy(place.folder.path() / "small.yaml", place.folder.path() / "list" / name);
  Options terminal = place.here;
  terminal.terminal = true;
  const std::vector<Texts> all = {
      {"check", "small.yaml"},
      {"list", "list"},
      {"list", evil},
      {"check", name},
      {"check", "nowhere" + evil},
      {"run", "small.yaml", "--no-figures"},
      {"run", "small.yaml", "--no-figures", "--out", "out" + evil},
      {"run", "small.yaml", "--out", name},
      {"sweep", "small.yaml", "--no-figures", "--vary", "seed=1,2", "--out", "sweep"},
      {"run", "small.yaml", "--set", "x" + evil + "=1"},
      {"run", "small.yaml", "--jobs", evil},
      {"run", "small.yaml", "--x" + evil},
      {evil},
      {"plot", evil},
      {"compare", evil, "results/small"},
      {"compare", "results/small", "results/small"},
      {"calibrate", "--images", evil}};
  for (const Texts& arguments : all) {
    const Finished shown = run(arguments, terminal);
    INFO(arguments.front() << ": " << shown.out);
    std::string text = shown.out;
    // The progress line clears the rest of its line.
    for (std::size_t at; (at = text.find("\x1b[K")) != std::string::npos;) text.erase(at, 3);
    CHECK(harmless(text));
    const Finished piped = run(arguments, place.here);
    CHECK_THAT(piped.out + piped.err, !Contains("\x1b") && !Contains("\a"));
    CHECK(!shown.out.empty());
  }
  CHECK_THAT(place({"check", "small.yaml"}).out, Contains("Does it run?\\x1b[2J"));
}

TEST_CASE("a signal before anything runs ends with words and a status, and leaves nothing") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  // It is read through a pipe that nobody writes to.
  const Place place;
  const fs::path pipe = place.folder.path() / "pipe.yaml";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const Texts& arguments : {Texts{"run", "pipe.yaml"}, Texts{"check", "pipe.yaml"},
                                 Texts{"sweep", "pipe.yaml", "--vary", "seed=1,2"}}) {
    Program program(arguments, place.here);
    // Until it sleeps in open(2).
    const std::string state = "/proc/" + std::to_string(program.pid()) + "/wchan";
    for (int i = 0; i < 5000 && read_file(state).find("fifo") == std::string::npos; ++i) usleep(1000);
    REQUIRE(kill(program.pid(), signal) == 0);
    const Finished finished = program.wait();
    INFO(arguments.front());
    CHECK(finished.status == 4);
    CHECK(finished.out == "");
    CHECK(finished.err == "headroom: interrupted; nothing was written\n");
  }
  CHECK(files_in(place.folder.path()) == Texts{"pipe.yaml", "small.yaml"});
}

TEST_CASE("a signal while figures are drawn leaves the result complete, without them") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const Place place;
  // A gnuplot that says when it begins, and does not end.
  fs::create_directory(place.folder.path() / "bin");
  const fs::path gnuplot = place.folder.path() / "bin/gnuplot";
  write_file(gnuplot, "#!/bin/sh\ntouch '" + (place.folder.path() / "begun").string() + "'\nexec sleep 50\n");
  fs::permissions(gnuplot, fs::perms::owner_all);
  Options options = place.here;
  options.environment = {"PATH=" + (place.folder.path() / "bin").string() + ":/usr/bin:/bin"};
  Program program({"run", "small.yaml", "--out", "result"}, options);
  for (int i = 0; i < 20'000 && !fs::exists(place.folder.path() / "begun"); ++i) usleep(1000);
  REQUIRE(kill(program.pid(), signal) == 0);
  const Finished finished = program.wait();
  CHECK(finished.status == 4);
  CHECK(finished.err == "headroom: warning: no figures: interrupted; `headroom plot` draws them\n");
  CHECK(fs::exists(place.folder.path() / "result/summary.json"));
  CHECK(fs::exists(place.folder.path() / "result/report.html"));
  CHECK_FALSE(fs::exists(place.folder.path() / "result/figures"));
  for (const std::string& file : files_in(place.folder.path())) CHECK_THAT(file, !Contains("incomplete"));
}

TEST_CASE("a result that is malformed is a message, never an abort") {
  const Place place(small_scenario("run: {duration: 20s, replications: 3}\n"));
  for (const char* out : {"a", "b"})
    REQUIRE(place({"run", "small.yaml", "--no-figures", "--quiet", "--out", out}).status == 0);
  const fs::path folder = place.folder.path() / "b";
  const std::string replications = read_file(folder / "replications.csv");
  const std::string series = read_file(folder / "timeseries.csv");
  /// The table with its second column twice.
  const auto doubled = [](const std::string& csv) {
    std::string out;
    for (std::size_t begin = 0; begin < csv.size();) {
      const std::size_t end = csv.find('\n', begin);
      const std::string line = csv.substr(begin, end - begin);
      const std::size_t first = line.find(',');
      out += line + line.substr(first, line.find(',', first + 1) - first) + "\n";
      begin = end + 1;
    }
    return out;
  };
  write_file(folder / "replications.csv", doubled(replications));
  Finished finished = place({"compare", "a", "b"});
  CHECK(finished.status == 2);
  CHECK(finished.out == "");
  CHECK_THAT(finished.err, StartsWith("headroom: error: b/replications.csv: the column \"") &&
                               Contains("is there twice, expected it once"));
  write_file(folder / "replications.csv", replications);
  write_file(folder / "timeseries.csv", doubled(series));
  finished = place({"plot", "b"});
  CHECK(finished.status == 2);
  CHECK_THAT(finished.err, Contains("b/timeseries.csv: the column \"") && Contains("is there twice"));
}

}  // namespace headroom::cli_test
