#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace headroom::report {

/// Why something could not be done, for the person at the keyboard.
struct Problem {
  std::string message;
};

/// The contents of a file.
std::variant<std::string, Problem> read_file(const std::filesystem::path&);

/// Writes a file that appears complete or not at all: under a temporary name beside its place, synced to
/// disk, renamed.
std::optional<Problem> write_file(const std::filesystem::path&, std::string_view contents);

/// A folder that appears under its name complete or not at all: it is filled under a temporary name beside
/// its place, synced to disk and renamed. What stood there before is replaced as a whole if it is a headroom
/// result, and refused otherwise. Dropped without `commit`, it leaves nothing behind; what a killed process
/// left behind is cleared by the next one that writes to the same place.
class NewFolder {
 public:
  /// Whether a result may be written there: the place is free, an empty folder, or an earlier result
  /// (recognised by its summary.json or, for a sweep, by points.csv beside runs/). Checked again by `commit`.
  static std::optional<Problem> check(const std::filesystem::path& target);

  static std::variant<NewFolder, Problem> create(const std::filesystem::path& target);
  NewFolder(NewFolder&&) noexcept;
  NewFolder& operator=(NewFolder&&) = delete;
  ~NewFolder();

  /// Where to put files until `commit`.
  const std::filesystem::path& path() const { return temporary_; }
  /// Writes a file, given its path relative to the folder; makes the folders in between.
  std::optional<Problem> write(const std::filesystem::path& relative, std::string_view contents);
  /// Syncs everything and puts the folder in its place.
  std::optional<Problem> commit();

 private:
  NewFolder(std::filesystem::path target, std::filesystem::path temporary);
  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty once committed or moved from
};

}  // namespace headroom::report
