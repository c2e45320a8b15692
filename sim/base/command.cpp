#include "sim/base/command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>

#include "sim/base/interrupt.h"

namespace headroom {
namespace {

using Clock = std::chrono::steady_clock;
using How = CommandEnd::How;

constexpr std::size_t kMostBytes = 1'000'000;
/// A signal that comes just before poll does not wake it: how long that may go unnoticed.
constexpr int kLookUpMs = 200;

/// A pipe whose ends close themselves.
class Pipe {
 public:
  Pipe() { open_ = pipe2(ends_.data(), O_CLOEXEC) == 0; }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  bool open() const { return open_; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_end(std::size_t end) {
    if (open_ && ends_.at(end) >= 0) close(ends_.at(end));
    ends_.at(end) = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool open_ = false;
};

/// In the child. Only calls that are safe after fork. If the program cannot be started, `failure` hears why.
[[noreturn]] void become(const Command& command, char* const* argv, int output, int errors, int failure) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (command.undisturbed) setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  if ((command.folder.empty() || chdir(command.folder.c_str()) == 0) && dup2(nothing, STDIN_FILENO) >= 0 &&
      dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0)
    execvp(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const ssize_t ignored = write(failure, &error, sizeof error);
  _exit(127);
}

/// False at the end of what there is to read.
bool read_some(int fd, std::string& text) {
  std::array<char, 4096> bytes{};
  const ssize_t n = read(fd, bytes.data(), bytes.size());
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return false;
  text.append(bytes.data(),
              std::min(static_cast<std::size_t>(n), kMostBytes - std::min(kMostBytes, text.size())));
  return true;
}

/// Reads both until both are at their end, or there is a reason to stop.
How listen(const Command& command, int output, int errors, int interruptions_before, CommandEnd& end) {
  const auto deadline = Clock::now() + std::chrono::seconds(command.seconds);
  std::array<pollfd, 2> fds{{{output, POLLIN, 0}, {errors, POLLIN, 0}}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (!command.undisturbed && interruptions() > interruptions_before) return How::interrupted;
    if (Clock::now() > deadline) return How::late;
    if (poll(fds.data(), fds.size(), kLookUpMs) <= 0) continue;  // also a signal
    if (fds[0].fd >= 0 && fds[0].revents != 0 && !read_some(output, end.output)) fds[0].fd = -1;
    if (fds[1].fd >= 0 && fds[1].revents != 0 && !read_some(errors, end.errors)) fds[1].fd = -1;
  }
  return How::exited;
}

}  // namespace

CommandEnd run_command(const Command& command) {
  CommandEnd end;
  std::vector<std::string> words = command.words;
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Pipe output;
  Pipe errors;
  Pipe failure;
  if (!output.open() || !errors.open() || !failure.open()) return end;
  const int interruptions_before = interruptions();
  const pid_t child = fork();
  if (child < 0) return end;
  if (child == 0) become(command, argv.data(), output.writing(), errors.writing(), failure.writing());
  for (Pipe* pipe : {&output, &errors, &failure}) pipe->close_end(1);
  end.how = listen(command, output.reading(), errors.reading(), interruptions_before, end);
  if (end.how != How::exited) kill(command.undisturbed ? -child : child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  int error = 0;
  if (read(failure.reading(), &error, sizeof error) == sizeof error) {
    end.how = error == EAGAIN || error == ENOMEM ? How::not_started : How::absent;
  } else if (end.how == How::exited) {
    if (WIFSIGNALED(status)) end.how = How::killed;
    end.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  }
  return end;
}

}  // namespace headroom
