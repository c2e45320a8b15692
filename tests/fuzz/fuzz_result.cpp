// The files of two results, as `tail -n +1 FILES` prints them ("==> NAME <==", then the file), those of the
// second below b/: what `plot` and `compare` read. Without a b/, the result is held against itself.
#include <algorithm>
#include <variant>

#include "sim/config/change.h"
#include "sim/config/reader.h"
#include "sim/report/comparison.h"
#include "sim/report/page.h"
#include "sim/report/result_folder.h"
#include "sim/report/sweep.h"
#include "sim/report/sweep_figures.h"
#include "sim/report/sweep_report.h"
#include "sim/study/catalogue.h"
#include "tests/fuzz/reading.h"

namespace headroom {
namespace {

using Files = std::map<std::string, std::string>;

Files files_in(std::string_view text) {
  constexpr std::string_view kBegin = "==> ";
  constexpr std::string_view kEnd = " <==\n";
  Files files;
  while (text.starts_with(kBegin)) {
    const std::size_t end = text.find(kEnd);
    if (end == std::string_view::npos) break;
    const std::string name(text.substr(kBegin.size(), end - kBegin.size()));
    text.remove_prefix(end + kEnd.size());
    const std::size_t next = std::min(text.find("\n==> "), text.size());
    files[name] = text.substr(0, next);
    text.remove_prefix(std::min(next + 1, text.size()));
  }
  // Nothing but what is read, so that no name leads out of the folder.
  std::erase_if(files, [](const auto& file) {
    std::string_view name = file.first;
    if (name.starts_with("b/")) name.remove_prefix(2);
    for (const char* run : {"runs/1/", "runs/2/"})
      if (name.starts_with(run)) name.remove_prefix(std::string_view(run).size());
    for (const char* known : {"summary.json", "timeseries.csv", "latency.csv", "replications.csv",
                              "durations.csv", "journal.jsonl", "report.html", "sweep.json", "scenario.yaml"})
      if (name == known) return false;
    return true;
  });
  return files;
}

void draw(const std::vector<report::Chart>& charts, const Files& files, const std::filesystem::path& folder) {
  std::vector<std::string> drawn;
  report::gnuplot_script(charts, drawn);
  const auto page = files.find("report.html");
  if (page != files.end()) report::with_figures(page->second, charts, folder / "figures");
}

void plot(const Files& files, const std::filesystem::path& a, const std::filesystem::path& b) {
  if (report::is_sweep(a)) {
    const auto sweep = report::load_sweep(a);
    if (const auto* s = std::get_if<report::Sweep>(&sweep)) draw(report::figures(*s), files, a);
    return;
  }
  std::vector<report::FigureData> results;
  for (const auto& folder : {a, b}) {
    auto loaded = report::load_figure_data(folder);
    if (auto* data = std::get_if<report::FigureData>(&loaded)) results.push_back(std::move(*data));
  }
  for (const auto& data : results) draw(report::figures(data), files, a);
  if (!results.empty()) draw(report::overlay(results), files, a);
}

void compare(const std::filesystem::path& a, const std::filesystem::path& b) {
  config::Diagnostics ignored;
  const auto before = config::read_file((a / "scenario.yaml").string(), ignored);
  const auto after = config::read_file((b / "scenario.yaml").string(), ignored);
  if (before && after) config::changes(*before, *after);
  if (report::is_sweep(a)) {
    const auto compared = report::compare_sweeps(a, b, study::catalogue());
    if (const auto* all = std::get_if<report::SweepComparison>(&compared))
      report::table(a, b, *all, study::catalogue(), false);
    return;
  }
  const auto of_a = report::load_side(a);
  const auto of_b = report::load_side(b);
  const auto* side_a = std::get_if<report::Side>(&of_a);
  const auto* side_b = std::get_if<report::Side>(&of_b);
  if (side_a == nullptr || side_b == nullptr) return;
  std::vector<report::Comparison> compared = {report::difference(*side_a, *side_b)};
  const report::Judgement judged = report::judge(compared, study::catalogue());
  for (const bool all : {false, true})
    report::table(*side_a, *side_b, compared.front(), judged, study::catalogue(), all, true);
}

}  // namespace
}  // namespace headroom

void headroom::fuzz::result(std::string_view input) {
  static Folder folder;
  const Files files = files_in(input);
  folder.keep_only(files);
  bool two = false;
  for (const auto& [name, contents] : files) {
    folder.write(name, contents);
    two = two || name.starts_with("b/");
  }
  const std::filesystem::path a = folder.path();
  const std::filesystem::path b = two ? a / "b" : a;
  report::NewFolder::check(a);
  plot(files, a, b);
  compare(a, b);
}
