#include "models/processing/calibrate/noise.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <limits>
#include <thread>

namespace headroom::processing::calibrate {
namespace {

double seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double cores() {
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

double wall_now() {
  return seconds(CLOCK_MONOTONIC);
}
double thread_cpu_now() {
  return seconds(CLOCK_THREAD_CPUTIME_ID);
}
double process_cpu_now() {
  return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

std::string Disturbance::verdict() const {
  constexpr double kSteal = 0.01;
  constexpr double kOther = 0.05;
  constexpr double kWaiting = 0.05;
  constexpr double kDrift = 0.05;
  constexpr double kChange = 0.1;
  std::string why;
  const auto add = [&](double value, double limit, const char* what) {
    if (value > limit)
      why += fmt::format("{}{:.1f} % {} (limit {:.0f} %)", why.empty() ? "" : ", ", value * 100, what,
                         limit * 100);
  };
  add(steal, kSteal, "of the CPU time was stolen by the hypervisor");
  add(other_work, kOther, "of the CPU time was used by other programs");
  add(waiting, kWaiting, "of a conversion's time was spent waiting for a core");
  add(drift, kDrift, "change of the processor's speed");
  add(change, kChange, "change in the time that the same conversions take");
  return why;
}

Watch::Watch() : start_(machine()), wall_(wall_now()), cpu_(process_cpu_now()) {
  probe();
}

Watch::Machine Watch::machine() {
  Machine m;
  std::ifstream file("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, io = 0, irq = 0, soft = 0, steal = 0;
  if (file >> name >> user >> nice >> system >> idle >> io >> irq >> soft >> steal) {
    const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    m.stolen = steal / per_second;
    m.busy = (user + nice + system + irq + soft) / per_second;
  }
  return m;
}

void Watch::probe() {
  constexpr int kTries = 3;
  constexpr std::uint64_t kSteps = 1'000'000;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTries; ++i) {
    const double begin = thread_cpu_now();
    std::uint64_t x = 1;
    for (std::uint64_t k = 0; k < kSteps; ++k) {
      x = x * 6364136223846793005ULL + 1442695040888963407ULL;  // each step waits for the one before
      asm volatile("" : "+r"(x));
    }
    best = std::min(best, thread_cpu_now() - begin);
  }
  probes_.push_back(best);
}

Disturbance Watch::so_far() const {
  Disturbance d;
  const Machine now = machine();
  const double available = std::max(1e-3, wall_now() - wall_) * cores();
  d.steal = std::clamp((now.stolen - start_.stolen) / available, 0.0, 1.0);
  const double own = process_cpu_now() - cpu_;
  // The kernel counts in ticks of 10 ms: below one tick a core nothing can be said.
  const double others = now.busy - start_.busy - own - 0.01 * cores();
  d.other_work = std::clamp(others / available, 0.0, 1.0);
  // Medians of a few stretches of time: single probes are disturbed by whatever else the machine does.
  constexpr std::size_t kStretches = 4;
  double low = 0;
  double high = 0;
  for (std::size_t k = 0; k < std::min(kStretches, probes_.size()); ++k) {
    const std::size_t parts = std::min(kStretches, probes_.size());
    std::vector<double> part(probes_.begin() + static_cast<std::ptrdiff_t>(k * probes_.size() / parts),
                             probes_.begin() + static_cast<std::ptrdiff_t>((k + 1) * probes_.size() / parts));
    std::nth_element(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2), part.end());
    const double median = part[part.size() / 2];
    low = k == 0 ? median : std::min(low, median);
    high = std::max(high, median);
  }
  d.drift = low > 0 ? high / low - 1 : 0;
  return d;
}

}  // namespace headroom::processing::calibrate
