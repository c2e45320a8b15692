#include "sim/base/outcome.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

namespace headroom {
namespace {

/// Whether `body` ends in HEADROOM_CHECK's abort; runs it in a child process.
bool aborts(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // Catch2's handler would report the abort as a failed test
    std::fclose(stderr);
    body();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_CASE("an outcome is a value or the reason why there is none") {
  const Outcome<int> good = 42;
  CHECK(good.ok());
  CHECK(static_cast<bool>(good));
  CHECK(*good == 42);

  const Outcome<int> bad = Failure::timeout;
  CHECK_FALSE(bad.ok());
  CHECK_FALSE(static_cast<bool>(bad));
  CHECK(bad.failure() == Failure::timeout);
}

TEST_CASE("an outcome holds what can only be moved") {
  Outcome<std::unique_ptr<std::string>> owned = std::make_unique<std::string>("image");
  const std::unique_ptr<std::string> taken = std::move(*owned);
  CHECK(*taken == "image");
  Outcome<std::string> text = std::string("abc");
  text->push_back('d');
  CHECK(*text == "abcd");
}

TEST_CASE("using a value that is not there, or a reason that is not there, aborts in every build type") {
  const Outcome<int> bad = Failure::refused;
  const Outcome<int> good = 1;
  CHECK(aborts([&] { static_cast<void>(*bad); }));
  CHECK(aborts([&] { static_cast<void>(good.failure()); }));
  CHECK_FALSE(aborts([&] { static_cast<void>(*good); }));
}

}  // namespace
}  // namespace headroom
