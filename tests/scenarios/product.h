#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/report/temporary_folder.h"

namespace headroom::scenarios {

/// One `headroom run`, in a folder of its own that is gone with this.
class ProductRun {
 public:
  /// `options`: as on the command line, without `--out`. Nothing is printed but errors.
  ProductRun(const std::string& executable, const std::filesystem::path& scenario,
             const std::vector<std::string>& options) {
    std::string command = quoted(executable) + " run " + quoted(scenario.string());
    for (const std::string& option : options) command += " " + quoted(option);
    command += " --quiet --no-figures --out " + quoted((folder_.path() / "result").string());
    const int raw = std::system(command.c_str());
    status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  }
  /// Exit status.
  int status() const { return status_; }
  std::filesystem::path path(const std::string& name) const { return folder_.path() / "result" / name; }
  /// Contents of a file of the result folder; empty if there is none.
  std::string text(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }

 private:
  static std::string quoted(const std::string& word) {
    std::string q = "'";
    for (const char c : word) q += c == '\'' ? "'\\''" : std::string(1, c);
    return q + "'";
  }
  report::TemporaryFolder folder_;
  int status_ = 0;
};

}  // namespace headroom::scenarios
