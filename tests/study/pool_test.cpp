#include "sim/study/pool.h"

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace headroom::study {
namespace {

using Tell = std::function<void(double)>;

void pause_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

TEST_CASE("results come by number, whoever is first to finish") {
  const auto work = [](int task, const Tell&) {
    pause_ms(40 * (3 - task));
    return "task " + std::to_string(task);
  };
  for (const int jobs : {1, 2, 4, 100}) {
    const PoolResult result = run_pool(4, jobs, work);
    REQUIRE(result.results.size() == 4);
    for (int i = 0; i < 4; ++i)
      CHECK(result.results[static_cast<std::size_t>(i)] == "task " + std::to_string(i));
    CHECK(result.failures.empty());
    CHECK_FALSE(result.interrupted);
  }
}

TEST_CASE("no tasks, no results; empty results are results") {
  CHECK(run_pool(0, 4, [](int, const Tell&) { return std::string("x"); }).results.empty());
  const PoolResult result = run_pool(2, 2, [](int, const Tell&) { return std::string(); });
  CHECK(result.results == std::vector<std::optional<std::string>>{"", ""});
}

TEST_CASE("large results of any bytes come through") {
  const auto work = [](int task, const Tell&) {
    std::string bytes(3'000'000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(i * 31 + static_cast<std::size_t>(task));
    return bytes;
  };
  const PoolResult result = run_pool(3, 2, work);
  for (int i = 0; i < 3; ++i) CHECK(result.results[static_cast<std::size_t>(i)] == work(i, {}));
}

TEST_CASE("a task that is killed, aborts, or just ends is reported; the others are not harmed") {
  const PoolResult result = run_pool(5, 2, [](int task, const Tell&) -> std::string {
    if (task == 1) kill(getpid(), SIGKILL);
    if (task == 2) {
      signal(SIGABRT, SIG_DFL);  // the test framework's handler would report it
      std::abort();
    }
    if (task == 3) _exit(7);
    return "fine";
  });
  CHECK(result.results == std::vector<std::optional<std::string>>{"fine", {}, {}, {}, "fine"});
  REQUIRE(result.failures.size() == 3);
  std::vector<std::string> reasons(5);
  for (const TaskFailure& f : result.failures) reasons[static_cast<std::size_t>(f.task)] = f.reason;
  CHECK(reasons[1] == "was killed by signal 9 (Killed), as the system does when memory runs out");
  CHECK(reasons[2] == "was killed by signal 6 (Aborted)");
  CHECK(reasons[3] == "ended with status 7 and without a result");
  CHECK_FALSE(result.interrupted);
}

TEST_CASE("an exception in a task ends the task only") {
  const PoolResult result = run_pool(2, 2, [](int task, const Tell&) -> std::string {
    if (task == 0) {
      signal(SIGABRT, SIG_DFL);
      fclose(stderr);  // terminate() would write to it
      throw 1;
    }
    return "fine";
  });
  CHECK(result.results[1] == "fine");
  REQUIRE(result.failures.size() == 1);
  CHECK(result.failures[0].reason == "was killed by signal 6 (Aborted)");
}

TEST_CASE("progress goes from 0 to 1") {
  std::vector<double> seen;
  run_pool(
      2, 1,
      [](int, const Tell& tell) {
        tell(.25);
        pause_ms(20);
        tell(.5);
        pause_ms(20);
        return std::string("x");
      },
      [&seen](double share) { seen.push_back(share); });
  REQUIRE(seen.size() >= 4);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.front() >= 0);
  CHECK(seen.front() < .6);
  CHECK(seen.back() == 1);
}

/// Sends this process a signal after a while.
class Interruption {
 public:
  Interruption(int signal, int after_ms) : helper_(fork()) {
    if (helper_ == 0) {
      pause_ms(after_ms);
      kill(getppid(), signal);
      _exit(0);
    }
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() { waitpid(helper_, nullptr, 0); }

 private:
  pid_t helper_;
};

TEST_CASE("Ctrl-C stops the children and returns what is complete") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto begin = std::chrono::steady_clock::now();
    std::optional<Interruption> interruption;
    interruption.emplace(signal, 400);
    const PoolResult result = run_pool(6, 2, [](int task, const Tell&) -> std::string {
      if (task > 1) pause_ms(60'000);
      return "done";
    });
    CHECK(result.interrupted);
    CHECK(result.results == std::vector<std::optional<std::string>>{"done", "done", {}, {}, {}, {}});
    CHECK(result.failures.empty());
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
    interruption.reset();
    CHECK(waitpid(-1, nullptr, WNOHANG) == -1);  // no child is left
  }
}

TEST_CASE("children ignore the terminal's Ctrl-C: the parent decides") {
  const PoolResult result = run_pool(1, 1, [](int, const Tell&) {
    raise(SIGINT);
    return std::string("still here");
  });
  CHECK(result.results[0] == "still here");
}

TEST_CASE("the signals' former handlers are back afterwards") {
  struct sigaction before{};
  struct sigaction after{};
  sigaction(SIGINT, nullptr, &before);
  run_pool(1, 1, [](int, const Tell&) { return std::string(); });
  sigaction(SIGINT, nullptr, &after);
  CHECK(before.sa_handler == after.sa_handler);
}

TEST_CASE("children die with the parent") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t parent = fork();
  if (parent == 0) {
    run_pool(1, 1, [&ends](int, const Tell&) {
      const pid_t self = getpid();
      if (write(ends[1], &self, sizeof self) != sizeof self) _exit(1);
      pause_ms(60'000);
      return std::string();
    });
    _exit(0);
  }
  pid_t child = 0;
  REQUIRE(read(ends[0], &child, sizeof child) == sizeof child);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  close(ends[1]);
  // The pipe's other end closes when the last process that holds it is gone.
  char byte = 0;
  CHECK(read(ends[0], &byte, 1) == 0);
  close(ends[0]);
}

}  // namespace
}  // namespace headroom::study
