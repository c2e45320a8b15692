#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/processing/calibrate/kernel.h"
#include "models/processing/calibrate/noise.h"
#include "models/processing/calibrate/pace.h"

/// A real service, small but complete: what the simulator is held against.
namespace headroom::processing::calibrate {

struct ServicePlan {
  std::vector<std::size_t> images;  ///< requests draw from these, each as probable as the others
  Task task;
  int cores = 1;                 ///< one worker thread each
  std::size_t places = 500;      ///< in the queue; a request that finds none is rejected
  std::vector<double> loads;     ///< shares of the capacity
  int blocks = 6;                ///< of each load that are to count
  double block_seconds = 2.5;    ///< of arrivals
  double longest_seconds = 300;  ///< for all of it, repetitions included
  BlockLimits limits;
  std::uint64_t seed = 1;
};

struct Served {
  double at = 0;          ///< s since the block began: when the request was due
  std::size_t image = 0;  ///< number in `ServicePlan::images`
  bool rejected = false;
  double latency = 0;  ///< s, from `at` to the last byte of the answer; 0 if rejected
};

/// A stretch of service at one load, from empty to empty, between two passes of the reference.
struct Block {
  std::size_t load = 0;  ///< number in `ServicePlan::loads`
  double rate = 0;       ///< 1/s: the load times the capacity at the speed that the machine had just before
  double late = 0;       ///< s: 99th percentile of how late the generator was
  std::vector<Served> requests;
  std::size_t pass = 0;  ///< the one before; the next one is after
  Disturbance noise;     ///< while it was served
  Refusal refused;       ///< why it does not count
};

struct ServiceRun {
  ServicePlan plan;
  std::vector<std::int64_t> busy;  ///< numbers of busy cores of each pass
  std::vector<Pass> passes;
  std::vector<Block> blocks;  ///< in the order of time
  double seconds = 0;         ///< that it took
  /// Blocks that count, of one load.
  int counted(std::size_t load) const;
};

/// Blocks of service, in random order of loads, with passes of the reference between them: every image once,
/// for each number of busy cores. A block whose passes differ too much, or during which others used the
/// machine, is repeated later, as long as there is time.
///
/// Open loop: requests are due at the times of a Poisson process, whether or not those before are answered;
/// the generator sleeps until absolute times (clock_nanosleep), so that it uses no CPU between, and latency
/// counts from when a request was due. One bounded first-in-first-out queue, one worker thread per core, real
/// conversions. Arrivals and images of a block depend on the seed, its load and how often that load was
/// served before; the times scale with the machine's speed.
ServiceRun run_service(const std::vector<Encoded>& images, const ServicePlan& plan,
                       const std::function<void(double)>& progress = {});

}  // namespace headroom::processing::calibrate
