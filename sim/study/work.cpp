#include "sim/study/work.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "sim/config/diagnostics.h"
#include "sim/metrics/whole.h"
#include "sim/study/load.h"
#include "sim/study/run.h"

namespace headroom::study {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using report::Problem;

constexpr std::string_view kSchema = "headroom/work/1";
constexpr std::string_view kEffort = "effort-";

Problem unreadable(const fs::path& file, const std::string& why) {
  return {"the work in " + file.string() + " cannot be read: " + why};
}

/// The scenario in that file of the work; a problem if it is not what it was when it was written.
std::variant<ScenarioConfig, Problem> read_scenario(const fs::path& file) {
  config::Diagnostics diagnostics;
  auto scenario = load_scenario(file.string(), {}, diagnostics);
  if (!scenario) return unreadable(file, "it is not valid any more:\n" + diagnostics.text());
  return std::move(*scenario);
}

}  // namespace

std::variant<fs::path, Problem> put_work(const fs::path& folder,
                                         const std::vector<const Wanted*>& replications) {
  std::map<const ScenarioConfig*, std::string> files;
  ordered_json list = ordered_json::array();
  for (const Wanted* one : replications) {
    std::string& file = files[one->scenario];
    if (file.empty()) {
      ScenarioConfig scenario = *one->scenario;
      scenario.forget_studies();
      const std::string text = resolved_yaml(scenario);
      file = "scenario-" + fingerprint(text) + ".yaml";
      if (auto problem = report::write_file(folder / file, text)) return *problem;
    }
    list.push_back({{"name", one->name},
                    {"scenario", file},
                    {"number", one->number},
                    {"course", one->keeps == Keeps::course},
                    {"key", one->key}});
  }
  const ordered_json j = {{"schema", kSchema},
                          {"version", version()},
                          {"program", program_hash()},
                          {"replications", std::move(list)}};
  fs::path file = folder / "work.json";
  if (auto problem = report::write_file(file, j.dump(1) + "\n")) return *problem;
  return file;
}

std::variant<Work, Problem> read_work(const fs::path& file, Shard shard) {
  const auto text = report::read_file(file);
  if (const auto* problem = std::get_if<Problem>(&text)) return *problem;
  try {
    const auto j = ordered_json::parse(std::get<std::string>(text));
    if (j.at("schema").get<std::string>() != kSchema) return unreadable(file, "it is no such file");
    if (j.at("program").get<std::string>() != program_hash())
      return Problem{"this is another program (headroom " + version() +
                     ") than the one that wants the work (headroom " + j.at("version").get<std::string>() +
                     "), expected the same executable on every node"};
    Work work;
    std::map<std::pair<std::string, Keeps>, std::vector<std::string>> known_keys;
    for (const auto& described : j.at("replications")) {
      Wanted one;
      one.name = described.at("name").get<std::string>();
      one.number = metrics::whole<int>(described.at("number"), 0);
      one.keeps = described.at("course").get<bool>() ? Keeps::course : Keeps::numbers;
      one.key = described.at("key").get<std::string>();
      const std::string name = described.at("scenario").get<std::string>();
      if (shard.has(work.replications.size())) {
        if (!work.scenarios.contains(name)) {
          auto scenario = read_scenario(file.parent_path() / name);
          if (auto* problem = std::get_if<Problem>(&scenario)) return std::move(*problem);
          work.scenarios.emplace(name, std::move(std::get<ScenarioConfig>(scenario)));
        }
        one.scenario = &work.scenarios.at(name);
        auto& keys = known_keys[{name, one.keeps}];
        if (keys.empty()) keys = replication_keys(*one.scenario, one.keeps);
        if (static_cast<std::size_t>(one.number) >= keys.size() ||
            keys[static_cast<std::size_t>(one.number)] != one.key)
          return unreadable(file, config::quote(one.name) + " is not what it was when it was written");
      }
      work.replications.push_back(std::move(one));
    }
    return work;
  } catch (const ordered_json::exception& e) {
    return unreadable(file, e.what());
  }
}

std::optional<Problem> put_effort(const fs::path& folder, Shard shard, const report::Effort& effort) {
  return report::write_file(folder / (std::string(kEffort) + std::to_string(shard.part) + ".json"),
                            report::to_json(effort).dump(1) + "\n");
}

report::Effort effort_of_parts(const fs::path& folder) {
  report::Effort all;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with(kEffort)) continue;
    const auto text = report::read_file(it->path());
    if (std::holds_alternative<Problem>(text)) continue;
    try {
      report::add_part(all, report::effort_from(ordered_json::parse(std::get<std::string>(text))));
    } catch (const ordered_json::exception&) {
      continue;  // it is told, not decided by
    }
  }
  return all;
}

}  // namespace headroom::study
