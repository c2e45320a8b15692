#include "sim/report/gnuplot.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>

#include "sim/base/command.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;

/// The last line of gnuplot's complaint that says something.
std::string last_words(const std::string& output) {
  std::string last;
  std::size_t begin = 0;
  while (begin < output.size()) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    const std::string line = output.substr(begin, end - begin);
    if (line.find_first_not_of(" ^") != std::string::npos) last = line;
    begin = end + 1;
  }
  return last;
}

}  // namespace

std::optional<Problem> run_gnuplot(std::string_view script, const fs::path& folder, int seconds) {
  const fs::path file = folder / ".script.gp";
  {
    std::ofstream out(file, std::ios::binary);
    out << script;
    out.close();
    if (!out) return Problem{"cannot write in " + folder.string()};
  }
  Command command;
  command.words = {"gnuplot", "-d", ".script.gp"};
  command.folder = folder.string();
  command.seconds = seconds;
  const CommandEnd end = run_command(command);
  std::error_code ignored;
  fs::remove(file, ignored);
  switch (end.how) {
    case CommandEnd::How::not_started:
      return Problem{"cannot start gnuplot: no process"};
    case CommandEnd::How::interrupted:
      return Problem{"interrupted; `headroom plot` draws them"};
    case CommandEnd::How::late:
      return Problem{fmt::format("gnuplot did not finish within {} s", seconds)};
    case CommandEnd::How::absent:
      return Problem{"gnuplot was not found: install it (Debian: gnuplot-nox) and run `headroom plot`"};
    case CommandEnd::How::exited:
    case CommandEnd::How::killed:
      break;
  }
  if (end.good()) return std::nullopt;
  return Problem{"gnuplot failed: " + last_words(end.output + end.errors)};
}

}  // namespace headroom::report
