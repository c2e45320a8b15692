#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "sim/base/printable.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/config/diagnostics.h"
#include "sim/config/load.h"
#include "sim/report/paint.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

/// The shipped scenarios: in the current folder, or beside the folder that the program was built in.
fs::path shipped() {
  std::error_code ignored;
  if (fs::is_directory("scenarios", ignored)) return "scenarios";
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  return self.parent_path().parent_path() / "scenarios";
}

std::string text_of(const config::Node& tree, const char* key) {
  const config::Node* node = tree.find(key);
  return node != nullptr && node->is_scalar() ? node->text() : "";
}

}  // namespace

void add_list(CLI::App& app, int& status) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("list", "the shipped scenarios with the question that each asks");
  command->add_option("FOLDER", *folder, "list the scenarios in this folder instead");
  command->footer("Example: headroom list");
  command->callback([folder, &status] {
    const fs::path where = folder->empty() ? shipped() : fs::path(*folder);
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator it(where, error), end; !error && it != end; it.increment(error))
      if (it->path().extension() == ".yaml") files.push_back(it->path());
    if (error || files.empty()) {
      status = fail("no scenarios in " + where.string() + (error ? ": " + error.message() : ""), kBadInput);
      return;
    }
    std::sort(files.begin(), files.end());
    std::size_t width = 0;
    for (const fs::path& file : files)
      width = std::max(width, report::columns(printable_line(file.string())));
    for (const fs::path& file : files) {
      config::Diagnostics diagnostics;
      const auto tree = config::load_tree(file.string(), {}, diagnostics);
      const std::string question = tree ? text_of(*tree, "question") : "(cannot be read)";
      print(report::padded(printable_line(file.string()), width, false) + "  " + printable_line(question) +
            "\n");
    }
  });
}

}  // namespace headroom::cli
