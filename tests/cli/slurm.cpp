#include "tests/cli/slurm.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "sim/base/command.h"
#include "tests/cli/program.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// One that nobody listens on just now.
int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    port = ntohs(address.sin_port);
  close(fd);
  return port;
}

/// Daemons are where users do not look for programs.
std::string daemon(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/local/sbin/", "/sbin/", "/usr/bin/", "/usr/local/bin/"})
    if (access((folder + name).c_str(), X_OK) == 0) return folder + name;
  return "";
}

std::string user() {
  CommandEnd end = run_command({.words = {"id", "-un"}, .folder = ""});
  return end.output.substr(0, end.output.find('\n'));
}

}  // namespace

Slurm::Slurm() {
  start();
  if (!absent_.empty()) return;
  const auto deadline = Clock::now() + std::chrono::seconds(30);
  while (Clock::now() < deadline) {
    if (ask({"sinfo", "--noheader", "--format=%T"}) == "idle") return;
    usleep(100'000);
  }
  absent_ = "Slurm does not start here: " + ask({"sinfo", "--noheader", "--format=%T %E"}) + "\n" +
            read_file(folder_.path() / "slurmctld.log").substr(0, 2000);
}

Slurm::~Slurm() {
  if (daemons_.size() > 1) ask({"scancel", "--user=" + user()});
  // In reverse: slurmd first. What does not end by itself is killed.
  for (auto pid = daemons_.rbegin(); pid != daemons_.rend(); ++pid) {
    kill(*pid, SIGTERM);
    const auto deadline = Clock::now() + std::chrono::seconds(5);
    while (waitpid(*pid, nullptr, WNOHANG) == 0) {
      if (Clock::now() > deadline) kill(*pid, SIGKILL);
      usleep(10'000);
    }
  }
}

void Slurm::launch(const std::vector<std::string>& words, const std::string& log) {
  std::vector<std::string> copy = words;
  std::vector<char*> argv;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int out = open((folder_.path() / log).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(out);
  if (pid > 0) daemons_.push_back(pid);
}

void Slurm::start() {
  const std::string munged = daemon("munged");
  const std::string controller = daemon("slurmctld");
  const std::string node = daemon("slurmd");
  if (munged.empty() || controller.empty() || node.empty() ||
      run_command({.words = {"sbatch", "--version"}, .folder = ""}).how == CommandEnd::How::absent) {
    absent_ = "there is no Slurm (Debian: slurmctld slurmd slurm-client munge)";
    return;
  }
  const fs::path& here = folder_.path();
  chmod(here.c_str(), 0755);  // munged asks that others may come in
  const std::string in = here.string() + "/";
  write_file(here / "key",
             read_file("/proc/sys/kernel/random/uuid") + read_file("/proc/sys/kernel/random/uuid"));
  chmod((in + "key").c_str(), 0600);
  fs::create_directory(here / "state");
  fs::create_directory(here / "spool");
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  const std::string host = std::string(name.data()).substr(0, std::string(name.data()).find('.'));
  const std::string me = user();
  write_file(
      here / "slurm.conf",
      "ClusterName=test\nSlurmctldHost=" + host + "(127.0.0.1)\nSlurmUser=" + me + "\nSlurmdUser=" + me +
          "\nAuthType=auth/munge\nAuthInfo=socket=" + in +
          "munge.socket\nSlurmctldPort=" + std::to_string(free_port()) +
          "\nSlurmdPort=" + std::to_string(free_port()) + "\nStateSaveLocation=" + in +
          "state\nSlurmdSpoolDir=" + in + "spool\nSlurmctldPidFile=" + in + "ctld.pid\nSlurmdPidFile=" + in +
          "slurmd.pid\nProctrackType=proctrack/pgid\nTaskPlugin=task/none\nMpiDefault=none\n"
          "SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nReturnToService=2\nMinJobAge=300\n"
          // What is there for large clusters takes seconds of a small one.
          "SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0\nKillWait=2\n"
          // It need not have what it says it has.
          "SlurmdParameters=config_overrides\nNodeName=" +
          host + " NodeAddr=127.0.0.1 CPUs=4 RealMemory=100 State=UNKNOWN\nPartitionName=main Nodes=" + host +
          " Default=YES MaxTime=INFINITE State=UP\n");
  launch({munged, "--foreground", "--force", "--socket=" + in + "munge.socket", "--key-file=" + in + "key",
          "--pid-file=" + in + "munged.pid", "--log-file=" + in + "munged.log", "--seed-file=" + in + "seed"},
         "munged.out");
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  while (!fs::exists(here / "munge.socket") && Clock::now() < deadline) usleep(10'000);
  launch({controller, "-D", "-f", in + "slurm.conf"}, "slurmctld.log");
  launch({node, "-D", "-f", in + "slurm.conf"}, "slurmd.log");
}

std::string Slurm::environment() const {
  return "SLURM_CONF=" + (folder_.path() / "slurm.conf").string();
}

std::string Slurm::ask(const std::vector<std::string>& words) const {
  Command command;
  command.words = {"env", environment()};
  command.words.insert(command.words.end(), words.begin(), words.end());
  std::string text = run_command(command).output;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace headroom::cli_test
