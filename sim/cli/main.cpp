#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <string>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/usage.h"
#include "sim/study/run.h"

int main(int argc, char** argv) {
  using namespace headroom::cli;
  headroom::end_when_interrupted("headroom: interrupted; nothing was written\n", kOther);
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
  add_plan(app, status);
  add_survive(app, status);
  add_year(app, status);
  add_merge(app, status);
  add_part(app, status);
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
      print_to_stderr(explain(app, e, argc, argv));
      return kBadInput;
    }
    app.exit(e);  // --help, --version
    std::cout.flush();
  } catch (const std::bad_alloc&) {
    return fail("out of memory", kOther);
  } catch (const std::exception& e) {
    return fail(e.what(), kOther);
  }
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout) && status == kDone) {
    return fail(std::string("cannot write to the standard output: ") + std::strerror(errno), kOther);
  }
  return status;
}
