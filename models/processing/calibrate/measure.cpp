#include "models/processing/calibrate/measure.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "sim/base/random.h"
#include "sim/metrics/statistics.h"

namespace headroom::processing::calibrate {
namespace {

template <class T>
void shuffle(std::vector<T>& values, Engine& draw) {
  for (std::size_t i = values.size(); i > 1; --i) {
    const auto j = static_cast<std::size_t>(uniform_below(draw, i));
    std::swap(values[i - 1], values[j]);
  }
}

bool is_precise(const std::vector<double>& runs, const MeasurePlan& plan) {
  const auto n = static_cast<int>(runs.size());
  if (n < plan.least_runs) return false;
  metrics::Moments m;
  for (const double run : runs) m.add(run);
  const double t = metrics::student_t_quantile(n - 1, 0.975);
  return t * std::sqrt(m.variance() / n) <= plan.precision * m.mean();
}

using KernelKey = std::tuple<Operation, Encoding, Encoding>;

/// CPU of the first stages, on a sample of each kernel's trials; the best of three, as these are compared.
void time_stages(const std::vector<Encoded>& images, std::vector<Timed>& all, int most, double until) {
  std::map<KernelKey, int> taken;
  for (Timed& timed : all) {
    const Encoded& image = images[timed.trial.image];
    const Task& task = timed.trial.task;
    if (wall_now() > until) return;
    if (timed.seen.runs.empty() || taken[{task.operation, image.encoding, task.output}]++ >= most) continue;
    const auto best = [&](auto stage) {
      double least = 0;
      for (int i = 0; i < 3; ++i) {
        const double begin = process_cpu_now();
        if (!stage(image, task)) return 0.0;
        const double used = process_cpu_now() - begin;
        least = i == 0 ? used : std::min(least, used);
      }
      return least;
    };
    timed.decode = best(only_decode);
    timed.resize = std::max(0.0, best(only_resize) - timed.decode);
  }
}

}  // namespace

Observation regressors_of(const Encoded& image, std::size_t number, const Task& task, double output) {
  Observation o;
  o.image = number;
  o.pixels = pixels_of(task.operation, image.encoding, image.pixels(), output);
  o.bytes = static_cast<double>(image.bytes.size());
  return o;
}

Measured measure(const std::vector<Encoded>& images, const std::vector<Trial>& trials,
                 const MeasurePlan& plan, Watch& watch, const std::function<void(double)>& progress) {
  constexpr double kForRounds = 0.9;  // of the time; the rest is for the stages
  constexpr double kForWarmup = 0.02;
  constexpr double kTick = 1e-9;  // s: nothing takes no time, whatever a coarse clock says
  const double begin = wall_now();
  const double until = begin + plan.seconds * kForRounds;
  Measured measured;
  std::vector<Timed>& all = measured.timed;
  std::map<std::size_t, std::string> failed;  // image: why
  std::int64_t impossible = 0;                // trials
  for (const Trial& trial : trials) all.push_back({trial, {}, false, 0, 0});
  Engine draw = (StreamKey(plan.seed) / "order").engine();
  std::vector<double> waits;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < all.size(); ++i) open.push_back(i);

  shuffle(open, draw);
  for (std::size_t i = 0; i < open.size() && wall_now() < begin + plan.seconds * kForWarmup; ++i)
    convert(images[all[open[i]].trial.image], all[open[i]].trial.task);

  double last_probe = begin;
  bool none = true;  // something is measured even if there is no time at all
  for (int round = 0; round < plan.most_runs && !open.empty() && (none || wall_now() < until); ++round) {
    shuffle(open, draw);
    // What has run least comes first if the time ends within a round.
    std::stable_sort(open.begin(), open.end(), [&](std::size_t a, std::size_t b) {
      return all[a].seen.runs.size() < all[b].seen.runs.size();
    });
    std::vector<std::size_t> left;
    for (const std::size_t i : open) {
      Timed& timed = all[i];
      const Encoded& image = images[timed.trial.image];
      if (!none && wall_now() >= until) break;
      const double wall = wall_now();
      const double cpu = process_cpu_now();
      const auto done = convert(image, timed.trial.task);
      const double used = process_cpu_now() - cpu;
      const double taken = wall_now() - wall;
      const auto* converted = std::get_if<Converted>(&done);
      if (converted == nullptr) {  // never tried again
        failed.emplace(timed.trial.image, std::get<Problem>(done).why);
        impossible += timed.seen.runs.empty();
        continue;
      }
      if (timed.seen.runs.empty())
        timed.seen = regressors_of(image, timed.trial.image, timed.trial.task, converted->pixels());
      timed.seen.runs.push_back(std::max(used, kTick));
      none = false;
      constexpr double kLongEnough = 2e-3;  // handing over between threads is most of the wait of short ones
      if (taken > kLongEnough) waits.push_back(std::max(0.0, 1 - used / taken));
      timed.precise = is_precise(timed.seen.runs, plan);
      if (!timed.precise) left.push_back(i);
      if (wall_now() - last_probe > 1) {
        watch.probe();
        last_probe = wall_now();
        if (progress) progress((last_probe - begin) / plan.seconds);
      }
    }
    open = std::move(left);
  }
  time_stages(images, all, plan.stage_images, begin + plan.seconds);
  const auto untimed = std::erase_if(all, [](const Timed& timed) { return timed.seen.runs.empty(); });
  measured.no_time = static_cast<std::int64_t>(untimed) - impossible;
  for (Timed& timed : all) {
    double sum = 0;
    for (const double run : timed.seen.runs) sum += run;
    timed.seen.cpu = sum / static_cast<double>(timed.seen.runs.size());
  }
  std::set<std::size_t> some;
  for (const Timed& timed : all) some.insert(timed.trial.image);
  for (const auto& [image, why] : failed)
    measured.failed.push_back(
        {images[image].name, (some.contains(image) ? "not by every operation: " : "") + why});
  measured.waiting = waits.empty() ? 0 : quantile(waits, 0.5);
  watch.probe();
  return measured;
}

}  // namespace headroom::processing::calibrate
