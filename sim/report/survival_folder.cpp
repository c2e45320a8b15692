#include "sim/report/survival_folder.h"

#include <utility>

#include "sim/report/survival_report.h"

namespace headroom::report {

namespace fs = std::filesystem;

Written write_survival(const fs::path& folder, const SurvivalFiles& files, bool with_drawings,
                       const std::function<std::optional<Problem>(NewFolder&)>& more) {
  const std::vector<Chart> charts = figures(files.survival);
  const auto contents = [&](const fs::path& drawings) {
    Contents all = {{"survive.json", to_json(files.survival)},
                    {"survive.csv", to_csv(files.survival)},
                    {"scenario.yaml", files.scenario_yaml},
                    {"machine.json", machine_json(files.effort)},
                    {"report.html", html(files.survival, charts, drawings)}};
    for (const SurvivalFiles::Run& run : files.runs) {
      const fs::path place = run.folder;
      all.emplace_back(place / "summary.json", to_json(run.summary));
      all.emplace_back(place / "scenario.yaml", run.scenario_yaml);
      all.emplace_back(place / "replications.csv", run.replications_csv);
    }
    return all;
  };
  return write_folder(folder, charts, with_drawings, contents, more);
}

std::optional<Problem> redraw_survival(const fs::path& folder) {
  const auto loaded = load_survival(folder);
  if (const auto* problem = std::get_if<Problem>(&loaded)) return *problem;
  return redraw_with(figures(std::get<Survival>(loaded)), folder);
}

}  // namespace headroom::report
