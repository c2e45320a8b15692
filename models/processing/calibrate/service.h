#pragma once

#include <cstdint>
#include <functional>
#include <variant>
#include <vector>

#include "models/processing/calibrate/kernel.h"
#include "models/processing/calibrate/noise.h"

/// A real service, small but complete: what the simulator is held against.
namespace headroom::processing::calibrate {

struct ServicePlan {
  std::vector<std::size_t> images;  ///< requests draw from these, each as probable as the others
  Task task;
  int cores = 1;              ///< one worker thread each
  std::size_t places = 500;   ///< in the queue; a request that finds none is rejected
  std::vector<double> loads;  ///< shares of the capacity
  double seconds = 25;        ///< for each load
  double warmup = 2;          ///< of these: not compared
  double capacity_seconds = 5;
  std::uint64_t seed = 1;
};

struct Served {
  double at = 0;  ///< s since the start: when the request was due
  std::size_t image = 0;
  bool rejected = false;
  double latency = 0;  ///< s, from `at` to the last byte of the answer; 0 if rejected
};

struct LoadRun {
  double load = 0;  ///< share of the capacity
  double rate = 0;  ///< 1/s
  double late = 0;  ///< s: 99th percentile of how late the generator was
  std::vector<Served> requests;
  Disturbance noise;
};

struct ServiceRun {
  ServicePlan plan;
  double capacity = 0;  ///< conversions/s when every worker always has the next one
  std::vector<LoadRun> loads;
};

/// Open loop: requests are due at the times of a Poisson process, whether or not those before are answered;
/// the generator sleeps until absolute times (clock_nanosleep), so that it uses no CPU between, and latency
/// counts from when a request was due. One bounded first-in-first-out queue, one worker thread per core, real
/// conversions.
ServiceRun run_service(const std::vector<Encoded>& images, const ServicePlan& plan,
                       const std::function<void(double)>& progress = {});

}  // namespace headroom::processing::calibrate
