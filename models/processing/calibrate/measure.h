#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "models/processing/calibrate/corpus.h"
#include "models/processing/calibrate/fit.h"
#include "models/processing/calibrate/kernel.h"
#include "models/processing/calibrate/noise.h"

namespace headroom::processing::calibrate {

/// One thing to measure: an image, an operation, an encoding, a width.
struct Trial {
  std::size_t image = 0;
  Task task;
};

struct Timed {
  Trial trial;
  Observation seen;
  bool precise = false;           ///< the mean is known as precisely as asked for
  double decode = 0, resize = 0;  ///< s of CPU of these stages; 0: not measured
};

struct Measured {
  std::vector<Timed> timed;
  std::vector<Skipped> failed;  ///< images of which no conversion succeeded, or not each, and why
  std::int64_t no_time = 0;     ///< trials left out because the time was over
  double waiting = 0;           ///< median over conversions: share of their time without a core
};

struct MeasurePlan {
  double seconds = 120;     ///< longest time for it
  double precision = 0.03;  ///< half-width of the mean's 95 % interval, relative
  int least_runs = 3;
  int most_runs = 12;
  int stage_images = 16;  ///< per kernel, for the shares of the stages
  std::uint64_t seed = 1;
};

/// Warms up, then times every trial in rounds, each round in a new random order, so that slow drifts of the
/// machine strike all alike. A trial whose mean is known precisely leaves; so does all when the time is over
/// (those not yet run at all are left out, at random), and a trial that cannot be done. One conversion at a
/// time: the CPU clock is that of the process, which includes the helper thread that libvips encodes in.
Measured measure(const std::vector<Encoded>& images, const std::vector<Trial>& trials,
                 const MeasurePlan& plan, Watch& watch, const std::function<void(double)>& progress = {});

/// The regressors of an image and a task.
Observation regressors_of(const Encoded& image, std::size_t number, const Task& task, double output_pixels);

}  // namespace headroom::processing::calibrate
