#include "sim/report/result_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <set>
#include <system_error>
#include <utility>

#include "sim/report/fault_bands.h"
#include "sim/report/html.h"
#include "sim/report/journal_lines.h"
#include "sim/report/machine.h"
#include "sim/report/page.h"
#include "sim/report/replications.h"
#include "sim/report/summary.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;

Problem in(const fs::path& file, const Problem& problem) {
  return {file.string() + ": " + problem.message};
}

/// Draws into a folder of its own beside `figures` and moves what was drawn there, so that a figure is either
/// the old one or the new one.
std::optional<Problem> draw_in_place(const std::vector<Chart>& charts, const fs::path& figures) {
  const fs::path fresh = figures.parent_path() / fmt::format(".{}-{}", figures.filename().string(), getpid());
  std::error_code error;
  fs::create_directories(figures, error);
  if (!error) fs::create_directories(fresh, error);
  if (error) return Problem{fmt::format("cannot write {}: {}", figures.string(), error.message())};
  auto problem = draw(charts, fresh);
  if (!problem) {
    for (const auto& entry : fs::directory_iterator(fresh, error)) {
      fs::rename(entry.path(), figures / entry.path().filename(), error);
      if (error) problem = Problem{fmt::format("cannot write {}: {}", figures.string(), error.message())};
    }
  }
  fs::remove_all(fresh, error);
  return problem;
}

}  // namespace

void add_files(NewFolder& fresh, const fs::path& below, const std::vector<Chart>& charts, bool with_drawings,
               const std::function<Contents(const fs::path& drawings)>& contents, Written& written) {
  const fs::path drawings = fresh.path() / below / "figures";
  if (with_drawings) {
    std::error_code error;
    fs::create_directories(drawings, error);
    if (const auto problem = draw(charts, drawings)) {
      const std::string warning = "no figures: " + problem->message;
      if (std::find(written.warnings.begin(), written.warnings.end(), warning) == written.warnings.end())
        written.warnings.push_back(warning);
    }
    fs::remove(drawings, error);  // only if it stayed empty
  }
  for (const auto& [name, text] : contents(drawings)) {
    written.error = fresh.write(below / name, text);
    if (written.error) return;
  }
}

Written write_folder(const fs::path& folder, const std::function<void(NewFolder&, Written&)>& fill) {
  Written written;
  auto created = NewFolder::create(folder);
  if (auto* problem = std::get_if<Problem>(&created)) {
    written.error = *problem;
    return written;
  }
  NewFolder& fresh = std::get<NewFolder>(created);
  fill(fresh, written);
  if (!written.error) written.error = fresh.commit();
  return written;
}

Written write_folder(const fs::path& folder, const std::vector<Chart>& charts, bool with_drawings,
                     const std::function<Contents(const fs::path& drawings)>& contents,
                     const std::function<std::optional<Problem>(NewFolder&)>& more) {
  return write_folder(folder, [&](NewFolder& fresh, Written& written) {
    add_files(fresh, {}, charts, with_drawings, contents, written);
    if (!written.error && more) written.error = more(fresh);
  });
}

Written write_result(const fs::path& folder, const Run& run, const WriteOptions& options) {
  const Summary numbers = summary(run);
  const FigureData data{run.scenario, time_series(run), latency_curves(run.result.latency), numbers.slo,
                        duration_curves(run.result.durations)};
  const std::vector<Chart> charts = figures(data);
  return write_folder(folder, charts, options.figures, [&](const fs::path& drawings) {
    Contents files = {
        {"summary.json", to_json(numbers)},
        {"timeseries.csv", to_csv(data.series)},
        {"latency.csv", to_csv(data.latency)},
        {"journal.jsonl", journal_lines(run.result.journal, run.result.journal_left_out)},
        {"scenario.yaml", run.scenario_yaml},
        {"replications.csv", to_csv(replications(run))},
        {"machine.json", machine_json({run.wall_clock_s, run.cpu_s, run.peak_memory_mib,
                                       run.result.simulated_s, run.result.events, run.versions})},
        {"report.html", html(run, charts, drawings)}};
    if (!data.durations.empty()) files.emplace_back("durations.csv", to_csv(data.durations));
    files.insert(files.end(), options.more.begin(), options.more.end());
    return files;
  });
}

std::variant<FigureData, Problem> load_figure_data(const fs::path& folder) {
  auto loaded = load_summary(folder);
  if (auto* problem = std::get_if<Problem>(&loaded)) return *problem;
  FigureData data;
  data.slo = std::get<Summary>(loaded).slo;
  const fs::path normal = folder.lexically_normal();
  data.label = (normal.has_filename() ? normal : normal.parent_path()).filename().string();
  for (const auto* name : {"timeseries.csv", "latency.csv"}) {
    const fs::path file = folder / name;
    auto text = read_file(file);
    if (auto* problem = std::get_if<Problem>(&text)) return *problem;
    if (file.filename() == "latency.csv") {
      auto parsed = parse_latency_curves(std::get<std::string>(text));
      if (auto* problem = std::get_if<Problem>(&parsed)) return in(file, *problem);
      data.latency = std::move(std::get<LatencyCurves>(parsed));
    } else {
      auto parsed = parse_time_series(std::get<std::string>(text));
      if (auto* problem = std::get_if<Problem>(&parsed)) return in(file, *problem);
      data.series = std::move(std::get<TimeSeries>(parsed));
    }
  }
  // The table knows of faults by the slot, the journal to the nanosecond.
  if (const auto journal = read_file(folder / "journal.jsonl");
      std::holds_alternative<std::string>(journal) && !data.series.faults.empty()) {
    const TimePoint end = TimePoint::at(Duration::from_seconds(data.series.t.back() + data.series.slot_s));
    if (auto exact = fault_bands(std::get<std::string>(journal), end); !exact.empty())
      data.series.faults = std::move(exact);
  }
  const fs::path durations = folder / "durations.csv";
  if (std::error_code error; !fs::exists(durations, error)) return data;
  auto text = read_file(durations);
  if (auto* problem = std::get_if<Problem>(&text)) return *problem;
  auto parsed = parse_duration_curves(std::get<std::string>(text));
  if (auto* problem = std::get_if<Problem>(&parsed)) return in(durations, *problem);
  data.durations = std::move(std::get<std::vector<DurationCurve>>(parsed));
  return data;
}

std::optional<Problem> redraw_with(const std::vector<Chart>& charts, const fs::path& folder) {
  if (auto problem = draw_in_place(charts, folder / "figures")) return problem;
  const auto page = read_file(folder / "report.html");
  if (!std::holds_alternative<std::string>(page))
    return std::nullopt;  // a result without a report is one, too
  const auto renewed = with_figures(std::get<std::string>(page), charts, folder / "figures");
  return renewed ? write_file(folder / "report.html", *renewed) : std::nullopt;
}

std::optional<Problem> redraw(const fs::path& folder) {
  const auto loaded = load_figure_data(folder);
  if (const auto* problem = std::get_if<Problem>(&loaded)) return *problem;
  return redraw_with(figures(std::get<FigureData>(loaded)), folder);
}

std::optional<Problem> draw_overlay(const std::vector<fs::path>& results, const fs::path& folder) {
  std::vector<FigureData> data;
  std::set<std::string> labels;
  for (const fs::path& result : results) {
    auto loaded = load_figure_data(result);
    if (auto* problem = std::get_if<Problem>(&loaded)) return *problem;
    data.push_back(std::move(std::get<FigureData>(loaded)));
    // Two results of the same name in different folders go by their whole path.
    if (!labels.insert(data.back().label).second) data.back().label = result.string();
  }
  return draw_in_place(overlay(data), folder);
}

}  // namespace headroom::report
