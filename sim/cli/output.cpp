#include "sim/cli/output.h"

#include <cstdio>
#include <string>

#include "sim/base/printable.h"

namespace headroom::cli {
namespace {

void write(std::FILE* where, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), where);
}

void line(std::string_view kind, std::string_view message) {
  write(stderr, "headroom: " + std::string(kind) + printable(message) + "\n");
}

}  // namespace

void print(std::string_view text) {
  write(stdout, printable(text));
}

void print_painted(std::string_view text) {
  write(stdout, text);
}

void flush() {
  std::fflush(stdout);
}

void say_error(std::string_view message) {
  line("error: ", message);
}

void say_warning(std::string_view message) {
  line("warning: ", message);
}

void say(std::string_view message) {
  line("", message);
}

void print_to_stderr(std::string_view lines) {
  write(stderr, printable(lines));
}

void complain(const config::Diagnostics& diagnostics) {
  print_to_stderr(diagnostics.text());
}

int fail(std::string_view message, int status) {
  say_error(message);
  return status;
}

int fail(const report::Problem& problem, int status) {
  return fail(problem.message, status);
}

}  // namespace headroom::cli
