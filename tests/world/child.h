#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace headroom::world {

/// Runs `body` in a child process and returns the numbers that it returned: SimGrid allows one engine per
/// process, ever. Fails the test if the child dies, or leaks in a build that can tell.
inline std::vector<double> in_child(const std::function<std::vector<double>()>& body) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::fflush(nullptr);  // or SimGrid would write our buffers a second time
  const pid_t parent = getpid();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    close(ends[0]);
    const std::vector<double> numbers = body();
    const auto* bytes = reinterpret_cast<const char*>(numbers.data());
    std::size_t left = numbers.size() * sizeof(double);
    while (left > 0) {
      const ssize_t n = write(ends[1], bytes, left);
      if (n <= 0) _exit(2);
      bytes += n;
      left -= static_cast<std::size_t>(n);
    }
    close(ends[1]);
#ifdef __SANITIZE_ADDRESS__
    if (__lsan_do_recoverable_leak_check() != 0) _exit(3);
#endif
    _exit(0);
  }
  close(ends[1]);
  std::vector<double> numbers;
  double x = 0;
  std::size_t have = 0;
  while (true) {
    const ssize_t n = read(ends[0], reinterpret_cast<char*>(&x) + have, sizeof x - have);
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
    if (have == sizeof x) {
      numbers.push_back(x);
      have = 0;
    }
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  INFO("exit status of the child: " << status);
  REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  return numbers;
}

}  // namespace headroom::world
