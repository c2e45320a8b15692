// Every file of tests/cli/bad is a mistake that a person could make (or somebody hostile). Beside it stands
// what `headroom run` has to say about it, to the letter.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
  return root() / "tests/cli/bad";
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

/// What `headroom run` answers; nothing may be printed or written.
std::string refusal(std::vector<std::string> arguments, const fs::path& folder) {
  const report::TemporaryFolder elsewhere;
  arguments.insert(arguments.begin(), "run");
  arguments.insert(arguments.end(), {"--out", (elsewhere.path() / "result").string()});
  const auto before = files_in(folder);
  const Finished finished = run(arguments, {folder});
  CHECK(finished.status == 2);
  CHECK(finished.out == "");
  CHECK(elsewhere.entries() == 0);
  CHECK(files_in(folder) == before);
  return finished.err;
}

}  // namespace

TEST_CASE("each broken scenario is refused with the message beside it") {
  const std::regex form("^[^:]+:([0-9]+:[0-9]+:)? error: .+$");
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(corpus())) {
    const fs::path& file = entry.path();
    if (file.extension() != ".yaml") continue;
    INFO(file.filename().string());
    ++cases;
    const std::string answer = refusal({file.filename().string()}, corpus());
    CHECK(answer == read_file(fs::path(file).replace_extension(".expected")));
    for (const std::string& line : lines(answer)) {
      INFO(line);
      CHECK(std::regex_match(line, form));
    }
  }
  CHECK(cases >= 150);
}

TEST_CASE("each broken --set is refused with the message below it") {
  std::vector<std::string> arguments = {"parts/valid.yaml"};
  std::string expected;
  int cases = 0;
  const auto check = [&] {
    if (expected.empty()) return;
    INFO(arguments.at(2));
    CHECK(refusal(arguments, corpus()) == expected);
    arguments.resize(1);
    expected.clear();
    ++cases;
  };
  for (const std::string& line : lines(read_file(corpus() / "sets.txt"))) {
    if (line.starts_with("#")) continue;
    if (line.starts_with("$ ")) {
      arguments.insert(arguments.end(), {"--set", line.substr(2)});
    } else if (line.empty()) {
      check();
    } else {
      expected += line + "\n";
    }
  }
  check();
  CHECK(cases >= 20);
}

TEST_CASE("what the broken scenarios are made from is valid") {
  CHECK(run({"check", "parts/valid.yaml"}, {corpus()}).status == 0);
}

TEST_CASE("absurd files are refused quickly") {
  const report::TemporaryFolder folder;
  const auto quickly_refused = [&](const std::string& name, const std::string& text,
                                   const std::string& expected) {
    INFO(name);
    write_file(folder.path() / name, text);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(refusal({name}, folder.path()) == name + expected);
    CHECK(std::chrono::steady_clock::now() - begin <
          std::chrono::seconds(20));  // a slow machine, a sanitizer
  };
  quickly_refused("spaces.yaml", std::string(20u << 20, ' '),
                  ":1:1: error: larger than 16 MiB, expected a text file of sensible size\n");
  std::string many;
  for (int i = 0; i < 1'500'000; ++i) many += "a,";
  quickly_refused(
      "values.yaml", "scenario: [" + many + "]\n",
      ":1:2000010: error: the document has more than 1000000 values (aliases counted as often as they "
      "are used), expected a scenario of sensible size\n");
  quickly_refused("brackets.yaml", std::string(1'000'000, '['),
                  ":1:1: error: nested more than 64 levels deep, expected a scenario of sensible depth\n");
  std::string trace = "at_s\n";
  for (int i = 0; i < 200'001; ++i) trace += "1\n";
  write_file(folder.path() / "long.csv", trace);
  write_file(folder.path() / "trace.yaml",
             "scenario: long\nplatform: {hosts: {w: {}}}\nworkload: {arrivals: {trace: long.csv}}\n"
             "deployment: {processing: {hosts: w, service_time: 1ms}}\n");
  CHECK(refusal({"trace.yaml"}, folder.path()) ==
        "long.csv:200002:1: error: too many requests, expected at most 200000\n");
}

TEST_CASE("files that cannot be read say why, with the nearest name") {
  const report::TemporaryFolder folder;
  write_file(folder.path() / "baseline.yaml", small_scenario());
  CHECK(
      refusal({"basline.yaml"}, folder.path()) ==
      "basline.yaml: error: cannot read the file: there is no such file; did you mean \"baseline.yaml\"?\n");
  CHECK(refusal({"nowhere/else.yaml"}, folder.path()) ==
        "nowhere/else.yaml: error: cannot read the file: there is no such file\n");
  CHECK(refusal({"."}, folder.path()) == ".: error: cannot read the file: it is a folder, expected a file\n");
}

}  // namespace headroom::cli_test
