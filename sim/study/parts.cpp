#include "sim/study/parts.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "sim/config/diagnostics.h"
#include "sim/config/units.h"
#include "sim/metrics/whole.h"
#include "sim/report/files.h"
#include "sim/study/load.h"
#include "sim/study/run.h"

namespace headroom::study {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using report::Problem;

constexpr std::string_view kSchema = "headroom/part/1";

struct Part {
  Shard shard;
  std::string version;
  std::string program;
  std::string sweep;  ///< name of its file
  std::optional<report::Effort> effort;
};

std::string file_of(Shard shard) {
  return "part-" + std::to_string(shard.part) + "-of-" + std::to_string(shard.of) + ".json";
}

/// Nothing if it is no part's file, or one that cannot be read.
std::optional<Part> read_part(const fs::path& file) {
  const auto text = report::read_file(file);
  if (std::holds_alternative<Problem>(text)) return std::nullopt;
  const auto j = ordered_json::parse(std::get<std::string>(text), nullptr, /*allow_exceptions=*/false);
  try {
    if (!j.is_object() || j.at("schema").get<std::string>() != kSchema) return std::nullopt;
    Part part;
    part.shard = {metrics::whole(j.at("part"), 0), metrics::whole(j.at("of"), 0)};
    part.version = j.at("version").get<std::string>();
    part.program = j.at("program").get<std::string>();
    part.sweep = j.at("sweep").get<std::string>();
    if (j.contains("effort")) part.effort = report::effort_from(j.at("effort"));
    // The name is the claim: a copy under another name is not another part.
    const bool sound = parse_shard(part.shard.name()) && file.filename() == file_of(part.shard) &&
                       fs::path(part.sweep).filename() == part.sweep;
    return sound ? std::optional(part) : std::nullopt;
  } catch (const ordered_json::exception&) {
    return std::nullopt;
  }
}

std::vector<Part> read_parts(const fs::path& folder) {
  std::vector<Part> parts;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".json")
      if (auto part = read_part(it->path())) parts.push_back(std::move(*part));
  return parts;
}

/// "part 2/8", "parts 1/8, 2/8 and 5 more"
std::string names_of(const std::vector<Shard>& shards) {
  constexpr std::size_t kMost = 10;
  std::string text = shards.size() == 1 ? "part " : "parts ";
  const std::size_t shown = shards.size() > kMost ? kMost - 1 : shards.size();
  for (std::size_t i = 0; i < shown; ++i)
    text += (i == 0 ? "" : i + 1 == shards.size() ? " and " : ", ") + shards[i].name();
  if (shown < shards.size()) text += " and " + std::to_string(shards.size() - shown) + " more";
  return text;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  const auto text = report::read_file(file);
  if (std::holds_alternative<Problem>(text)) return lines;
  std::istringstream in(std::get<std::string>(text));
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find_first_not_of(' ');
    lines.push_back(begin == std::string::npos ? "" : line.substr(begin));
  }
  return lines;
}

/// The first line of each that the other does not have there: "one says "seed: 1", the other "seed: 2"".
std::string first_difference(const fs::path& one, const fs::path& other) {
  const std::vector<std::string> a = lines_of(one);
  const std::vector<std::string> b = lines_of(other);
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() && y == b.end()) return "";
  const auto said = [](auto it, const auto& lines) {
    return it == lines.end() ? std::string("nothing") : config::quote(*it);
  };
  return ": the first says " + said(x, a) + " where the other says " + said(y, b);
}

/// Groups parts by something that they say.
template <class Key>
std::map<Key, std::vector<Shard>> grouped(const std::vector<Part>& parts, Key Part::* by) {
  std::map<Key, std::vector<Shard>> groups;
  for (const Part& part : parts) groups[part.*by].push_back(part.shard);
  return groups;
}

/// Parts that another program has computed: their replications are as good as absent.
std::vector<Problem> foreign_parts(const std::vector<Part>& parts) {
  std::map<std::string, std::vector<Shard>> by_program;
  for (const Part& part : parts)
    if (part.program != program_hash())
      by_program[part.version == version()
                     ? "another build of headroom " + part.version
                     : "headroom " + part.version + ", and this is headroom " + version()]
          .push_back(part.shard);
  std::vector<Problem> problems;
  for (const auto& [program, shards] : by_program)
    problems.push_back({names_of(shards) + (shards.size() == 1 ? " was" : " were") + " computed by " +
                        program + ": run " + (shards.size() == 1 ? "it" : "them") +
                        " again with this program, or merge with that one"});
  return problems;
}

std::vector<Problem> different_sweeps(const std::vector<Part>& parts, const fs::path& folder) {
  const auto groups = grouped(parts, &Part::sweep);
  std::vector<Problem> problems;
  for (auto it = std::next(groups.begin()); it != groups.end(); ++it)
    problems.push_back({names_of(groups.begin()->second) + " and " + names_of(it->second) +
                        " are of different sweeps" +
                        first_difference(folder / groups.begin()->first, folder / it->first) +
                        "; run the wrong ones again, or remove " + (folder / "part-I-of-N.json").string() +
                        " of those that are not wanted"});
  return problems;
}

}  // namespace

std::variant<SweepFile, Problem> put_sweep(const Grid& grid, const KeptReplications& kept) {
  const std::string text = resolved_yaml(grid.base);
  SweepFile file{kept.folder() / ("sweep-" + fingerprint(text) + ".yaml")};
  std::error_code error;
  if (fs::exists(file.path, error)) return file;
  if (auto problem = report::write_file(file.path, text)) return *problem;
  config::Diagnostics diagnostics;
  const auto again = load_grid(file.path.string(), {}, {}, diagnostics);
  const auto keys = [](const Grid& of) {
    std::vector<std::string> all;
    for (const Grid::Point& point : of.points)
      for (const std::string& key : replication_keys(point.scenario)) all.push_back(key);
    return all;
  };
  file.faithful = again && keys(*again) == keys(grid);
  if (!file.faithful) fs::remove(file.path, error);
  return file;
}

std::optional<Problem> put_part(const KeptReplications& kept, Shard shard, const fs::path& sweep,
                                const report::Effort* effort) {
  ordered_json j = {
      {"schema", kSchema},    {"part", shard.part},        {"of", shard.of},
      {"version", version()}, {"program", program_hash()}, {"sweep", sweep.filename().string()}};
  if (effort != nullptr) j["effort"] = report::to_json(*effort);
  return report::write_file(kept.folder() / file_of(shard), j.dump(1) + "\n");
}

std::variant<Parts, std::vector<Problem>> parts_in(const KeptReplications& kept, const fs::path& target) {
  std::vector<Part> parts = read_parts(kept.folder());
  if (parts.empty())
    return std::vector<Problem>{{"there is nothing to merge for " + target.string() +
                                 ", expected parts of a sweep, each run with `headroom sweep … --shard I/N "
                                 "--out " +
                                 target.string() + "`"}};
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return std::pair(a.shard.of, a.shard.part) < std::pair(b.shard.of, b.shard.part);
  });
  std::vector<Problem> problems = foreign_parts(parts);
  std::erase_if(parts, [](const Part& part) { return part.program != program_hash(); });
  if (!parts.empty())
    for (Problem& problem : different_sweeps(parts, kept.folder())) problems.push_back(std::move(problem));
  if (!problems.empty()) return problems;

  Parts found;
  found.sweep = kept.folder() / parts.front().sweep;
  for (const Part& part : parts) {
    found.shards.push_back(part.shard);
    if (part.effort) report::add_part(found.effort, *part.effort);
  }
  return found;
}

std::vector<std::string> incomplete_parts(const Parts& parts, const std::vector<std::size_t>& missing,
                                          std::size_t all) {
  std::vector<std::string> sentences;
  std::set<int> cuts;
  std::set<std::pair<int, int>> begun;
  for (const Shard& shard : parts.shards) {
    cuts.insert(shard.of);
    begun.emplace(shard.of, shard.part);
  }
  constexpr std::size_t kMost = 10;
  std::size_t left_out = 0;
  for (const int of : cuts) {
    std::map<int, std::size_t> lacking;
    for (const std::size_t n : missing) ++lacking[static_cast<int>(n % static_cast<std::size_t>(of)) + 1];
    std::vector<Shard> never;
    for (const auto& [part, lacks] : lacking) {
      const Shard shard{part, of};
      if (!begun.contains({of, part})) {
        never.push_back(shard);
        continue;
      }
      // The parts differ by one replication at most.
      const std::size_t has = (all + static_cast<std::size_t>(of - part)) / static_cast<std::size_t>(of);
      if (sentences.size() >= kMost) {
        ++left_out;
        continue;
      }
      sentences.push_back(names_of({shard}) + " is not complete: " + std::to_string(has - lacks) +
                          " of its " + std::to_string(has) + " replications are there");
    }
    if (!never.empty())
      sentences.push_back(names_of(never) + (never.size() == 1 ? " has" : " have") + " not been run");
  }
  if (left_out > 0) sentences.push_back(std::to_string(left_out) + " more parts are not complete");
  return sentences;
}

}  // namespace headroom::study
