#include "tests/fuzz/reading.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "sim/config/reader.h"
#include "sim/study/load.h"
#include "sim/study/outline.h"

namespace headroom::fuzz {

namespace fs = std::filesystem;

void must(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

Folder::Folder() : path_(fs::temp_directory_path() / ("headroom-fuzz-" + std::to_string(getpid()))) {
  fs::remove_all(path_);
  fs::create_directories(path_ / "scenarios");
  for (const char* shipped : {"platforms", "models"})
    fs::create_directory_symlink(fs::path(HEADROOM_SOURCE_FOLDER) / shipped, path_ / shipped);
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& relative, std::string_view contents) {
  const fs::path file = path_ / relative;
  const auto known = written_.find(relative);
  if (known != written_.end() && known->second == contents) return file.string();
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary).write(contents.data(), static_cast<std::streamsize>(contents.size()));
  written_[relative] = contents;
  return file.string();
}

void Folder::keep_only(const std::map<std::string, std::string>& kept) {
  std::erase_if(written_, [&](const auto& file) {
    if (kept.contains(file.first)) return false;
    fs::remove(path_ / file.first);
    return true;
  });
}

void read_scenario(const std::string& file, std::span<const std::string> sets) {
  config::Diagnostics diagnostics;
  const auto scenario = study::load_scenario(file, sets, diagnostics);
  must(scenario.has_value() == diagnostics.ok(), "a scenario is valid or has an error");
  must(diagnostics.text().empty() == diagnostics.ok(), "an error has a message");
  if (!scenario) return;
  study::outline(*scenario);
  study::warnings(*scenario);
  study::load_warnings(*scenario);
  auto resolved = std::make_shared<config::Source>();
  resolved->name = "resolved";
  resolved->text = study::resolved_yaml(*scenario);
  const auto tree = config::read_text(resolved, diagnostics);
  const auto again = tree ? study::scenario_from(*tree, diagnostics) : std::nullopt;
  if (!again) std::fprintf(stderr, "%s\n%s", resolved->text.c_str(), diagnostics.text().c_str());
  must(again.has_value(), "the resolved text of a valid scenario is valid");
  must(study::resolved_yaml(*again) == resolved->text, "the resolved text means itself");
}

}  // namespace headroom::fuzz
