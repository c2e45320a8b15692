#include "models/processing/calibrate/contention.h"

#include <algorithm>
#include <barrier>
#include <thread>

namespace headroom::processing::calibrate {
namespace {

struct Work {
  double alone = 0;     ///< s of CPU that the conversions took alone
  double together = 0;  ///< s that they took now
};

/// Converts one after the other until the time is over; the last one, during which others may have stopped,
/// does not count.
Work busy_core(const std::vector<Encoded>& images, const std::vector<const Timed*>& timed, std::size_t first,
               double seconds, std::barrier<>& start) {
  Work work;
  start.arrive_and_wait();
  const double until = wall_now() + seconds;
  for (std::size_t i = first;; ++i) {
    const Timed& next = *timed[i % timed.size()];
    const double begin = wall_now();
    convert(images[next.trial.image], next.trial.task);
    const double end = wall_now();
    if (end > until && work.together > 0) break;
    work.alone += next.seen.cpu;
    work.together += end - begin;
    if (end > until) break;
  }
  return work;
}

double speed_of(const std::vector<Encoded>& images, const std::vector<const Timed*>& timed, int busy,
                double seconds) {
  std::vector<Work> done(static_cast<std::size_t>(busy));
  std::barrier<> start(busy);
  std::vector<std::thread> cores;
  for (int core = 0; core < busy; ++core)
    cores.emplace_back([&, core] {
      // Each begins at another place of the list, so that neighbours do different things.
      const std::size_t first =
          static_cast<std::size_t>(core) * timed.size() / static_cast<std::size_t>(busy);
      done[static_cast<std::size_t>(core)] = busy_core(images, timed, first, seconds, start);
      thread_done();
    });
  for (std::thread& core : cores) core.join();
  Work all;
  for (const Work& work : done) {
    all.alone += work.alone;
    all.together += work.together;
  }
  return all.together > 0 ? all.alone / all.together : 1;
}

}  // namespace

std::vector<std::int64_t> busy_counts(int cores) {
  std::vector<std::int64_t> counts;
  for (int n = 1; n < cores; n *= 2) counts.push_back(n);
  counts.push_back(std::max(1, cores));
  return counts;
}

Scaling measure_contention(const std::vector<Encoded>& images, const std::vector<const Timed*>& timed,
                           const ContentionPlan& plan) {
  constexpr double kShortEnough = 6;  // conversions fit the time at least
  std::vector<const Timed*> usable;
  for (const Timed* t : timed)
    if (t->seen.cpu * kShortEnough <= plan.seconds) usable.push_back(t);
  if (usable.empty())
    usable.push_back(*std::min_element(timed.begin(), timed.end(), [](const Timed* a, const Timed* b) {
      return a->seen.cpu < b->seen.cpu;
    }));
  const std::vector<std::int64_t> busy = busy_counts(plan.cores);
  std::vector<SpeedRound> rounds;
  for (int round = 0; round < plan.rounds; ++round) {
    SpeedRound& speeds = rounds.emplace_back();
    for (const std::int64_t n : busy)
      speeds.push_back(speed_of(images, usable, static_cast<int>(n), plan.seconds));
  }
  return fit_scaling(busy, rounds);
}

}  // namespace headroom::processing::calibrate
