#include <filesystem>
#include <memory>
#include <system_error>
#include <variant>

#include "sim/base/interrupt.h"
#include "sim/cli/calibration_text.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/usage.h"
#include "sim/report/chart.h"
#include "sim/report/files.h"
#include "sim/report/progress.h"
#include "sim/study/calibration.h"
#include "sim/study/run.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

struct CalibrateOptions {
  processing::calibrate::Plan plan;
  std::string out = "profile.yaml";
  std::vector<std::string> operations, outputs;
  bool quiet = false;
};

/// Why the profile cannot be written there; empty if it can, as far as that can be told beforehand.
std::string refusal(const fs::path& out) {
  std::error_code error;
  const fs::path folder = out.has_parent_path() ? out.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error))
    return "cannot write " + out.string() + ": there is no folder " + folder.string();
  if (out.filename().empty() || fs::is_directory(out, error))
    return out.string() + " is a folder, expected a file name";
  if (fs::exists(out, error) && !study::is_profile(out.string()))
    return out.string() + " exists and is no profile, so it is left alone; choose another --out";
  const auto problem = report::cannot_hold_file(out);
  return problem ? problem->message : "";
}

template <class E>
std::vector<E> values_of(const std::vector<std::string>& names) {
  std::vector<E> values;
  for (const std::string& name : names)
    for (std::size_t i = 0; i < std::size(enum_names<E>::names); ++i)
      if (enum_names<E>::names[i] == name) values.push_back(static_cast<E>(i));
  return values;
}

int reality_check(const study::Calibration& calibration, const CalibrateOptions& options) {
  const auto reality = study::compare_with_reality(calibration);
  if (!reality) return fail("the simulation of the reality check was not completed", kOther);
  if (!options.quiet) print(reality_table(calibration, *reality));
  if (reality->loads.empty()) return kDone;  // nothing to draw
  const fs::path out = options.out;
  const fs::path folder = out.has_parent_path() ? out.parent_path() : fs::path(".");
  const std::string name = out.stem().string() + "-reality";
  if (const auto problem = report::draw({reality_chart(name, reality->loads)}, folder))
    say_warning("no figure: " + problem->message);
  else if (!options.quiet)
    print("figure: " + (folder / (name + ".png")).string() + ", .svg\n");
  return kDone;
}

int execute(CalibrateOptions options) {
  if (const std::string why = refusal(options.out); !why.empty()) return fail(why, kBadInput);
  std::error_code error;
  if (!options.plan.folder.empty() && !fs::is_directory(options.plan.folder, error))
    return fail(options.plan.folder + " is no folder that can be read, expected one with images", kBadInput);
  if (!options.operations.empty())
    options.plan.operations = values_of<processing::Operation>(options.operations);
  options.plan.outputs = values_of<processing::Encoding>(options.outputs);
  options.plan.name = fs::path(options.out).stem().string();

  const DeferInterrupts defer;
  std::variant<study::Calibration, study::CalibrationFailure> result;
  {
    report::Progress progress("calibrate", 0, !options.quiet);
    result = study::calibrate(options.plan, [&progress](double share) { progress.show(share); });
  }
  if (const auto* failure = std::get_if<study::CalibrationFailure>(&result)) {
    if (failure->interrupted) {
      say("interrupted; nothing was written");
      return kOther;
    }
    print_to_stderr(skipped_lines(failure->skipped));
    return fail(failure->why, failure->no_images ? kBadInput : kOther);
  }
  auto& calibration = std::get<study::Calibration>(result);
  calibration.profile.provenance->headroom = study::version();
  print_to_stderr(calibration_notes(calibration));
  const std::string text = "# Written by headroom calibrate; used by processing: {cost: {profile: FILE}}.\n" +
                           study::profile_yaml(calibration.profile);
  if (const auto problem = report::write_file(options.out, text)) return fail(problem->message, kOther);
  if (!options.quiet) {
    print(calibration_table(calibration));
    print("profile: " + options.out + "\n");
    flush();
  }
  return calibration.service ? reality_check(calibration, options) : kDone;
}

}  // namespace

void add_calibrate(CLI::App& app, int& status) {
  auto options = std::make_shared<CalibrateOptions>();
  CLI::App* command = app.add_subcommand(
      "calibrate",
      "measure what a resize costs on this machine, with libvips; writes a profile for processing.cost");
  command
      ->add_option("--out", options->out,
                   "the profile; an existing profile is replaced, anything else is refused")
      ->type_name("FILE")
      ->capture_default_str();
  command
      ->add_option("--images", options->plan.folder,
                   "measure on the images below this folder (default: generated ones)")
      ->type_name("DIR");
  command->add_flag("--quick", options->plan.quick, "less than a minute, less precise");
  command->add_flag("--validate", options->plan.validate,
                    "also run a real service under load and simulate it, and print both");
  command
      ->add_option("--operation", options->operations, "thumbnail, resize or crop; repeatable (default: all)")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"thumbnail", "resize", "crop"}));
  command
      ->add_option("--output", options->outputs,
                   "jpeg, png, webp or avif: encoding to write beside that of the image; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"jpeg", "png", "webp", "avif"}));
  whole_number(command->add_option("--width", options->plan.widths,
                                   "target width in pixels; repeatable (default: 200, 400, 800, 1600)"),
               1, 16'000)
      ->allow_extra_args(false);
  whole_number(command->add_option("--quality", options->plan.quality, "of the encoders"), 1, 100)
      ->capture_default_str();
  whole_number(command->add_option("--seed", options->plan.seed,
                                   "of the generated images and of the order of measurement"),
               0, 9'000'000'000'000'000)
      ->capture_default_str();
  command->add_flag("--quiet", options->quiet, "no output but errors and what was skipped");
  command->footer("Example: headroom calibrate --images photos --out my-machine.yaml --validate");
  command->callback([options, &status] { status = execute(*options); });
}

}  // namespace headroom::cli
