#include "sim/study/pool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include "sim/base/interrupt.h"

/// The allocator that the program is linked with, and tests are not, aborts where the standard's would call
/// the new-handler; but it calls this first.
extern "C" [[gnu::weak]] void mi_register_error(void (*tell)(int error, void* unused), void* unused);

namespace headroom::study {
namespace {

/// A signal that comes just before poll does not wake it: how long that may go unnoticed.
constexpr int kLookUpMs = 200;

bool interrupted() {
  return interruptions() > 0;
}

/// What children send: frames of a length, a type and as many bytes.
enum class Frame : std::uint8_t { progress = 'p', result = 'r', failure = 'f' };

bool write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool send(int fd, Frame frame, std::string_view payload) {
  std::array<char, 9> header{};
  const std::uint64_t length = payload.size();
  std::memcpy(header.data(), &length, sizeof length);
  header[8] = static_cast<char>(frame);
  return write_all(fd, header.data(), header.size()) && write_all(fd, payload.data(), payload.size());
}

/// Where a child tells of its end. Set in children only.
int failure_fd = -1;

/// Nothing here may allocate. That the memory is gone may be found anywhere, also where nothing can be
/// thrown.
[[noreturn]] void out_of_memory() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::array<char, 100> text{};
  std::snprintf(text.data(), text.size(), "ran out of memory, after %ld MiB", used.ru_maxrss / 1024);
  send(failure_fd, Frame::failure, text.data());
  _exit(4);
}

struct Child {
  int task = 0;
  pid_t pid = 0;
  int fd = -1;
  std::string buffer;
  std::optional<std::string> result;
  std::optional<std::string> failure;
  double share = 0;
};

/// Takes complete frames out of the child's buffer.
void take_frames(Child& child) {
  constexpr std::size_t header = 9;
  while (child.buffer.size() >= header) {
    std::uint64_t length = 0;
    std::memcpy(&length, child.buffer.data(), sizeof length);
    if (child.buffer.size() < header + length) return;
    const auto frame = static_cast<Frame>(child.buffer[8]);
    std::string payload = child.buffer.substr(header, length);
    child.buffer.erase(0, header + length);
    if (frame == Frame::result) {
      child.result = std::move(payload);
    } else if (frame == Frame::failure) {
      child.failure = std::move(payload);
    } else if (payload.size() == sizeof child.share) {
      std::memcpy(&child.share, payload.data(), sizeof child.share);
    }
  }
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return "was killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")" +
           (signal == SIGKILL ? ", as the system does when memory runs out" : "");
  }
  return "ended with status " + std::to_string(WEXITSTATUS(status)) + " and without a result";
}

class Pool {
 public:
  Pool(int tasks, int jobs, const std::function<std::string(int, const std::function<void(double)>&)>& work,
       const std::function<void(double)>& progress,
       const std::function<bool(int, const std::string&)>& finished)
      : tasks_(tasks), jobs_(std::max(1, jobs)), work_(work), progress_(progress), on_result_(finished) {
    result_.results.resize(static_cast<std::size_t>(tasks));
  }

  PoolResult run() {
    const DeferInterrupts defer;
    std::fflush(nullptr);  // or children would print it again
    int next = 0;
    while ((next < tasks_ || !children_.empty()) && !interrupted() && !stopped_) {
      while (next < tasks_ && static_cast<int>(children_.size()) < jobs_ && start(next)) ++next;
      if (children_.empty()) break;  // no process could be started: said in failures
      listen();
    }
    result_.interrupted = interrupted();
    stopped_ = stopped_ || result_.interrupted;
    for (Child& child : children_) kill(child.pid, SIGKILL);
    while (!children_.empty()) finish(children_.size() - 1);
    return std::move(result_);
  }

 private:
  bool start(int task) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return could_not_start(task);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
      close(ends[0]);
      close(ends[1]);
      return could_not_start(task);
    }
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(4);
      signal(SIGINT, SIG_IGN);  // the parent decides
      signal(SIGHUP, SIG_IGN);
      signal(SIGTERM, SIG_DFL);
      close(ends[0]);
      for (const Child& other : children_) close(other.fd);
      be_child(task, ends[1]);
    }
    close(ends[1]);
    Child& child = children_.emplace_back();
    child.task = task;
    child.pid = pid;
    child.fd = ends[0];
    return true;
  }

  /// An exception must not get past here: it would unwind into a second copy of the parent.
  [[noreturn]] void be_child(int task, int fd) noexcept {
    const auto tell = [fd](double share) {
      std::array<char, sizeof share> bytes{};
      std::memcpy(bytes.data(), &share, sizeof share);
      send(fd, Frame::progress, {bytes.data(), bytes.size()});
    };
    failure_fd = fd;
    std::set_new_handler(out_of_memory);
    if (mi_register_error != nullptr)
      mi_register_error(
          [](int error, void*) {
            if (error == ENOMEM) out_of_memory();
          },
          nullptr);
    bool sent = false;
    try {
      sent = send(fd, Frame::result, work_(task, tell));
    } catch (const std::exception& e) {
      send(fd, Frame::failure, std::string("was stopped: ") + e.what());
    }
    std::fflush(nullptr);
    _exit(sent ? 0 : 4);
  }

  /// Without any child there is nobody to wait for: the task fails; otherwise it is tried again later.
  bool could_not_start(int task) {
    if (!children_.empty()) return false;
    result_.failures.push_back({task, std::string("could not be started: ") + std::strerror(errno)});
    return false;
  }

  void listen() {
    std::vector<pollfd> fds;
    for (const Child& child : children_) fds.push_back({child.fd, POLLIN, 0});
    if (poll(fds.data(), fds.size(), kLookUpMs) < 0) return;  // a signal
    for (std::size_t i = fds.size(); i-- > 0;) {
      if (fds[i].revents == 0) continue;
      std::array<char, 65536> bytes{};
      const ssize_t n = read(children_[i].fd, bytes.data(), bytes.size());
      if (n > 0) {
        children_[i].buffer.append(bytes.data(), static_cast<std::size_t>(n));
        take_frames(children_[i]);
      } else if (n == 0 || errno != EINTR) {
        finish(i);
      }
    }
    tell_progress();
  }

  void tell_progress() {
    if (!progress_) return;
    double done = finished_;
    for (const Child& child : children_) done += child.share;
    progress_(done / tasks_);
  }

  void finish(std::size_t i) {
    Child child = std::move(children_[i]);
    children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i));
    close(child.fd);
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (child.result) {
      if (on_result_ && !on_result_(child.task, *child.result)) stopped_ = true;
      result_.results[static_cast<std::size_t>(child.task)] = std::move(child.result);
    } else if (!stopped_ && !interrupted()) {
      result_.failures.push_back({child.task, child.failure ? *child.failure : how_it_ended(status)});
    }
    ++finished_;
  }

  int tasks_;
  int jobs_;
  const std::function<std::string(int, const std::function<void(double)>&)>& work_;
  const std::function<void(double)>& progress_;
  const std::function<bool(int, const std::string&)>& on_result_;
  std::vector<Child> children_;
  int finished_ = 0;
  bool stopped_ = false;  ///< children are killed, and no news
  PoolResult result_;
};

}  // namespace

PoolResult run_pool(int tasks, int jobs,
                    const std::function<std::string(int, const std::function<void(double)>&)>& work,
                    const std::function<void(double)>& progress,
                    const std::function<bool(int, const std::string&)>& finished) {
  return Pool(tasks, jobs, work, progress, finished).run();
}

}  // namespace headroom::study
