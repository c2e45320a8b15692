#include "sim/report/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "sim/base/this_process.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;

Problem cannot(std::string_view what, const fs::path& where, int error) {
  return {fmt::format("cannot {} {}: {}", what, where.string(), std::strerror(error))};
}

/// An open file that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::optional<Problem> sync(const fs::path& path, int flags) {
  const Descriptor file(open(path.c_str(), flags | O_CLOEXEC));
  if (file.get() < 0 || fsync(file.get()) != 0) return cannot("write", path, errno);
  return std::nullopt;
}

std::optional<Problem> sync_tree(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (auto problem = sync(it->path(), it->is_directory() ? O_RDONLY | O_DIRECTORY : O_RDONLY))
      return problem;
  }
  if (error) return cannot("write", folder, error.value());
  return sync(folder, O_RDONLY | O_DIRECTORY);
}

/// Whether it is JSON of one of our schemas.
bool is_ours(const fs::path& file) {
  const auto contents = read_file(file);
  const auto* text = std::get_if<std::string>(&contents);
  if (text == nullptr) return false;
  const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  const auto schema = json.find("schema");
  return schema != json.end() && schema->is_string() &&
         schema->get_ref<const std::string&>().starts_with("headroom/");
}

bool is_result(const fs::path& folder) {
  std::error_code error;
  if (fs::is_regular_file(folder / "points.csv", error) && fs::is_directory(folder / "runs", error))
    return true;
  return is_ours(folder / "summary.json") || is_ours(folder / "plan.json") ||
         is_ours(folder / "survive.json") || is_ours(folder / "year.json");
}

/// The place itself, not a link to it, and without a slash at the end.
fs::path resolved(const fs::path& target) {
  std::error_code error;
  fs::path path = fs::weakly_canonical(fs::absolute(target), error);
  if (error) path = fs::absolute(target).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

/// The folder's name as part of a longer one: a long one is cut, and told apart by a hash (FNV-1a).
std::string part_of_name(const fs::path& place) {
  constexpr std::size_t kLongest = 120;
  std::string name = place.filename().string();
  if (name.size() <= kLongest) return name;
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return fmt::format("{}~{:016x}", name.substr(0, kLongest - 17), hash);
}

std::string companion_name(const fs::path& place, std::string_view suffix) {
  return fmt::format(".{}.{}", part_of_name(place), suffix);
}

/// "incomplete-HOST-": the process number follows.
std::string temporary_suffix() {
  return fmt::format("incomplete-{}-", host_name());
}

/// Tries to make something in a folder that is there: a file without a name, of which nothing can stay
/// behind, or a folder where the file system has no such files.
std::optional<Problem> try_out(const fs::path& folder, const fs::path& for_what) {
  if (const Descriptor file(open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600)); file.get() >= 0)
    return std::nullopt;
  const fs::path trial = folder / fmt::format(".headroom-{}", getpid());
  if (mkdir(trial.c_str(), 0777) == 0 || errno == EEXIST) {
    rmdir(trial.c_str());
    return std::nullopt;
  }
  return Problem{fmt::format("cannot write {}: nothing can be made in {}: {}", for_what.string(),
                             folder.string(), std::strerror(errno))};
}

/// What is wrong with the way to something that is not there; tried out at the nearest folder that is.
std::optional<Problem> way_is_barred(const fs::path& place, const fs::path& for_what) {
  fs::path there = place;
  std::error_code error;
  fs::file_type type = fs::symlink_status(there, error).type();
  while (type == fs::file_type::not_found && there.has_relative_path()) {
    there = there.parent_path();
    type = fs::symlink_status(there, error).type();
  }
  if (type == fs::file_type::none) return cannot("write", for_what, error.value());
  if (type == fs::file_type::symlink && !fs::exists(there, error))
    return Problem{fmt::format("cannot write {}: {} is a link to {}, which does not exist", for_what.string(),
                               there.string(), fs::read_symlink(there, error).string())};
  if (!fs::is_directory(there, error))
    return Problem{
        fmt::format("cannot write {}: {} is a file, not a folder", for_what.string(), there.string())};
  return try_out(there, for_what);
}

bool is_mount_point(const fs::path& folder) {
  struct statx info{};
  return statx(AT_FDCWD, folder.c_str(), 0, 0, &info) == 0 &&
         (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/// Whether it is there and cannot change places with another folder.
bool stays_in_place(const fs::path& place) {
  std::error_code error;
  if (!fs::is_directory(place, error)) return false;
  return is_mount_point(place) || fs::equivalent(place, ".", error) || try_out(place.parent_path(), place);
}

/// Where the companions of the place stand.
fs::path base_of(const fs::path& place) {
  return stays_in_place(place) ? place : place.parent_path();
}

/// Names in a folder but for its companions, what makes it a result last.
std::vector<fs::path> names_in(const fs::path& folder, const fs::path& place, std::error_code& error) {
  const std::string companions = companion_name(place, "");
  std::vector<fs::path> names;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (const fs::path name = it->path().filename(); !name.string().starts_with(companions))
      names.push_back(name);
  std::stable_partition(names.begin(), names.end(), [](const fs::path& name) {
    return name != "summary.json" && name != "points.csv" && name != "sweep.json" && name != "plan.json" &&
           name != "survive.json" && name != "year.json";
  });
  return names;
}

/// Removes what processes of this machine that no longer run left behind for this target.
void clear_remains(const fs::path& place) {
  const std::string prefix = companion_name(place, temporary_suffix());
  std::error_code error;
  for (fs::directory_iterator it(base_of(place), error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const std::string number = name.substr(prefix.size());
    if (number.empty() || number.size() > 9 || number.find_first_not_of("0123456789") != std::string::npos)
      continue;
    const pid_t pid = std::stoi(number);
    std::error_code ignored;
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(it->path(), ignored);
  }
}

}  // namespace

std::variant<std::string, Problem> read_file(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return cannot("read", path, EISDIR);
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot("read", path, errno);
  std::ostringstream contents;
  contents << file.rdbuf();
  if (file.bad()) return cannot("read", path, EIO);
  return std::move(contents).str();
}

std::optional<Problem> cannot_hold_files(const fs::path& folder) {
  const fs::path place = resolved(folder);
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (status.type() == fs::file_type::not_found) return way_is_barred(place, folder);
  if (error) return cannot("write", folder, error.value());
  if (status.type() != fs::file_type::directory)
    return Problem{fmt::format("{} exists and is not a folder; choose another --out", folder.string())};
  return try_out(place, folder);
}

std::optional<Problem> cannot_hold_file(const fs::path& file) {
  const fs::path place = resolved(file);
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (status.type() == fs::file_type::not_found) return way_is_barred(place, file);
  if (error) return cannot("write", file, error.value());
  return try_out(place.parent_path(), file);
}

fs::path companion(const fs::path& target, std::string_view suffix) {
  const fs::path place = resolved(target);
  return base_of(place) / companion_name(place, suffix);
}

std::optional<Problem> NewFolder::check(const fs::path& target) {
  const fs::path place = resolved(target);
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (status.type() == fs::file_type::not_found) return way_is_barred(place, target);
  if (error) return cannot("write", place, error.value());
  if (status.type() != fs::file_type::directory) {
    return Problem{fmt::format("{} exists and is not a folder; choose another --out", target.string())};
  }
  const bool empty = names_in(place, place, error).empty();
  if (error) return cannot("read", place, error.value());
  if (!empty && !is_result(place))
    return Problem{
        fmt::format("{} is not empty and not a headroom result, so it is left alone; choose another --out",
                    target.string())};
  return try_out(base_of(place), target);
}

std::variant<NewFolder, Problem> NewFolder::create(const fs::path& target) {
  if (auto problem = check(target)) return *problem;
  const fs::path place = resolved(target);
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (error) return cannot("make folder", place.parent_path(), error.value());
  clear_remains(place);
  const fs::path base = base_of(place);
  const fs::path temporary = base / (companion_name(place, "incomplete-" + this_process()));
  fs::remove_all(temporary, error);
  if (mkdir(temporary.c_str(), 0777) != 0) return cannot("make a folder in", base, errno);
  return NewFolder(place, temporary);
}

std::optional<Problem> write_file(const fs::path& named, std::string_view contents) {
  const fs::path path = resolved(named);
  const fs::path temporary = path.parent_path() / companion_name(path, this_process() + ".tmp");
  const auto fail = [&](int error) {
    unlink(temporary.c_str());
    return cannot("write", path, error);
  };
  {
    constexpr int kEveryoneReads = 0644;
    const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kEveryoneReads));
    if (file.get() < 0) return cannot("write", path, errno);
    while (!contents.empty()) {
      const ssize_t n = ::write(file.get(), contents.data(), contents.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return fail(n < 0 ? errno : EIO);
      contents.remove_prefix(static_cast<std::size_t>(n));
    }
    if (fsync(file.get()) != 0) return fail(errno);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return fail(errno);
  return std::nullopt;
}

NewFolder::NewFolder(fs::path target, fs::path temporary)
    : target_(std::move(target)), temporary_(std::move(temporary)) {}

NewFolder::NewFolder(NewFolder&& other) noexcept
    : target_(std::move(other.target_)), temporary_(std::exchange(other.temporary_, {})) {}

NewFolder::~NewFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

std::optional<Problem> NewFolder::write(const fs::path& relative, std::string_view contents) {
  const fs::path path = temporary_ / relative;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return cannot("make folder", path.parent_path(), error.value());
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) return cannot("write", path, errno);
  while (!contents.empty()) {
    const ssize_t n = ::write(file.get(), contents.data(), contents.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot("write", target_ / relative, errno);
    contents.remove_prefix(static_cast<std::size_t>(n));
  }
  return std::nullopt;
}

/// What stands in the folder goes into the temporary one, and what stands there comes out of it.
std::optional<Problem> NewFolder::swap_contents() {
  std::error_code error;
  const fs::path replaced = temporary_ / companion_name(target_, "replaced");
  fs::create_directory(replaced, error);
  const auto move = [&](const fs::path& name, const fs::path& from, const fs::path& to) {
    if (!error) fs::rename(from / name, to / name, error);
  };
  std::vector<fs::path> old = names_in(target_, target_, error);
  std::reverse(old.begin(), old.end());  // what makes it a result goes first
  for (const fs::path& name : old) move(name, target_, replaced);
  if (!error)
    for (const fs::path& name : names_in(temporary_, target_, error)) move(name, temporary_, target_);
  if (error) return cannot("replace what is in", target_, error.value());
  fs::remove_all(temporary_, error);
  return std::nullopt;
}

std::optional<Problem> NewFolder::commit() {
  if (auto problem = sync_tree(temporary_)) return problem;
  if (auto problem = check(target_)) return problem;
  if (temporary_.parent_path() == target_) {
    if (auto problem = swap_contents()) return problem;
    temporary_.clear();
    return sync(target_, O_RDONLY | O_DIRECTORY);
  }
  // Over nothing or an empty folder, a plain rename; otherwise both names change places in one step.
  if (rename(temporary_.c_str(), target_.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST) return cannot("write", target_, errno);
    if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
      // A file system that cannot exchange: remove, then rename.
      std::error_code error;
      fs::remove_all(target_, error);
      if (error) return cannot("replace", target_, error.value());
      if (rename(temporary_.c_str(), target_.c_str()) != 0) return cannot("write", target_, errno);
    } else {
      std::error_code ignored;
      fs::remove_all(temporary_, ignored);  // the old result
    }
  }
  temporary_.clear();
  return sync(target_.parent_path(), O_RDONLY | O_DIRECTORY);
}

}  // namespace headroom::report
