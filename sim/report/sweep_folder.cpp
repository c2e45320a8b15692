#include "sim/report/sweep_folder.h"

#include <system_error>
#include <utility>

#include "sim/report/page.h"
#include "sim/report/sweep_figures.h"
#include "sim/report/sweep_report.h"

namespace headroom::report {

namespace fs = std::filesystem;

Written write_sweep(const fs::path& folder, const SweepFiles& files, bool with_drawings,
                    const std::function<std::optional<Problem>(NewFolder&)>& more) {
  Written written;
  auto created = NewFolder::create(folder);
  if (auto* problem = std::get_if<Problem>(&created)) {
    written.error = *problem;
    return written;
  }
  NewFolder& fresh = std::get<NewFolder>(created);
  const Sweep& sweep = files.sweep;
  const std::vector<Chart> charts = figures(sweep);
  const fs::path drawings = fresh.path() / "figures";
  if (with_drawings) {
    std::error_code error;
    fs::create_directory(drawings, error);
    if (const auto problem = draw(charts, drawings))
      written.warnings.push_back("no figures: " + problem->message);
    fs::remove(drawings, error);  // only if it stayed empty
  }
  std::vector<std::pair<fs::path, std::string>> contents = {{"points.csv", points_csv(sweep)},
                                                            {"sweep.json", to_json(sweep)},
                                                            {"scenario.yaml", files.scenario_yaml},
                                                            {"machine.json", machine_json(files.effort)},
                                                            {"report.html", html(sweep, charts, drawings)}};
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    if (!sweep.points[n].summary) continue;
    const fs::path run = run_folder(sweep, n);
    contents.emplace_back(run / "summary.json", to_json(*sweep.points[n].summary));
    contents.emplace_back(run / "scenario.yaml", files.runs[n].scenario_yaml);
    contents.emplace_back(run / "replications.csv", files.runs[n].replications_csv);
  }
  for (const auto& [name, text] : contents) {
    written.error = fresh.write(name, text);
    if (written.error) return written;
  }
  if (more) written.error = more(fresh);
  if (!written.error) written.error = fresh.commit();
  return written;
}

std::optional<Problem> redraw_sweep(const fs::path& folder) {
  const auto loaded = load_sweep(folder);
  if (const auto* problem = std::get_if<Problem>(&loaded)) return *problem;
  return redraw_with(figures(std::get<Sweep>(loaded)), folder);
}

}  // namespace headroom::report
