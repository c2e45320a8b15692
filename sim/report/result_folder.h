#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/report/figures.h"
#include "sim/report/files.h"
#include "sim/report/run.h"

namespace headroom::report {

struct WriteOptions {
  bool figures = true;
  /// More files: name in the folder and contents (trace.json).
  std::vector<std::pair<std::string, std::string>> more = {};
};

/// What came of writing. Without `error` the folder is complete.
struct Written {
  std::optional<Problem> error;
  std::vector<std::string> warnings;  ///< figures could not be drawn, and why
};

/// Files by their path relative to a folder.
using Contents = std::vector<std::pair<std::filesystem::path, std::string>>;

/// What all results are written by: the folder appears complete or not at all, filled by `fill`; see
/// NewFolder for what may be replaced.
Written write_folder(const std::filesystem::path& folder,
                     const std::function<void(NewFolder&, Written&)>& fill);

/// Part of filling: draws the charts into figures/ (if asked; that they cannot be drawn is a warning), then
/// writes `contents(folder of the figures)`; all of it below that folder of the result, "" for the result's
/// own.
void add_files(NewFolder& fresh, const std::filesystem::path& below, const std::vector<Chart>& charts,
               bool with_drawings,
               const std::function<Contents(const std::filesystem::path& drawings)>& contents,
               Written& written);

/// A folder with such files, and then what `more` adds.
Written write_folder(const std::filesystem::path& folder, const std::vector<Chart>& charts,
                     bool with_drawings,
                     const std::function<Contents(const std::filesystem::path& drawings)>& contents,
                     const std::function<std::optional<Problem>(NewFolder&)>& more = {});

/// Writes the result folder of one run: summary.json, timeseries.csv, latency.csv, replications.csv,
/// journal.jsonl, durations.csv (if there are any), scenario.yaml, machine.json, figures/, report.html. All
/// files but machine.json are a function of the run. It appears complete or not at all; see NewFolder for
/// what may be replaced.
Written write_result(const std::filesystem::path& folder, const Run&, const WriteOptions& = {});

/// Reads what figures are drawn from, labelled with the name of the folder.
std::variant<FigureData, Problem> load_figure_data(const std::filesystem::path& folder);

/// Draws the figures of a result again, from its files, and puts them into its report.html.
std::optional<Problem> redraw(const std::filesystem::path& folder);

/// Draws these figures into a result, each the old one or the new one, and puts them into its report.html.
std::optional<Problem> redraw_with(const std::vector<Chart>& charts, const std::filesystem::path& folder);

/// Draws the figures of several results over each other into `folder`, which is made if need be.
std::optional<Problem> draw_overlay(const std::vector<std::filesystem::path>& results,
                                    const std::filesystem::path& folder);

}  // namespace headroom::report
