#include "tests/architecture/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <string_view>

namespace headroom::architecture {
namespace {

using Edges = std::map<std::string, std::set<std::string>>;

/// Who may use a library. `include` is the first part of what is included, `link` what its targets' names
/// contain in lower case.
struct Owned {
  std::string_view include;
  std::string_view link;
  std::string_view owner;
};
constexpr std::array<Owned, 4> kOwned{{{"yaml-cpp/", "yaml", "sim/config/"},
                                       {"simgrid/", "simgrid", "sim/world/"},
                                       {"xbt/", "simgrid", "sim/world/"},
                                       {"vips/", "vips", "models/processing/calibrate/"}}};

/// `sim/base`, `models/queue`: the first two parts of a path; empty if it has fewer than three.
std::string folder_of(const std::string& path) {
  const std::size_t first = path.find('/');
  const std::size_t second = first == std::string::npos ? first : path.find('/', first + 1);
  return second == std::string::npos ? std::string{} : path.substr(0, second);
}

std::optional<int> floor_of(const std::string& folder) {
  static const std::map<std::string, int> floors = {
      {"sim/base", 1},   {"sim/config", 2},     {"sim/metrics", 2}, {"sim/world", 2}, {"sim/faults", 3},
      {"sim/report", 3}, {"sim/invariants", 3}, {"sim/study", 4},   {"sim/cli", 5}};
  if (folder.starts_with("models/")) return 3;
  const auto it = floors.find(folder);
  return it == floors.end() ? std::nullopt : std::optional(it->second);
}

bool may_use(const std::string& user, const std::string& used) {
  if (user == used) return true;
  if (used == "models/calls" && user.starts_with("models/")) return true;
  return floor_of(user).value_or(0) > floor_of(used).value_or(0);
}

/// What a scenario may say, and what it means without being run: these files of sim/study include no others
/// of it.
bool is_language(const std::string& path) {
  static const std::set<std::string, std::less<>>
      language = {"scenario",    "codecs",  "language",      "load",        "vary_config",
                  "plan_config", "until",   "trace",         "grid",        "catalogue",
                  "metrics",     "traits",  "roles",         "degraded",    "offered_load",
                  "estimate",    "outline", "whole_seconds", "availability"};  // of the last, only the config
  constexpr std::string_view folder = "sim/study/";
  if (!path.starts_with(folder)) return false;
  const std::string_view name = std::string_view(path).substr(folder.size());
  return path != "sim/study/availability.cpp" && language.contains(name.substr(0, name.find('.')));
}

bool is_source(const std::string& path) {
  return path.ends_with(".h") || path.ends_with(".cpp");
}
bool is_build_file(const std::string& path) {
  return path.ends_with("/CMakeLists.txt");
}

struct Include {
  bool quoted;
  std::string path;
};
std::vector<Include> includes(const std::string& text) {
  static const std::regex pattern(R"(^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"])",
                                  std::regex::multiline);
  std::vector<Include> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it)
    found.push_back({(*it)[1] == "\"", (*it)[2]});
  return found;
}

/// One command of a build file, its name in lower case, with its arguments.
struct Command {
  std::string name;
  std::vector<std::string> arguments;
};
std::vector<Command> commands(const std::string& text) {
  static const std::regex comment(R"(#[^\n]*)");
  static const std::regex call(R"((\w+)\s*\(([^()]*)\))");
  static const std::regex word(R"([^\s"]+)");
  const std::string code = std::regex_replace(text, comment, "");
  std::vector<Command> found;
  for (std::sregex_iterator it(code.begin(), code.end(), call), end; it != end; ++it) {
    const std::string arguments = (*it)[2];
    found.push_back({(*it)[1], {}});
    for (std::sregex_iterator w(arguments.begin(), arguments.end(), word); w != end; ++w)
      found.back().arguments.push_back(w->str());
  }
  return found;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// All that can be reached from `start`, over one edge or more.
std::set<std::string> reachable(const Edges& edges, const std::string& start) {
  std::set<std::string> seen;
  std::vector<std::string> open = {start};
  while (!open.empty()) {
    const auto it = edges.find(open.back());
    open.pop_back();
    if (it == edges.end()) continue;
    for (const std::string& next : it->second)
      if (seen.insert(next).second) open.push_back(next);
  }
  return seen;
}

class Checker {
 public:
  explicit Checker(const Tree& tree) : tree_(tree) {}

  std::vector<std::string> run() {
    check_folders();
    for (const auto& [path, text] : tree_)
      if (is_source(path)) check_includes(path, text);
    check_link_lists();
    return std::move(found_);
  }

 private:
  void report(std::string sentence) { found_.push_back(std::move(sentence)); }

  void check_folders() {
    std::set<std::string> folders;
    for (const auto& [path, text] : tree_)
      if (is_source(path)) folders.insert(folder_of(path));
    for (const std::string& folder : folders) {
      if (!floor_of(folder)) report("'" + folder + "' stands on no floor");
      if (!tree_.contains(folder + "/README.md")) report(folder + " has no README.md");
    }
  }

  void check_includes(const std::string& path, const std::string& text) {
    const std::string user = folder_of(path);
    for (const auto& [quoted, included] : includes(text)) {
      const bool prints = included == "cstdio" || included == "iostream" || included == "fmt/ostream.h";
      if (prints && user == "sim/cli" && path != "sim/cli/output.cpp" && path != "sim/cli/main.cpp")
        report(path + " includes <" + included +
               ">: all that is said goes through sim/cli/output.h, which makes it printable");
      if (included == "random") report(path + " includes <random>: draws come from sim/base");
      for (const Owned& library : kOwned)
        if (included.starts_with(library.include) && !path.starts_with(library.owner))
          report(path + " includes " + included + ": that is for " + std::string(library.owner) + " only");
      const bool ours = included.starts_with("sim/") || included.starts_with("models/");
      if (ours != quoted) {
        report(path + " includes " + included +
               ": our own files, and only they, are included in quotes and " + "by their path from the root");
      }
      if (!ours) continue;
      if (!tree_.contains(included)) report(path + " includes " + included + ": there is no such file");
      const std::string used = folder_of(included);
      if (!may_use(user, used)) report(path + " includes " + included + ": " + user + " may not use " + used);
      if (is_language(path) && used == user && !is_language(included))
        report(path + " includes " + included + ": the language of scenarios needs nothing that runs them");
      if (user != used) included_[user].insert(used);
    }
  }

  void check_link_lists() {
    std::map<std::string, std::string> folder_of_target;
    for (const auto& [path, text] : tree_) {
      if (!is_build_file(path)) continue;
      for (const auto& [name, arguments] : commands(text))
        if (!arguments.empty() &&
            (name == "headroom_library" || name == "add_library" || name == "add_executable"))
          folder_of_target[arguments.front()] = folder_of(path);
    }
    Edges linked;
    for (const auto& [path, text] : tree_) {
      if (!is_build_file(path)) continue;
      const std::string user = folder_of(path);
      for (const auto& [name, arguments] : commands(text)) {
        if (name != "headroom_library" && name != "target_link_libraries") continue;
        for (const std::string& argument : arguments) {
          check_linked_library(path, argument);
          const auto it = folder_of_target.find(argument);
          if (it == folder_of_target.end() || it->second == user) continue;
          if (!may_use(user, it->second))
            report(path + " links " + argument + ": " + user + " may not use " + it->second);
          linked[user].insert(it->second);
        }
      }
    }
    for (const auto& [user, used] : included_) {
      const std::set<std::string> through = reachable(linked, user);
      for (const std::string& folder : used)
        if (!through.contains(folder))
          report(user + "/CMakeLists.txt does not link " + folder + ", which is included");
    }
  }

  void check_linked_library(const std::string& path, const std::string& argument) {
    const bool is_library = !argument.ends_with(".cpp") && !argument.starts_with("headroom");
    for (const Owned& library : kOwned) {
      if (is_library && lower(argument).find(library.link) != std::string::npos &&
          !path.starts_with(library.owner)) {
        report(path + " links " + argument + ": that is for " + std::string(library.owner) + " only");
        return;
      }
    }
  }

  const Tree& tree_;
  Edges included_;
  std::vector<std::string> found_;
};

}  // namespace

Tree read_tree(const std::filesystem::path& root) {
  Tree tree;
  for (const char* top : {"sim", "models"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      if (!entry.is_regular_file()) continue;
      const std::string path = entry.path().lexically_relative(root).generic_string();
      if (!is_source(path) && !is_build_file(path) && !path.ends_with("/README.md")) continue;
      std::ifstream file(entry.path());
      tree[path] = {std::istreambuf_iterator<char>(file), {}};
    }
  }
  return tree;
}

std::vector<std::string> violations(const Tree& tree) {
  return Checker(tree).run();
}

}  // namespace headroom::architecture
