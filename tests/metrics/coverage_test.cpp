#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "tests/metrics/queue_runs.h"

// How often what is printed as a 95 % interval holds the truth. tests/validation/README.md has the table.
namespace headroom::metrics {
namespace {

using queue_runs::Queue;

struct Tried {
  int printed = 0, covered = 0;
};

const std::vector<std::string>& names() {
  static const std::vector<std::string> all = {"latency.mean_ms", "wait_mean_ms", "latency.p50_ms",
                                               "latency.p99_ms", "utilization"};
  return all;
}

/// The truth is the mean over infinitely many replications of that window: in the long run that of theory; a
/// quantile of a short window has a bias, so for quantiles of short windows it is the mean over all seeds.
std::map<std::string, Tried> tried(const Queue& queue, double window_s, int replications, int seeds) {
  std::vector<StudyResult> results;
  std::map<std::string, double> means;
  for (int seed = 0; seed < seeds; ++seed) {
    std::vector<ReplicationResult> runs;
    for (int r = 0; r < replications; ++r)
      runs.push_back(queue_runs::run(queue, window_s,
                                     static_cast<std::uint64_t>(seed) * 100 + static_cast<unsigned>(r)));
    results.push_back(merge(runs));
    for (const auto& name : names()) means[name] += *results.back().find(name)->mean / seeds;
  }
  const queue_runs::Truth truth = queue_runs::truth(queue);
  std::map<std::string, double> right = {{"latency.mean_ms", truth.latency_ms},
                                         {"wait_mean_ms", truth.wait_ms},
                                         {"latency.p50_ms", means["latency.p50_ms"]},
                                         {"latency.p99_ms", means["latency.p99_ms"]},
                                         {"utilization", truth.utilization}};
  std::map<std::string, Tried> all;
  for (const StudyResult& result : results)
    for (const auto& name : names()) {
      const auto& ci95 = result.find(name)->ci95;
      if (!ci95) continue;
      ++all[name].printed;
      all[name].covered += ci95->low <= right[name] && right[name] <= ci95->high;
    }
  return all;
}

/// At least 93 %, less 2.6 standard errors of the binomial (one in two hundred).
void judge(const std::string& what, const std::map<std::string, Tried>& all, int seeds) {
  std::printf("| %s |", what.c_str());
  for (const auto& name : names()) {
    const auto found = all.find(name);
    const Tried t = found == all.end() ? Tried{} : found->second;
    if (t.printed == 0) {
      std::printf(" – |");
      continue;
    }
    const double share = t.covered / static_cast<double>(t.printed);
    std::printf(" %.1f (%.0f) |", 100 * share, 100.0 * t.printed / seeds);
    INFO(what << ": " << name << ", " << t.covered << " of " << t.printed << " intervals");
    // Where fewer than four in ten are long enough, those that pass are lucky ones.
    if (t.printed < 0.4 * seeds) continue;
    CHECK(share >= 0.93 - 2.6 * std::sqrt(0.93 * 0.07 / t.printed));
  }
  std::printf("\n");
}

void compare(const Queue& queue, const std::vector<double>& memories, int replications, int seeds) {
  for (const double memory : memories) {
    const double window = memory * queue_runs::memory_s(queue) / replications;
    char what[100];
    std::snprintf(what, sizeof what, "%s at %.2f | %d × %.4g s",
                  queue.scv > 1        ? "M/H₂/1"
                  : queue.servers == 1 ? "M/M/1"
                                       : "M/M/8",
                  queue.load, replications, window);
    judge(what, tried(queue, window, replications, seeds), seeds);
  }
}

TEST_CASE("what is printed as 95 % covers the truth: a few seeds", "[coverage]") {
  compare({1, 0.8, 1}, {40, 222}, 1, 100);  // 222: 2000 s
  compare({8, 0.8, 1}, {40, 160}, 1, 100);
  compare({8, 0.8, 1}, {160}, 3, 60);
}

TEST_CASE("what is printed as 95 % covers the truth: a thousand seeds", "[.long]") {
  const int seeds = 1000;
  for (const Queue& queue : {Queue{1, 0.5, 1}, Queue{1, 0.8, 1}, Queue{1, 0.9, 1}, Queue{1, 0.95, 1},
                             Queue{8, 0.8, 1}, Queue{8, 0.95, 1}, Queue{1, 0.8, 4}})
    compare(queue, {20, 40, 80, 160, 320, 640}, 1, seeds);
  for (const int replications : {2, 3, 5, 10, 20})
    for (const Queue& queue : {Queue{1, 0.8, 1}, Queue{8, 0.8, 1}})
      compare(queue, {80, 320}, replications, seeds);
}

}  // namespace
}  // namespace headroom::metrics
