#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <variant>

#include "sim/base/interrupt.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/report/files.h"
#include "sim/report/result_folder.h"
#include "sim/report/survival_folder.h"
#include "sim/report/sweep_folder.h"
#include "sim/report/year_report.h"

namespace headroom::cli {
namespace {

bool holds_more_than_figures(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() != ".svg" && it->path().extension() != ".png") return true;
  return false;
}

/// What a result folder is drawn as.
enum class Result { run, sweep, survival, year };
Result kind_of(const std::filesystem::path& folder) {
  return report::is_sweep(folder)      ? Result::sweep
         : report::is_survival(folder) ? Result::survival
         : report::is_year(folder)     ? Result::year
                                       : Result::run;
}

template <class Loaded>
std::optional<report::Problem> problem_of(const Loaded& loaded) {
  const auto* problem = std::get_if<report::Problem>(&loaded);
  return problem != nullptr ? std::optional(*problem) : std::nullopt;
}

/// What is wrong with a result; `alone`: it is the only one.
std::optional<report::Problem> not_to_be_drawn(const std::filesystem::path& folder, bool alone) {
  switch (kind_of(folder)) {
    case Result::sweep:
      if (!alone) return report::Problem{folder.string() + " is a sweep, which is drawn alone"};
      return problem_of(report::load_sweep(folder));
    case Result::survival:
      if (!alone) return report::Problem{folder.string() + " is of `headroom survive`, which is drawn alone"};
      return problem_of(report::load_survival(folder));
    case Result::year:
      if (!alone) return report::Problem{folder.string() + " is of `headroom year`, which is drawn alone"};
      return problem_of(report::load_year(folder));
    case Result::run:
      return problem_of(report::load_figure_data(folder));
  }
  return std::nullopt;
}

std::optional<report::Problem> redraw(const std::filesystem::path& folder) {
  switch (kind_of(folder)) {
    case Result::sweep:
      return report::redraw_sweep(folder);
    case Result::survival:
      return report::redraw_survival(folder);
    case Result::year:
      return report::redraw_year(folder);
    case Result::run:
      return report::redraw(folder);
  }
  return std::nullopt;
}

}  // namespace

void add_plot(CLI::App& app, int& status) {
  struct Options {
    std::vector<std::string> results;
    std::string out = "results/plot";
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("plot",
                                         "draw the figures of a run, a sweep, a survival study or a year "
                                         "again, or of several runs over each other");
  command->add_option("RESULT", options->results, "result folders")->required();
  command->add_option("--out", options->out, "folder for the figures of several results")
      ->type_name("DIR")
      ->capture_default_str();
  command->footer("Example: headroom plot results/baseline results/overload --out results/both");
  command->callback([options, &status] {
    const std::vector<std::filesystem::path> folders(options->results.begin(), options->results.end());
    for (const auto& folder : folders)
      if (const auto problem = not_to_be_drawn(folder, folders.size() == 1)) {
        status = fail(*problem, kBadInput);
      }
    if (folders.size() > 1) {
      if (holds_more_than_figures(options->out))
        status = fail(options->out + " holds more than figures, so it is left alone; choose another --out",
                      kBadInput);
      else if (const auto problem = report::cannot_hold_files(options->out))
        status = fail(*problem, kBadInput);
    }
    if (status != kDone) return;
    const DeferInterrupts defer;
    const auto problem =
        folders.size() == 1 ? redraw(folders.front()) : report::draw_overlay(folders, options->out);
    if (problem) {
      status = fail(*problem, kOther);
      return;
    }
    const std::filesystem::path where =
        folders.size() == 1 ? folders.front() / "figures" : std::filesystem::path(options->out);
    print("figures are in " + where.string() + "\n");
  });
}

}  // namespace headroom::cli
