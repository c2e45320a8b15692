#include "sim/study/kept.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "sim/base/this_process.h"
#include "sim/study/load.h"
#include "sim/study/run.h"
#include "sim/study/sha1.h"

namespace headroom::study {
namespace {

namespace fs = std::filesystem;
using report::Problem;

constexpr std::string_view kInResult = ".replications";
constexpr std::string_view kHeader = "headroom/replication/1 ";
constexpr std::size_t kHash = 40;
constexpr const char* kLock = "lock";

/// The file's text: what it was written by, a hash of what follows, and that.
std::string sealed(std::string_view contents) {
  return std::string(kHeader) + program_hash() + " " + sha1(contents) + "\n" + std::string(contents);
}

/// What was sealed by this program; nothing if it is torn or another's.
std::optional<std::string> unsealed(const std::string& text) {
  const std::size_t size = kHeader.size() + kHash + 1 + kHash + 1;
  if (text.size() < size) return std::nullopt;
  std::string contents = text.substr(size);
  return text == sealed(contents) ? std::optional(std::move(contents)) : std::nullopt;
}

std::optional<std::string> contents_of(const fs::path& file) {
  const auto text = report::read_file(file);
  const auto* bytes = std::get_if<std::string>(&text);
  return bytes != nullptr ? unsealed(*bytes) : std::nullopt;
}

/// Whether the open file is the one of that name, not one that was removed.
bool is_at(int fd, const fs::path& file) {
  struct stat of_fd{};
  struct stat of_file{};
  return fstat(fd, &of_fd) == 0 && stat(file.c_str(), &of_file) == 0 && of_fd.st_ino == of_file.st_ino;
}

/// Where the file system has no locks, everybody has one.
bool lock_for(int fd, KeptReplications::Use use) {
  return flock(fd, (use == KeptReplications::Use::whole ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 ||
         errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOLCK;
}

/// Whether there is nothing but the lock.
bool empty(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().filename() != kLock) return false;
  return !error;
}

Problem cannot_write(const fs::path& where, int error) {
  return {"cannot write " + where.string() + ": " + std::strerror(error)};
}

}  // namespace

const std::string& program_hash() {
  static const std::string hash = [] {
    const auto bytes = report::read_file("/proc/self/exe");
    const auto* text = std::get_if<std::string>(&bytes);
    return sha1(text != nullptr ? *text : std::string());
  }();
  return hash;
}

std::variant<KeptReplications, Problem> KeptReplications::open(const fs::path& target, Use use) {
  if (auto problem = report::NewFolder::check(target)) return *problem;
  std::error_code error;
  const fs::path folder = report::companion(target, "unfinished");
  fs::create_directories(folder.parent_path(), error);
  if (error) return Problem{"cannot make folder " + folder.parent_path().string() + ": " + error.message()};
  // The children of a sweep that was killed hold the lock for a moment longer, and one that ends takes the
  // folder away with it.
  for (int tries = 0; tries < 40; ++tries) {
    if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
      return Problem{"cannot make a folder in " + folder.parent_path().string() + ": " +
                     std::strerror(errno)};
    const int lock = ::open((folder / kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0) return cannot_write(folder, errno);
    if (lock_for(lock, use) && is_at(lock, folder / kLock))
      return KeptReplications(folder, target / kInResult, lock, use);
    close(lock);
    usleep(25'000);
  }
  return Problem{"another sweep is at work on " + target.string() + "; wait for it, or choose another --out"};
}

KeptReplications::KeptReplications(fs::path folder, fs::path earlier, int lock, Use use)
    : folder_(std::move(folder)), earlier_(std::move(earlier)), lock_(lock), use_(use) {}

KeptReplications::KeptReplications(KeptReplications&& other) noexcept
    : folder_(std::exchange(other.folder_, {})),
      earlier_(std::move(other.earlier_)),
      lock_(std::exchange(other.lock_, -1)),
      use_(other.use_),
      left_(other.left_) {}

KeptReplications::~KeptReplications() {
  // A part leaves what it says of itself, though it may have nothing to keep.
  const bool nothing = !folder_.empty() && (use_ == Use::whole ? unfinished() == 0 : empty(folder_));
  if (nothing && (use_ == Use::whole || lock_for(lock_, Use::whole))) clear();
  if (lock_ >= 0) close(lock_);
}

bool KeptReplications::use(Use use) {
  if (!lock_for(lock_, use)) return false;
  use_ = use;
  return true;
}

std::optional<std::string> KeptReplications::read(const std::string& key) const {
  auto contents = contents_of(folder_ / key);
  return contents ? contents : contents_of(earlier_ / key);
}

std::optional<metrics::ReplicationResult> KeptReplications::find(const std::string& key) const {
  const auto contents = read(key);
  return contents ? metrics::deserialise(*contents) : std::nullopt;
}

std::optional<Problem> KeptReplications::keep(const std::string& key, std::string_view serialised) {
  const fs::path file = folder_ / key;
  const fs::path fresh = folder_ / (key + "." + this_process() + ".new");
  const std::string text = sealed(serialised);
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  int error = fd < 0 ? errno : 0;
  for (std::string_view rest = text; error == 0 && !rest.empty();) {
    const ssize_t n = ::write(fd, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      error = errno;
    else
      rest.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fd >= 0 && close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && rename(fresh.c_str(), file.c_str()) != 0) error = errno;
  if (error == 0) return std::nullopt;
  unlink(fresh.c_str());
  return cannot_write(file, error);
}

std::size_t KeptReplications::unfinished() const {
  std::size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error))
    count += it->path().filename() != kLock && !it->path().has_extension() ? 1 : 0;
  return count;
}

std::optional<Problem> KeptReplications::copy_to(report::NewFolder& result,
                                                 const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) {
    const auto contents = read(key);
    if (!contents) continue;
    if (auto problem = result.write(fs::path(kInResult) / key, sealed(*contents))) return problem;
  }
  return std::nullopt;
}

void KeptReplications::clear() {
  if (left_) return;
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  folder_.clear();
}

std::vector<std::string> replication_keys(const ScenarioConfig& scenario) {
  ScenarioConfig what = scenario;
  what.scenario.clear();
  what.question.reset();
  what.slo.objectives.clear();
  what.forget_studies();
  what.run.replications = 1;
  what.run.until.reset();
  const std::string text = resolved_yaml(what);
  std::vector<std::string> keys;
  for (std::int64_t r = 0; r < scenario.run.replications; ++r)
    keys.push_back(fingerprint(text + "replication " + std::to_string(r) + "\n"));
  return keys;
}

}  // namespace headroom::study
