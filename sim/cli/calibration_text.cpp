#include "sim/cli/calibration_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/config/diagnostics.h"
#include "sim/report/numbers.h"

namespace headroom::cli {
namespace {

using processing::Kernel;
using study::Comparison;
using study::Pair;

constexpr double kMeanLimit = 0.10;  // of the hold-out
constexpr double kTailLimit = 0.20;
constexpr double kShortest = 2e-3;  // s: conversions for which a reality check says something

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

namespace {

/// What the reality check demands: relative errors, by load.
struct Bound {
  double highest;  ///< load for which it holds
  double mean, tail;
};
constexpr std::array kBounds = {Bound{0.701, 0.05, 0.10},
                                Bound{0.851, 0.12, std::numeric_limits<double>::infinity()}};

/// Errors beyond their bound: those that are, and those that may not be, as their interval reaches within it.
struct Beyond {
  std::string surely, perhaps;
};
Beyond beyond(const std::vector<Comparison>& loads) {
  Beyond found;
  for (const Comparison& c : loads) {
    const auto* bound =
        std::find_if(kBounds.begin(), kBounds.end(), [&](const Bound& b) { return c.load <= b.highest; });
    if (bound == kBounds.end()) continue;
    const auto look = [&](const char* what, const Pair& pair, double limit) {
      const double error = std::abs(pair.error());
      if (error <= limit) return;
      std::string& list = error - pair.error_half <= limit ? found.perhaps : found.surely;
      list += fmt::format("{}{} at {:.0f} % load {} ± {:.1f} (limit {:.0f} %)", list.empty() ? "" : ", ",
                          what, c.load * 100, percent(pair.error()), pair.error_half * 100, limit * 100);
    };
    look("mean", c.mean, bound->mean);
    look("p95", c.p95, bound->tail);
    look("p99", c.p99, bound->tail);
  }
  return found;
}

/// How many blocks did not count, and what for.
std::string refusals(const processing::calibrate::ServiceRun& service) {
  using processing::calibrate::Refused;
  std::string out;
  for (const Refused cause : {Refused::speed, Refused::steal, Refused::others}) {
    std::vector<processing::calibrate::Refusal> all;
    for (const auto& block : service.blocks)
      if (block.refused.cause == cause) all.push_back(block.refused);
    if (all.empty()) continue;
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
    out += fmt::format("{}{} because {}", out.empty() ? "" : "; ", all.size(),
                       text_of(all[all.size() / 2], service.plan.limits));
    if (all.size() > 1) out += ", typically";
  }
  return out;
}

std::string verdict(const study::Calibration& calibration, const study::Reality& reality) {
  const auto& service = *calibration.service;
  const auto judged = [](double load) { return load <= kBounds.back().highest; };
  if (reality.alone < kShortest)
    return fmt::format(
        "no verdict: a conversion of these images takes {:.2f} ms, of which handing over between threads is "
        "too much; expected images that take at least {:.0f} ms",
        reality.alone * 1e3, kShortest * 1e3);
  const auto missing = [&](double load) {
    return judged(load) && std::none_of(reality.loads.begin(), reality.loads.end(),
                                        [&](const Comparison& c) { return c.load == load; });
  };
  const auto lacking = std::count_if(service.plan.loads.begin(), service.plan.loads.end(), missing);
  const Beyond b = beyond(reality.loads);
  if (!b.surely.empty()) return "MISSED: " + b.surely;
  if (lacking > 0)
    return fmt::format("no verdict: in {:.0f} s, {} of {} loads up to 85 % did not get {} blocks that count",
                       service.seconds, lacking,
                       std::count_if(service.plan.loads.begin(), service.plan.loads.end(), judged),
                       std::min(study::kLeastBlocks, service.plan.blocks));
  if (!b.perhaps.empty()) return "no verdict: these may be beyond their limits or not: " + b.perhaps;
  return "good: within 5 % for the mean and 10 % for p95 and p99 at every load up to 70 %, and within 12 % "
         "for the mean up to 85 %";
}

}  // namespace

std::string reality_table(const study::Calibration& calibration, const study::Reality& reality) {
  const auto& service = *calibration.service;
  const auto& plan = service.plan;
  std::string out = fmt::format(
      "\nReality check: {} worker {}, {} JPEG images to {} pixels, at most {} waiting\n"
      "  a conversion takes {:.2f} ms when nobody else is at work, {:.2f} ms when all cores are: {:.1f} "
      "conversions/s\n"
      "  (the profile says {} of the former, from other minutes; latencies are compared without that)\n"
      "  {} blocks of service of {:.1f} s each in {:.0f} s",
      plan.cores, plan.cores == 1 ? "thread" : "threads", plan.images.size(), plan.task.width, plan.places,
      reality.alone * 1e3, reality.together * 1e3, reality.capacity, percent(reality.profile_error),
      service.blocks.size(), plan.block_seconds, service.seconds);
  const std::string uncounted = refusals(service);
  out += uncounted.empty() ? ", all of which count\n" : "; not counted: " + uncounted + "\n";
  out += "  load   ms    blocks  requests        measured          simulated           error\n";
  for (const Comparison& c : reality.loads) {
    const auto line = [&](const std::string& load, const char* what, const std::string& of,
                          const Pair& pair) {
      out += fmt::format("  {:<6} {:<5} {:>15}  {:>8.2f} ± {:<6.2f} {:>8.2f} ± {:<6.2f} {:>8} ± {:.1f}\n",
                         load, what, of, pair.measured * 1e3, pair.measured_half * 1e3, pair.simulated * 1e3,
                         pair.simulated_half * 1e3, percent(pair.error()), pair.error_half * 100);
    };
    line(fmt::format("{:.0f} %", c.load * 100), "mean", fmt::format("{:>6} {:>9}", c.blocks, c.requests),
         c.mean);
    line("", "p50", "", c.p50);
    line("", "p95", "", c.p95);
    line("", "p99", "", c.p99);
    if (c.measured_rejected > 0 || c.simulated_rejected > 0)
      out += fmt::format("         rejected: {} measured, {:.1f} simulated\n", c.measured_rejected,
                         c.simulated_rejected);
  }
  return out + "  " + verdict(calibration, reality) + "\n";
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
