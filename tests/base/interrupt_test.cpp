#include "sim/base/interrupt.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

namespace headroom {
namespace {

struct Ended {
  int status = -1;  ///< −1: by a signal
  std::string err;
};

/// What becomes of a process that does this; 0 if it comes to its end.
template <class F>
Ended in_process(F work) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    work();
    _exit(0);
  }
  close(ends[1]);
  Ended ended;
  std::array<char, 200> bytes{};
  for (ssize_t n = 0; (n = read(ends[0], bytes.data(), bytes.size())) > 0;)
    ended.err.append(bytes.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) ended.status = WEXITSTATUS(status);
  return ended;
}

}  // namespace

TEST_CASE("a signal ends a process that has nothing to lose, with words and a status") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const Ended ended = in_process([&] {
    end_when_interrupted("interrupted\n", 4);
    raise(signal);
  });
  CHECK(ended.status == 4);
  CHECK(ended.err == "interrupted\n");
}

TEST_CASE("while signals are deferred they are counted; afterwards they end the process again") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const Ended ended = in_process([&] {
    end_when_interrupted("interrupted\n", 4);
    {
      const DeferInterrupts outer;
      if (interruptions() != 0) _exit(1);
      raise(signal);
      const DeferInterrupts inner;  // goes on counting
      if (interruptions() != 1) _exit(2);
      raise(signal);
      if (interruptions() != 2) _exit(3);
    }
    {
      const DeferInterrupts next;
      if (interruptions() != 0) _exit(5);
    }
    raise(signal);
  });
  CHECK(ended.status == 4);
  CHECK(ended.err == "interrupted\n");
}

TEST_CASE("under nohup a closed terminal is no matter") {
  const Ended ended = in_process([] {
    ::signal(SIGHUP, SIG_IGN);
    end_when_interrupted("interrupted\n", 4);
    raise(SIGHUP);
    const DeferInterrupts defer;
    raise(SIGHUP);
    if (interruptions() != 0) _exit(1);
  });
  CHECK(ended.status == 0);
}

}  // namespace headroom
