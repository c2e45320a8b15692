#include "sim/report/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>
#include <utility>

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

bool is_result(const fs::path& folder) {
  std::error_code error;
  if (fs::is_regular_file(folder / "points.csv", error) && fs::is_directory(folder / "runs", error))
    return true;
  const auto summary = read_file(folder / "summary.json");
  const auto* text = std::get_if<std::string>(&summary);
  if (text == nullptr) return false;
  const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  const auto schema = json.find("schema");
  return schema != json.end() && schema->is_string() &&
         schema->get_ref<const std::string&>().starts_with("headroom/");
}

/// The place itself, not a link to it, and without a slash at the end.
fs::path resolved(const fs::path& target) {
  std::error_code error;
  fs::path path = fs::weakly_canonical(fs::absolute(target), error);
  if (error) path = fs::absolute(target).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "host";
  return name.data();
}

/// ".baseline.incomplete-HOST-": the process number follows.
std::string temporary_prefix(const fs::path& target) {
  return fmt::format(".{}.incomplete-{}-", target.filename().string(), host_name());
}

/// Removes what processes of this machine that no longer run left behind for this target.
void clear_remains(const fs::path& target) {
  const std::string prefix = temporary_prefix(target);
  std::error_code error;
  for (fs::directory_iterator it(target.parent_path(), error), end; !error && it != end;
       it.increment(error)) {
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

std::optional<Problem> NewFolder::check(const fs::path& target) {
  const fs::path place = resolved(target);
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  if (error) return cannot("write", place, error.value());
  if (status.type() != fs::file_type::directory) {
    return Problem{fmt::format("{} exists and is not a folder; choose another --out", target.string())};
  }
  const bool empty = fs::is_empty(place, error);
  if (error) return cannot("read", place, error.value());
  if (empty || is_result(place)) return std::nullopt;
  return Problem{
      fmt::format("{} is not empty and not a headroom result, so it is left alone; choose another --out",
                  target.string())};
}

std::variant<NewFolder, Problem> NewFolder::create(const fs::path& target) {
  if (auto problem = check(target)) return *problem;
  const fs::path place = resolved(target);
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (error) return cannot("make folder", place.parent_path(), error.value());
  clear_remains(place);
  const fs::path temporary = place.parent_path() / (temporary_prefix(place) + std::to_string(getpid()));
  fs::remove_all(temporary, error);
  if (mkdir(temporary.c_str(), 0777) != 0) return cannot("make a folder in", place.parent_path(), errno);
  return NewFolder(place, temporary);
}

std::optional<Problem> write_file(const fs::path& path, std::string_view contents) {
  fs::path temporary = path;
  temporary.replace_filename("." + path.filename().string() + "." + std::to_string(getpid()) + ".tmp");
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

std::optional<Problem> NewFolder::commit() {
  if (auto problem = sync_tree(temporary_)) return problem;
  if (auto problem = check(target_)) return problem;
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
