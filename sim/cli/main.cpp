#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>

#include "sim/cli/commands.h"
#include "sim/cli/usage.h"
#include "sim/study/run.h"

int main(int argc, char** argv) {
  using namespace headroom::cli;
  CLI::App app(
      "headroom: how much headroom does a deployment have, and what happens to its users when part of it "
      "breaks?",
      "headroom");
  app.footer("Example: headroom run scenarios/baseline.yaml --set platform.hosts.worker.count=36");
  app.set_version_flag("--version", "headroom " + headroom::study::version());
  app.require_subcommand(1);
  int status = kDone;
  add_run(app, status);
  add_sweep(app, status);
  add_compare(app, status);
  add_check(app, status);
  add_plot(app, status);
  add_calibrate(app, status);
  add_schema(app, status);
  add_metrics(app, status);
  add_list(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) {
      std::fputs(explain(app, e, argc, argv).c_str(), stderr);
      return kBadInput;
    }
    app.exit(e);  // --help, --version
    std::cout.flush();
  } catch (const std::bad_alloc&) {
    std::fputs("headroom: error: out of memory\n", stderr);
    return kOther;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "headroom: error: %s\n", e.what());
    return kOther;
  }
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout) && status == kDone) {
    std::fprintf(stderr, "headroom: error: cannot write to the standard output: %s\n", std::strerror(errno));
    return kOther;
  }
  return status;
}
