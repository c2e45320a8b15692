#include "sim/base/command.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "sim/base/interrupt.h"

namespace headroom {
namespace {

using How = CommandEnd::How;
using Clock = std::chrono::steady_clock;

Command shell(const std::string& line) {
  Command command;
  command.words = {"sh", "-c", line};
  return command;
}

}  // namespace

TEST_CASE("a command is run to its end: what it printed, and its status") {
  const CommandEnd end = run_command(shell("echo out; echo err >&2; cat; exit 3"));
  CHECK(end.how == How::exited);
  CHECK(end.status == 3);
  CHECK_FALSE(end.good());
  CHECK(end.output == "out\n");
  CHECK(end.errors == "err\n");
  CHECK(run_command(shell("exit 0")).good());
  Command elsewhere = shell("pwd");
  elsewhere.folder = "/";
  CHECK(run_command(elsewhere).output == "/\n");
  // More than a pipe holds, on both; what is too much is left out.
  const CommandEnd much = run_command(shell("yes 1 | head -c 300000; yes 2 | head -c 2000000 >&2"));
  CHECK(much.good());
  CHECK(much.output.size() == 300'000);
  CHECK(much.errors.size() == 1'000'000);
}

TEST_CASE("a command that is absent, killed or late is told apart") {
  Command absent;
  absent.words = {"no-such-program-anywhere"};
  CHECK(run_command(absent).how == How::absent);
  const CommandEnd killed = run_command(shell("kill -9 $$"));
  CHECK(killed.how == How::killed);
  CHECK(killed.status == SIGKILL);
  Command late = shell("sleep 100");
  late.seconds = 1;
  CHECK(run_command(late).how == How::late);
}

TEST_CASE("a signal stops a command, unless it must not be disturbed") {
  const DeferInterrupts defer;
  const std::string line = "kill -INT " + std::to_string(getpid()) + "; sleep 0.5; echo done";
  const CommandEnd stopped = run_command(shell(line + "; sleep 100"));
  CHECK(stopped.how == How::interrupted);
  Command undisturbed = shell(line);
  undisturbed.undisturbed = true;
  const CommandEnd end = run_command(undisturbed);
  CHECK(end.good());
  CHECK(end.output == "done\n");
  CHECK(interruptions() == 2);
}

}  // namespace headroom
