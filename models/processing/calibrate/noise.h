#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headroom::processing::calibrate {

/// Seconds on a clock that only moves forward, and of CPU: of this thread, of the whole process.
double wall_now();
double thread_cpu_now();
double process_cpu_now();

/// What else happened on the machine while something was measured.
struct Disturbance {
  double steal = 0;       ///< share of all cores' time that the hypervisor took for others
  double other_work = 0;  ///< share of all cores' time that other programs used
  double waiting = 0;     ///< median over conversions that ran alone: share of their time without a core
  double drift =
      0;  ///< change of the time that the same arithmetic takes, between quarters of the measurement
  /// Median over kernels of the change in the time that the same conversions take, alone, minutes later: what
  /// neighbours on the same hardware take of caches and memory, which no clock shows.
  double change = 0;
  /// Why the numbers are not to be trusted; empty if the machine was quiet: at most 1 % stolen, 5 % used by
  /// others, 5 % waiting, 5 % drift, 10 % change. (5 % of service time are 15 % of latency at 70 % load on
  /// two cores.)
  std::string verdict() const;
};

/// Watches the machine from construction on.
class Watch {
 public:
  Watch();
  /// Times a fixed piece of arithmetic (about a millisecond): call it now and then between measurements.
  void probe();
  Disturbance so_far() const;

 private:
  struct Machine {
    double stolen = 0, busy = 0;  ///< s of all cores, since boot
  };
  static Machine machine();
  Machine start_;
  double wall_;
  double cpu_;
  std::vector<double> probes_;
};

}  // namespace headroom::processing::calibrate
