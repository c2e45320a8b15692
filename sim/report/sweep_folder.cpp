#include "sim/report/sweep_folder.h"

#include <utility>

#include "sim/report/page.h"
#include "sim/report/sweep_figures.h"
#include "sim/report/sweep_report.h"

namespace headroom::report {

namespace fs = std::filesystem;

Written write_sweep(const fs::path& folder, const SweepFiles& files, bool with_drawings,
                    const std::function<std::optional<Problem>(NewFolder&)>& more) {
  const Sweep& sweep = files.sweep;
  const std::vector<Chart> charts = figures(sweep);
  const auto contents = [&](const fs::path& drawings) {
    Contents all = {{"points.csv", points_csv(sweep)},
                    {"sweep.json", to_json(sweep)},
                    {"scenario.yaml", files.scenario_yaml},
                    {"machine.json", machine_json(files.effort)},
                    {"report.html", html(sweep, charts, drawings)}};
    for (std::size_t n = 0; n < sweep.points.size(); ++n) {
      if (!sweep.points[n].summary) continue;
      const fs::path run = run_folder(sweep, n);
      all.emplace_back(run / "summary.json", to_json(*sweep.points[n].summary));
      all.emplace_back(run / "scenario.yaml", files.runs[n].scenario_yaml);
      all.emplace_back(run / "replications.csv", files.runs[n].replications_csv);
    }
    return all;
  };
  return write_folder(folder, charts, with_drawings, contents, more);
}

std::optional<Problem> redraw_sweep(const fs::path& folder) {
  const auto loaded = load_sweep(folder);
  if (const auto* problem = std::get_if<Problem>(&loaded)) return *problem;
  return redraw_with(figures(std::get<Sweep>(loaded)), folder);
}

}  // namespace headroom::report
