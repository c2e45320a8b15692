#pragma once

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "sim/study/load.h"

namespace headroom::study {

/// A folder of its own for a test, gone afterwards.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "headroom-study-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  /// Writes a file and returns its full name.
  std::string write(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file.string();
  }

 private:
  std::filesystem::path path_;
};

/// The scenario in a text; the test fails if it is not valid.
inline ScenarioConfig valid(const std::string& file, const std::vector<std::string>& sets = {}) {
  config::Diagnostics diagnostics;
  const auto scenario = load_scenario(file, sets, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(scenario.has_value());
  return *scenario;
}

/// What is wrong with a text, file names cut off: `line:column: error: …`.
inline std::string errors(const std::string& text, const std::vector<std::string>& sets = {}) {
  const Folder folder;
  const std::string file = folder.write("s.yaml", text);
  config::Diagnostics diagnostics;
  CHECK_FALSE(load_scenario(file, sets, diagnostics).has_value());
  std::string found = diagnostics.text();
  for (auto at = found.find(file + ":"); at != std::string::npos; at = found.find(file + ":"))
    found.erase(at, file.size() + 1);
  return found;
}

/// Whether some error is about this place, `line:column` (or `t.csv:line:column`), and has all these words.
/// The exact words are tests/cli's business.
inline bool says(const std::string& errors, const std::string& where, const std::vector<std::string>& words) {
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    bool all = line.starts_with(where + ": error: ");
    for (const std::string& word : words) all = all && line.find(word) != std::string::npos;
    if (all) return true;
  }
  UNSCOPED_INFO("errors:\n" << errors);
  return false;
}

}  // namespace headroom::study
