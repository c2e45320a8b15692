#include "sim/cli/calibration_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/config/diagnostics.h"
#include "sim/report/numbers.h"

namespace headroom::cli {
namespace {

using processing::Kernel;
using study::Comparison;
using study::Pair;

constexpr double kMeanLimit = 0.10;  // of the hold-out
constexpr double kTailLimit = 0.20;
constexpr double kRealityLimit = 0.15;  // of the reality check, at loads up to kJudged
constexpr double kJudged = 0.701;

std::string percent(double share) {
  return fmt::format("{:+.1f} %", share * 100);
}

std::string_view name(processing::Encoding encoding) {
  return enum_names<processing::Encoding>::names[static_cast<std::size_t>(encoding)];
}

/// CPU of an image of a million pixels at two bits each, made 800 pixels wide.
double example_ms(const Kernel& kernel) {
  constexpr double kPixels = 1e6;
  const double output = processing::output_pixels(800, kPixels);
  return processing::cpu_seconds(
             kernel, processing::pixels_of(kernel.operation, kernel.input, kPixels, output), kPixels / 4) *
         1e3;
}

/// What the hold-out says of the bounds. A p99 beyond its bound whose interval reaches within it is not
/// known.
enum class Bounds : std::uint8_t { kept, not_known, missed };
Bounds bounds(const processing::HoldOut& h) {
  if (h.folds == 0) return Bounds::kept;
  if (std::abs(h.mean) > kMeanLimit) return Bounds::missed;
  if (std::abs(h.p99) <= kTailLimit) return Bounds::kept;
  const bool reaches = h.p99_ci95.size() == 2 && h.p99_ci95[0] <= kTailLimit && h.p99_ci95[1] >= -kTailLimit;
  return reaches ? Bounds::not_known : Bounds::missed;
}

bool any(const processing::Profile& profile, Bounds what) {
  return std::any_of(profile.kernels.begin(), profile.kernels.end(),
                     [&](const Kernel& k) { return bounds(*k.hold_out) == what; });
}

void append_scaling(std::string& out, const processing::Profile& profile) {
  if (profile.kernels.empty() || !profile.kernels.front().scaling) return;
  out += "\n  speed of each core when several are busy (1 = CPU time of a conversion alone)\n";
  for (const Kernel& kernel : profile.kernels) {
    const processing::Scaling& s = *kernel.scaling;
    out += fmt::format("    {:<36}", processing::name_of(kernel));
    for (std::size_t i = 0; i < s.busy.size(); ++i) out += fmt::format("  {}: {:.3f}", s.busy[i], s.speed[i]);
    out += fmt::format("   sigma {:.4f}, kappa {:.5f}\n", s.sigma, s.kappa);
  }
}

std::string cell(const Pair& pair, double unit, int decimals) {
  return fmt::format("{:>8.{}f} {:>8.{}f} {:>8}", pair.measured * unit, decimals, pair.simulated * unit,
                     decimals, percent(pair.error()));
}

}  // namespace

std::string calibration_table(const study::Calibration& calibration) {
  const processing::Profile& profile = calibration.profile;
  const processing::Provenance& origin = *profile.provenance;
  std::string out = fmt::format("{}  {}, {} {}, libvips {}\n", profile.profile, origin.processor,
                                origin.cores, origin.cores == 1 ? "core" : "cores", origin.libvips);
  out += fmt::format("  images       {} ({}), fingerprint {}\n", origin.images, origin.corpus,
                     origin.corpus_fingerprint);
  out += origin.noise
             ? fmt::format("  machine      NOISY: {}\n", *origin.noise)
             : fmt::format(
                   "  machine      quiet: {:.1f} % stolen, {:.1f} % used by others, {:.1f} % waiting, "
                   "{:.1f} % drift\n",
                   origin.steal.value * 100, origin.other_work.value * 100, origin.waiting.value * 100,
                   origin.drift.value * 100);
  out +=
      "\n                                      CPU of a           of it                        error of the "
      "hold-out\n"
      "  kernel                              megapixel¹  decode  resize  encode  images      mean       p50  "
      "     p95       p99    p99, 95 % of²\n";
  for (const Kernel& kernel : profile.kernels) {
    const auto stage = [&](Share share) { return fmt::format("{:>4.0f} %", share.value * 100); };
    out += fmt::format("  {:<36}{:>8.2f} ms", processing::name_of(kernel), example_ms(kernel));
    out += kernel.stages ? fmt::format("  {}  {}  {}", stage(kernel.stages->decode),
                                       stage(kernel.stages->resize), stage(kernel.stages->encode))
                         : fmt::format("{:>24}", "–");
    const processing::HoldOut& h = *kernel.hold_out;
    out += fmt::format("{:>8}", h.images);
    if (h.folds == 0) {
      out += "  too few images for a hold-out\n";
      continue;
    }
    for (const double error : {h.mean, h.p50, h.p95, h.p99}) out += fmt::format("{:>10}", percent(error));
    if (h.p99_ci95.size() == 2)
      out += fmt::format("  {:>16}",
                         fmt::format("{:+.0f} to {:+.0f} %", h.p99_ci95[0] * 100, h.p99_ci95[1] * 100));
    constexpr std::array kMarks = {"\n", "  ?\n", "  !\n"};
    out += kMarks[static_cast<std::size_t>(bounds(h))];
  }
  out +=
      "  ¹ 250 KB, made to fit 800 × 800\n"
      "  ² samples of these images: how well p99 can be known\n";
  if (any(profile, Bounds::missed))
    out +=
        "  ! the hold-out misses the bounds (mean within 10 %, p99 within 20 %): these images differ in more "
        "than pixels and bytes\n";
  if (any(profile, Bounds::not_known))
    out += "  ? p99 is beyond its bound of 20 %, but the images are too few to know it (last column)\n";
  append_scaling(out, profile);
  return out;
}

std::string skipped_lines(const std::vector<processing::calibrate::Skipped>& skipped) {
  std::string out;
  for (const auto& [file, why] : skipped)
    out += fmt::format("headroom: skipped {}: {}\n", config::quote(file), why);
  return out;
}

std::string calibration_notes(const study::Calibration& c) {
  std::string out = skipped_lines(c.skipped);
  if (!c.skipped.empty())
    out += fmt::format("headroom: {} {} left out, {} measured\n", c.skipped.size(),
                       c.skipped.size() == 1 ? "file was" : "files were", c.profile.provenance->images);
  const auto warn = [&](const std::string& text) { out += "headroom: warning: " + text + "\n"; };
  for (const std::string& how : c.died)
    warn("the measuring process " + how + "; the measurement was begun again");
  for (const std::string& note : c.notes) warn(note);
  for (const auto encoding : c.missing)
    warn(fmt::format("this libvips cannot read and write {}: it was not measured", name(encoding)));
  if (c.left_out > 0)
    warn(fmt::format("{} more images were left out: there are enough without them", c.left_out));
  if (c.unmeasured > 0)
    warn(fmt::format("{} pairs of image and width were left out, drawn at random: there was no time for them",
                     c.unmeasured));
  for (const Kernel& kernel : c.profile.kernels)
    if (kernel.hold_out->note) warn(processing::name_of(kernel) + ": " + *kernel.hold_out->note);
  if (!c.profile.kernels.empty() && c.profile.kernels.front().scaling)
    warn(fmt::format(
        "speeds were measured with up to {} busy cores; a simulation of larger hosts extrapolates with the "
        "Universal Scalability Law, and says so",
        c.profile.kernels.front().scaling->busy.back()));
  if (!c.no_service.empty()) warn("no reality check: " + c.no_service);
  return out;
}

std::string reality_table(const study::Calibration& calibration, const std::vector<Comparison>& loads) {
  const auto& plan = calibration.service->plan;
  std::string out = fmt::format(
      "\nReality check: {} worker {}, JPEG to {} pixels, at most {} waiting; measured capacity {:.1f} "
      "conversions/s\n",
      plan.cores, plan.cores == 1 ? "thread" : "threads", plan.task.width, plan.places,
      calibration.service->capacity);
  out += "  load                          measured simulated   error\n";
  for (const Comparison& c : loads) {
    const auto line = [&](const std::string& first, const char* what, const Pair& pair, double unit,
                          const char* of) {
      out += fmt::format("  {:<6} {:<12} {:>4}  {}\n", first, what, of, cell(pair, unit, 2));
    };
    line(fmt::format("{:.0f} %", c.load * 100), "throughput", c.throughput, 1, "1/s");
    line("", "mean", c.mean, 1e3, "ms");
    line("", "p50", c.p50, 1e3, "ms");
    line("", "p95", c.p95, 1e3, "ms");
    line("", "p99", c.p99, 1e3, "ms");
    if (c.rejected > 0)
      out += fmt::format("         {} of {} requests were rejected\n", c.rejected, c.requests);
    if (!c.noise.empty()) out += fmt::format("         NOISY: {}\n", c.noise);
  }
  const auto judged = [](const Comparison& c) { return c.load <= kJudged; };
  const bool noisy = calibration.profile.provenance->noise ||
                     std::any_of(loads.begin(), loads.end(),
                                 [&](const Comparison& c) { return judged(c) && !c.noise.empty(); });
  if (noisy)
    return out + "  no verdict: the machine was too noisy, so these errors are not the simulator's alone\n";
  const bool good = std::all_of(loads.begin(), loads.end(), [&](const Comparison& c) {
    return !judged(c) ||
           (std::abs(c.mean.error()) <= kRealityLimit && std::abs(c.p95.error()) <= kRealityLimit);
  });
  return out +
         (good ? "  good: mean and p95 are within 15 % of what was measured at every load up to 70 %\n"
               : "  MISSED: mean or p95 is off by more than 15 % at a load up to 70 %, on a quiet machine\n");
}

report::Chart reality_chart(const std::string& file, const std::vector<Comparison>& loads) {
  report::Chart chart;
  chart.file = file;
  chart.title = "A real service and its simulation, same requests";
  chart.caption = "Latency by load, measured and simulated.";
  chart.x.label = "load (% of measured capacity)";
  chart.y.label = "latency (ms)";
  chart.y.logarithmic = true;
  for (const Comparison& c : loads)
    chart.x.ticks.push_back({c.load * 100, fmt::format("{:.0f}", c.load * 100)});
  const auto add = [&](const char* what, Pair Comparison::* which) {
    for (const bool measured : {true, false}) {
      report::Chart::Curve curve;
      curve.name = fmt::format("{} {}", what, measured ? "measured" : "simulated");
      curve.points = true;
      for (const Comparison& c : loads) {
        curve.x.push_back(c.load * 100);
        curve.y.push_back((measured ? (c.*which).measured : (c.*which).simulated) * 1e3);
      }
      chart.curves.push_back(std::move(curve));
    }
  };
  add("p99", &Comparison::p99);
  add("p95", &Comparison::p95);
  add("mean", &Comparison::mean);
  return chart;
}

}  // namespace headroom::cli
