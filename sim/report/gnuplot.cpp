#include "sim/report/gnuplot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

#include "sim/base/interrupt.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kNotFound = 127;

/// In the child: becomes gnuplot. Only calls that are safe after fork.
[[noreturn]] void become_gnuplot(const char* folder, const char* script, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY);
  if (chdir(folder) != 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(output, STDERR_FILENO) < 0) {
    _exit(kNotFound - 1);
  }
  execlp("gnuplot", "gnuplot", "-d", script, static_cast<char*>(nullptr));
  _exit(kNotFound);
}

/// Reads what the child prints until it ends, the time is over, or there are more signals than before. True
/// if it ended.
bool read_until_end(int fd, Clock::time_point deadline, int interruptions_before, std::string& output) {
  std::array<char, 4096> buffer;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wait{fd, POLLIN, 0};
    const int ready = poll(&wait, 1, static_cast<int>(left));
    if (interruptions() > interruptions_before) return false;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    if (output.size() < 20'000) output.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

/// The last line of gnuplot's complaint that says something.
std::string last_words(const std::string& output) {
  std::string last;
  std::size_t begin = 0;
  while (begin < output.size()) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    const std::string line = output.substr(begin, end - begin);
    if (line.find_first_not_of(" ^") != std::string::npos) last = line;
    begin = end + 1;
  }
  return last;
}

}  // namespace

std::optional<Problem> run_gnuplot(std::string_view script, const fs::path& folder, int seconds) {
  const fs::path file = folder / ".script.gp";
  {
    std::ofstream out(file, std::ios::binary);
    out << script;
    out.close();
    if (!out) return Problem{"cannot write in " + folder.string()};
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Problem{"cannot start gnuplot: no pipe"};
  const std::string folder_name = fs::absolute(folder).string();
  const pid_t child = fork();
  if (child == 0) become_gnuplot(folder_name.c_str(), ".script.gp", ends[1]);
  close(ends[1]);
  const int interruptions_before = interruptions();
  std::string output;
  bool ended = false;
  int status = 0;
  if (child > 0) {
    ended =
        read_until_end(ends[0], Clock::now() + std::chrono::seconds(seconds), interruptions_before, output);
    if (!ended) kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  close(ends[0]);
  std::error_code ignored;
  fs::remove(file, ignored);
  if (child < 0) return Problem{"cannot start gnuplot: no process"};
  if (interruptions() > interruptions_before) return Problem{"interrupted; `headroom plot` draws them"};
  if (!ended) return Problem{fmt::format("gnuplot did not finish within {} s", seconds)};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotFound) {
    return Problem{"gnuplot was not found: install it (Debian: gnuplot-nox) and run `headroom plot`"};
  }
  return Problem{"gnuplot failed: " + last_words(output)};
}

}  // namespace headroom::report
