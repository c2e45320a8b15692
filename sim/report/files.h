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
/// disk, renamed. A link is followed.
std::optional<Problem> write_file(const std::filesystem::path&, std::string_view contents);

/// Why files cannot be written into a folder (which is made if need be); nothing if they can, as far as can
/// be told beforehand. It is tried out, and leaves nothing behind.
std::optional<Problem> cannot_hold_files(const std::filesystem::path& folder);
/// The same of one file, which may be there already, or be a link to one.
std::optional<Problem> cannot_hold_file(const std::filesystem::path& file);

/// Where something stands that belongs to a result and is not part of it (yet): ".NAME.SUFFIX" beside the
/// result's folder, or in it where that cannot be renamed (see NewFolder).
std::filesystem::path companion(const std::filesystem::path& target, std::string_view suffix);

/// A folder that appears under its name complete or not at all: it is filled under a temporary name beside
/// its place, synced to disk and renamed. What stood there before is replaced as a whole if it is a headroom
/// result, and refused otherwise. A folder that cannot be renamed (a mount point, the current folder, one in
/// a folder that cannot be written to) is filled in itself: its contents are replaced one by one then, what
/// makes it a result first and last. Dropped without `commit`, it leaves nothing behind; what a killed
/// process left behind is cleared by the next one that writes to the same place.
class NewFolder {
 public:
  /// Whether a result may be written there: the place is free, an empty folder, or an earlier result
  /// (recognised by its summary.json, plan.json or survive.json or, for a sweep, by points.csv beside
  /// runs/), and files can be made there. Checked again by `commit`.
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
  std::optional<Problem> swap_contents();
  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty once committed or moved from
};

}  // namespace headroom::report
