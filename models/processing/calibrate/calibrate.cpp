#include "models/processing/calibrate/calibrate.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <map>
#include <set>
#include <thread>
#include <tuple>

#include "models/processing/calibrate/contention.h"
#include "models/processing/calibrate/measure.h"

namespace headroom::processing::calibrate {
namespace {

/// How long each part may take, and how much it is of the whole, for the bar.
struct Budget {
  int pictures, own_images;
  double largest;  // pixels of the largest picture
  double images_s, measure_s;
  int rounds;
  double round_s;
  int blocks;      // of service at each load
  double block_s;  // of each
  double service_s;
};
Budget budget(const Plan& plan) {
  Budget b = plan.quick ? Budget{20, 30, 8e6, 8, 22, 3, 0.12, 3, 0.6, 60}
                        : Budget{60, 80, 24e6, 45, 140, 5, 0.3, 6, 2.5, 270};
  if (plan.pictures > 0) b.pictures = plan.pictures;
  if (plan.seconds > 0) {
    b.round_s *= plan.seconds / b.measure_s;
    b.measure_s = plan.seconds;
  }
  b.largest = std::min(b.largest, plan.most_pixels);
  return b;
}

int cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (const std::size_t colon = line.find(": "); colon != std::string::npos)
        return line.substr(colon + 2);
  return "unknown";
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
  return text;
}

/// Every image with every operation and output, at two widths that make it at least a quarter smaller (large
/// ones: at one; those that no width makes so: at half of their own).
std::vector<Trial> trials_of(const std::vector<Encoded>& images, const Plan& plan) {
  constexpr double kLarge = 2e6;
  constexpr double kSmaller = 0.75;
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Encoded& image = images[i];
    std::vector<int> widths;
    for (const int width : plan.widths)
      if (width <= kSmaller * static_cast<double>(std::max(image.width, image.height)))
        widths.push_back(width);
    if (widths.empty())
      widths.push_back(static_cast<int>(std::max<std::int64_t>(1, std::max(image.width, image.height) / 2)));
    std::vector<int> chosen = {widths[i % widths.size()]};
    if (image.pixels() < kLarge && widths.size() > 1)
      chosen.push_back(widths[(i + widths.size() / 2) % widths.size()]);
    std::vector<Encoding> outputs = {usual_output(image.encoding)};
    for (const Encoding output : plan.outputs)
      if (std::find(outputs.begin(), outputs.end(), output) == outputs.end()) outputs.push_back(output);
    for (const Operation operation : plan.operations)
      for (const Encoding output : outputs)
        for (const int width : chosen) trials.push_back({i, {operation, output, plan.quality, width}});
  }
  return trials;
}

using KernelKey = std::tuple<Operation, Encoding, Encoding>;
std::map<KernelKey, std::vector<const Timed*>> by_kernel(const std::vector<Timed>& timed,
                                                         const std::vector<Encoded>& images) {
  std::map<KernelKey, std::vector<const Timed*>> kernels;
  for (const Timed& t : timed)
    kernels[{t.trial.task.operation, images[t.trial.image].encoding, t.trial.task.output}].push_back(&t);
  return kernels;
}

std::optional<Stages> stages_of(const std::vector<const Timed*>& timed) {
  double decode = 0;
  double resize = 0;
  double all = 0;
  for (const Timed* t : timed) {
    if (t->decode <= 0) continue;
    const double cpu = *std::min_element(t->seen.runs.begin(), t->seen.runs.end());
    decode += std::min(t->decode, cpu);
    resize += std::min(t->resize, std::max(0.0, cpu - t->decode));
    all += cpu;
  }
  if (all <= 0) return std::nullopt;
  const auto share = [&](double part) { return Share{std::round(part / all * 1000) / 1000}; };
  return Stages{share(decode), share(resize), share(std::max(0.0, all - decode - resize))};
}

Kernel kernel_from(const KernelKey& key, const std::vector<const Timed*>& timed, const Plan& plan) {
  std::vector<Observation> observations;
  Kernel kernel;
  std::int64_t precise = 0;
  for (const Timed* t : timed) {
    observations.push_back(t->seen);
    precise += t->precise;
    if (std::find(kernel.widths.begin(), kernel.widths.end(), t->trial.task.width) == kernel.widths.end())
      kernel.widths.push_back(t->trial.task.width);
  }
  std::sort(kernel.widths.begin(), kernel.widths.end());
  static_cast<Coefficients&>(kernel) = fit(observations);
  std::tie(kernel.operation, kernel.input, kernel.output) = key;
  kernel.quality = plan.quality;
  kernel.fit = quality_of(kernel, observations);
  kernel.fit->confidence =
      Share{std::round(static_cast<double>(precise) / static_cast<double>(timed.size()) * 1000) / 1000};
  kernel.hold_out = hold_out(observations);
  kernel.stages = stages_of(timed);
  return kernel;
}

/// See Disturbance::change; one busy core does what was done before contention was looked at.
double change_since(const std::vector<Kernel>& kernels) {
  std::vector<double> changes;
  for (const Kernel& kernel : kernels) changes.push_back(std::abs(1 / kernel.scaling->speed.front() - 1));
  const auto middle = changes.begin() + static_cast<std::ptrdiff_t>(changes.size() / 2);
  std::nth_element(changes.begin(), middle, changes.end());
  return *middle;
}

double rounded(double share) {
  return std::round(share * 1e4) / 1e4;
}

/// JPEG thumbnails of images of the size that the web sends: short enough for many requests in little time,
/// and a pass over all of them takes less than a second.
std::variant<ServicePlan, Problem> service_plan(const std::vector<Encoded>& images, const Plan& plan,
                                                const Budget& budget, int cores) {
  constexpr double kLargest = 3e6;
  constexpr std::size_t kMost = 24;
  std::vector<std::size_t> usable;
  for (std::size_t i = 0; i < images.size(); ++i)
    if (images[i].encoding == Encoding::jpeg && images[i].pixels() <= kLargest) usable.push_back(i);
  if (usable.size() < 3)
    return Problem{"a reality check needs at least 3 JPEG images of at most 3 million pixels"};
  if (std::find(plan.operations.begin(), plan.operations.end(), Operation::thumbnail) ==
      plan.operations.end())
    return Problem{"a reality check makes thumbnails, which were not to be measured"};
  std::stable_sort(usable.begin(), usable.end(),
                   [&](std::size_t a, std::size_t b) { return images[a].pixels() < images[b].pixels(); });
  ServicePlan service;
  const std::size_t n = std::min(kMost, usable.size());
  for (std::size_t i = 0; i < n; ++i)  // of all sizes
    service.images.push_back(usable[n > 1 ? i * (usable.size() - 1) / (n - 1) : 0]);
  service.task = {
      Operation::thumbnail, Encoding::jpeg, plan.quality,
      *std::max_element(plan.widths.begin(), plan.widths.end()) >= 800 ? 800 : plan.widths.back()};
  service.cores = cores;
  service.loads = {0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9};
  service.blocks = budget.blocks;
  service.block_seconds = budget.block_s;
  service.longest_seconds = budget.service_s;
  service.seed = plan.seed;
  return service;
}

/// Progress of one part of a whole.
class Parts {
 public:
  Parts(double total, const std::function<void(double)>& tell) : total_(total), tell_(tell) {}
  std::function<void(double)> part(double seconds) {
    const double begin = done_;
    done_ += seconds;
    return [this, begin, seconds](double share) {
      if (tell_) tell_((begin + seconds * std::clamp(share, 0.0, 1.0)) / total_);
    };
  }

 private:
  double total_;
  double done_ = 0;
  const std::function<void(double)>& tell_;
};

std::optional<Failure> get_images(const Plan& plan, const Budget& budget, Outcome& outcome,
                                  std::vector<Encoded>& images, const std::function<void(double)>& progress) {
  if (!plan.folder.empty()) {
    OwnLimits limits;
    limits.most_images = budget.own_images;
    limits.seed = plan.seed;
    limits.left_out = plan.deadly;
    OwnImages own = read_folder(plan.folder, limits, progress);
    outcome.skipped = std::move(own.skipped);
    outcome.left_out = own.left_out;
    images = std::move(own.images);
    if (images.empty()) return Failure{"there is no usable image in " + plan.folder, outcome.skipped};
    return std::nullopt;
  }
  CorpusPlan corpus;
  corpus.images = budget.pictures;
  corpus.most_pixels = budget.largest;
  corpus.seed = plan.seed;
  for (const Encoding encoding :
       {Encoding::jpeg, Encoding::progressive_jpeg, Encoding::png, Encoding::webp, Encoding::avif}) {
    if (available(encoding))
      corpus.encodings.push_back(encoding);
    else
      outcome.missing.push_back(encoding);
  }
  auto made = generate(corpus, progress);
  if (const auto* problem = std::get_if<Problem>(&made)) return Failure{problem->why, {}};
  images = std::move(std::get<std::vector<Encoded>>(made));
  std::erase_if(images, [&](const Encoded& image) { return plan.deadly.contains(image.name); });
  for (const auto& [name, how] : plan.deadly) outcome.skipped.push_back({name, how});
  if (images.empty()) return Failure{"no generated image could be converted", outcome.skipped};
  return std::nullopt;
}

}  // namespace

std::variant<Outcome, Failure> calibrate(const Plan& plan, const std::function<void(double)>& progress) {
  const Library library;
  const double begin = wall_now();
  const Budget time = budget(plan);
  const int n = cores();
  constexpr double kKernels = 15;  // about as many
  const double contention_s =
      kKernels * time.rounds * time.round_s * static_cast<double>(busy_counts(n).size());
  const double service_s = plan.validate ? time.service_s : 0;
  Parts parts(time.images_s + time.measure_s + contention_s + service_s, progress);

  Outcome outcome;
  std::vector<Encoded> images;
  if (auto failure = get_images(plan, time, outcome, images, parts.part(time.images_s))) return *failure;

  Watch watch;
  MeasurePlan measuring;
  measuring.seconds = time.measure_s;
  measuring.seed = plan.seed;
  const std::vector<Trial> trials = trials_of(images, plan);
  const Measured measured = measure(images, trials, measuring, watch, parts.part(time.measure_s));
  const std::vector<Timed>& timed = measured.timed;
  outcome.skipped.insert(outcome.skipped.end(), measured.failed.begin(), measured.failed.end());
  outcome.unmeasured = measured.no_time;
  if (timed.empty()) return Failure{"no conversion was possible", outcome.skipped};
  const auto kernels = by_kernel(timed, images);
  const auto tell = parts.part(contention_s);
  Profile& profile = outcome.profile;
  for (const auto& [key, list] : kernels) {
    Kernel& kernel = profile.kernels.emplace_back(kernel_from(key, list, plan));
    kernel.scaling = measure_contention(images, list, {n, time.rounds, time.round_s});
    if (kernel.fit->typical_error.value >= 1)
      outcome.notes.push_back(
          name_of(kernel) +
          ": coefficients are off by 100 % or more for a typical image, these images differ "
          "in more than pixels and bytes");
    watch.probe();
    tell(static_cast<double>(profile.kernels.size()) / static_cast<double>(kernels.size()));
  }
  Disturbance noise = watch.so_far();
  noise.waiting = measured.waiting;
  noise.change = change_since(profile.kernels);

  profile.profile = plan.name;
  Provenance& origin = profile.provenance.emplace();
  origin.processor = processor();
  origin.cores = n;
  origin.libvips = libvips_version();
  origin.date = today();
  origin.corpus = plan.folder.empty() ? "generated, seed " + std::to_string(plan.seed) : "own images";
  std::set<std::size_t> used;
  for (const Timed& t : timed) used.insert(t.trial.image);
  origin.images = static_cast<std::int64_t>(used.size());
  origin.corpus_fingerprint = fingerprint(images);
  origin.steal = Share{rounded(noise.steal)};
  origin.other_work = Share{rounded(noise.other_work)};
  origin.waiting = Share{rounded(noise.waiting)};
  origin.drift = Share{std::min(1.0, rounded(noise.drift))};  // all that a profile can hold
  if (const std::string why = noise.verdict(); !why.empty()) origin.noise = why;

  if (plan.validate) {
    auto service = service_plan(images, plan, time, n);
    if (const auto* problem = std::get_if<Problem>(&service))
      outcome.no_service = *problem;
    else {
      auto& with = std::get<ServicePlan>(service);
      // However long it has taken so far: no reality check ends later than ten minutes after the beginning.
      constexpr double kLongest = 570;
      constexpr double kLeast = 30;
      with.longest_seconds =
          std::min(with.longest_seconds, std::max(kLeast, kLongest - (wall_now() - begin)));
      outcome.service = run_service(images, with, parts.part(service_s));
    }
  }
  outcome.images = std::move(images);
  return outcome;
}

}  // namespace headroom::processing::calibrate
