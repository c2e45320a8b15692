#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

/// The fuzz targets and what they share.
namespace headroom::fuzz {

/// The targets (README.md says what an input of each is), called by libFuzzer through main.cpp.
void scenario(std::string_view input);
void platform(std::string_view input);
void profile(std::string_view input);
void table(std::string_view input);
void set(std::string_view input);
void replication(std::string_view input);
void result(std::string_view input);

/// Aborts, so that libFuzzer keeps the input.
void must(bool condition, const char* what);

/// A folder of this process's own, with links to the shipped `platforms` and `models`; gone when it ends.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  const std::filesystem::path& path() const { return path_; }
  /// Writes a file, unless it has these contents already, and returns its name.
  std::string write(const std::string& relative, std::string_view contents);
  /// All files that were written and are not among `kept` are removed.
  void keep_only(const std::map<std::string, std::string>& kept);

 private:
  std::filesystem::path path_;
  std::map<std::string, std::string> written_;
};

/// What `headroom check` does with a scenario. It is either refused with a message, or valid; then all that
/// is told of it can be told, and its resolved text means the same.
void read_scenario(const std::string& file, std::span<const std::string> sets = {});

}  // namespace headroom::fuzz
