#include "tests/cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sstream>

#include "sim/base/check.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string contents(int fd) {
  std::string text;
  std::array<char, 4096> bytes{};
  off_t at = 0;
  for (ssize_t n = 0; (n = pread(fd, bytes.data(), bytes.size(), at)) > 0; at += n)
    text.append(bytes.data(), static_cast<std::size_t>(n));
  return text;
}

/// What is in the terminal's buffer. It fails when the other side is gone.
void drain(int fd, std::string& text) {
  std::array<char, 4096> bytes{};
  pollfd wait{fd, POLLIN, 0};
  while (poll(&wait, 1, 0) > 0) {
    const ssize_t n = read(fd, bytes.data(), bytes.size());
    if (n <= 0) return;
    text.append(bytes.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace

fs::path root() {
  return HEADROOM_ROOT;
}

std::string small_scenario(const std::string& more) {
  return "scenario: small\nquestion: Does it run?\n"
         "platform: {hosts: {worker: {count: 1, cores: 8}}}\n"
         "workload: {arrivals: {poisson: 64/s}}\n"
         "deployment: {processing: {hosts: worker, service_time: {exponential: {mean: 100ms}}}}\n" +
         more;
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    names.push_back(fs::relative(entry.path(), folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

Program::Program(const std::vector<std::string>& arguments, const Options& options) {
  std::vector<std::string> words = {options.program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  out_ = memfd_create("out", MFD_CLOEXEC);
  err_ = memfd_create("err", MFD_CLOEXEC);
  int screen = -1;
  if (options.terminal) {
    HEADROOM_CHECK(openpty(&terminal_, &screen, nullptr, nullptr, nullptr) == 0, "no terminal");
    fcntl(terminal_, F_SETFD, FD_CLOEXEC);
    fcntl(screen, F_SETFD, FD_CLOEXEC);
  }
  pid_ = fork();
  HEADROOM_CHECK(pid_ >= 0, "no process");
  if (pid_ == 0) {
    setpgid(0, 0);
    if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) _exit(126);
    unsetenv("NO_COLOR");
    for (const std::string& setting : options.environment) {
      const std::size_t equals = setting.find('=');
      setenv(setting.substr(0, equals).c_str(), setting.substr(equals + 1).c_str(), 1);
    }
    const int file = options.standard_output.empty() ? -1 : open(options.standard_output.c_str(), O_WRONLY);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(screen >= 0 ? screen : file >= 0 ? file : out_, STDOUT_FILENO);
    dup2(screen >= 0 ? screen : err_, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  setpgid(pid_, pid_);
  if (screen >= 0) close(screen);
}

Program::~Program() {
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {out_, err_, terminal_})
    if (fd >= 0) close(fd);
}

std::vector<pid_t> Program::children() const {
  const std::string id = std::to_string(pid_);
  std::istringstream list(read_file("/proc/" + id + "/task/" + id + "/children"));
  std::vector<pid_t> pids;
  for (pid_t pid = 0; list >> pid;) pids.push_back(pid);
  std::sort(pids.begin(), pids.end());
  return pids;
}

Finished Program::wait() {
  Finished finished;
  const auto deadline = Clock::now() + std::chrono::minutes(5);
  int status = 0;
  std::string screen;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (terminal_ >= 0) drain(terminal_, screen);
    if (Clock::now() > deadline) kill(-pid_, SIGKILL);
    usleep(2000);
  }
  pid_ = -1;
  if (terminal_ >= 0) drain(terminal_, screen);
  if (WIFEXITED(status)) finished.status = WEXITSTATUS(status);
  finished.out = terminal_ >= 0 ? screen : contents(out_);
  finished.err = contents(err_);
  return finished;
}

Finished run(const std::vector<std::string>& arguments, const Options& options) {
  return Program(arguments, options).wait();
}

std::map<std::string, std::string> bytes_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  for (const std::string& file : files_in(folder))
    if (file != "machine.json" && std::filesystem::is_regular_file(folder / file))
      all[file] = read_file(folder / file);
  return all;
}

bool wait_for(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(50);
  while (!condition() && std::chrono::steady_clock::now() < deadline) usleep(1000);
  return condition();
}

}  // namespace headroom::cli_test
