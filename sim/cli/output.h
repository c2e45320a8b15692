#pragma once

#include <string_view>

#include "sim/config/diagnostics.h"
#include "sim/report/files.h"

/// All that the program says goes through these, so that nothing in a scenario, a result or a file's name can
/// steer the terminal (see base/printable.h).
namespace headroom::cli {

/// To the standard output. A table that was painted is passed through as it is: its painter made it
/// printable.
void print(std::string_view text);
void print_painted(std::string_view text);

/// So that what was said is seen although something long follows.
void flush();

/// To the standard error: "headroom: error: …", "headroom: warning: …", "headroom: …", each a line.
void say_error(std::string_view message);
void say_warning(std::string_view message);
void say(std::string_view message);
/// Whole lines, to the standard error.
void print_to_stderr(std::string_view lines);
/// All that is wrong with the input, each with its place.
void complain(const config::Diagnostics& diagnostics);

/// Says what is wrong; the exit status to end with.
int fail(std::string_view message, int status);
int fail(const report::Problem& problem, int status);

}  // namespace headroom::cli
