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
#include "sim/report/sweep_folder.h"

namespace headroom::cli {
namespace {

bool holds_more_than_figures(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() != ".svg" && it->path().extension() != ".png") return true;
  return false;
}

/// What is wrong with a result; `sweep`: it is one, and alone.
std::optional<report::Problem> not_to_be_drawn(const std::filesystem::path& folder, bool sweep) {
  if (!sweep && report::is_sweep(folder))
    return report::Problem{folder.string() + " is a sweep, which is drawn alone"};
  if (sweep) {
    const auto data = report::load_sweep(folder);
    const auto* problem = std::get_if<report::Problem>(&data);
    return problem != nullptr ? std::optional(*problem) : std::nullopt;
  }
  const auto data = report::load_figure_data(folder);
  const auto* problem = std::get_if<report::Problem>(&data);
  return problem != nullptr ? std::optional(*problem) : std::nullopt;
}

}  // namespace

void add_plot(CLI::App& app, int& status) {
  struct Options {
    std::vector<std::string> results;
    std::string out = "results/plot";
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "plot", "draw the figures of a run or a sweep again, or of several runs over each other");
  command->add_option("RESULT", options->results, "result folders")->required();
  command->add_option("--out", options->out, "folder for the figures of several results")
      ->type_name("DIR")
      ->capture_default_str();
  command->footer("Example: headroom plot results/baseline results/overload --out results/both");
  command->callback([options, &status] {
    const std::vector<std::filesystem::path> folders(options->results.begin(), options->results.end());
    const bool sweep = folders.size() == 1 && report::is_sweep(folders.front());
    for (const auto& folder : folders)
      if (const auto problem = not_to_be_drawn(folder, sweep)) {
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
    const auto problem = sweep                 ? report::redraw_sweep(folders.front())
                         : folders.size() == 1 ? report::redraw(folders.front())
                                               : report::draw_overlay(folders, options->out);
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
