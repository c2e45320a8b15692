#include <boost/math/distributions/normal.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/study/planner.h"
#include "tests/metrics/queue_runs.h"

// The planner on queues of which theory knows the answer. Kiefer and Wolfowitz's recursion stands in for the
// simulator, so that hundreds of plans take seconds; what is searched and decided is the product's own code.
namespace headroom::study {
namespace {

using metrics::Better;
using metrics::Objective;
using metrics::queue_runs::Queue;

struct Problem {
  std::string name;
  std::vector<Queue> queues;  ///< by candidate
  std::vector<Candidate> candidates;
  std::vector<bool> directed;
  Objective objective;
  double window_s = 0;
};

/// What theory says of the objective's metric.
double value(const Queue& queue, const std::string& metric) {
  const auto truth = metrics::queue_runs::truth(queue);
  return metric == "latency.p99_ms"    ? truth.p99_ms
         : metric == "latency.mean_ms" ? truth.latency_ms
                                       : truth.wait_ms;
}

/// The cheapest that holds, and how good an answer may be: everything that holds within the indifference.
double optimum(const Problem& problem, double bound) {
  double best = 1e18;
  for (std::size_t i = 0; i < problem.queues.size(); ++i)
    if (problem.queues[i].load < 1 && value(problem.queues[i], problem.objective.metric) <= bound)
      best = std::min(best, problem.candidates[i].objective);
  return best;
}

Candidate candidate(double objective, std::vector<int> rank, const Queue& queue) {
  const double load = queue.servers * queue.load;
  return {objective, std::move(rank), (queue.servers - load) / std::sqrt(load), queue.load >= 1};
}

/// The fewest servers for so many requests (in servers' worth of work).
Problem fewest(const std::string& metric, double load, int first, int last, double bound, double window_s) {
  Problem p{"fewest servers, load " + std::to_string(load),
            {},
            {},
            {true},
            {metric, bound, Better::lower},
            window_s};
  for (int c = first; c <= last; ++c) {
    p.queues.push_back({c, load / c, 1});
    p.candidates.push_back(candidate(c, {c - first}, p.queues.back()));
  }
  return p;
}

/// The most load that so many servers hold, in steps of 1 % of their capacity.
Problem most(const std::string& metric, int servers, double bound, double window_s) {
  Problem p{"most load, " + std::to_string(servers) + " servers",
            {},
            {},
            {true},
            {metric, bound, Better::lower},
            window_s};
  for (int percent = 40; percent <= 99; ++percent) {
    p.queues.push_back({servers, percent / 100.0, 1});
    p.candidates.push_back(candidate(-percent, {100 - percent}, p.queues.back()));
  }
  return p;
}

/// The cheapest pair of (cores, hosts): a host costs 3, a core 1; all their cores serve one queue.
Problem pair(const std::string& metric, double load, double bound, double window_s) {
  Problem p{"cheapest pair", {}, {}, {true, true}, {metric, bound, Better::lower}, window_s};
  for (int hosts = 1; hosts <= 8; ++hosts)
    for (int cores = 1; cores <= 8; ++cores) {
      p.queues.push_back({hosts * cores, load / (hosts * cores), 1});
      p.candidates.push_back(candidate(hosts * (3 + cores), {hosts - 1, cores - 1}, p.queues.back()));
    }
  return p;
}

struct Run {
  bool right = false;
  int replications = 0;
  std::size_t points = 0;
  std::vector<PointVerdict> tested;
};

Run plan(const Problem& problem, int seed) {
  PlanProblem p;
  p.candidates = problem.candidates;
  p.directed = problem.directed;
  p.variants.assign(problem.candidates.size(), {PlanProblem::Variant{}});
  p.objectives = {problem.objective};
  std::vector<std::vector<metrics::ReplicationResult>> kept(problem.queues.size());
  Planner planner(
      std::move(p),
      [&](std::size_t c, std::span<const std::size_t>, int n) -> std::optional<std::vector<VariantRuns>> {
        while (static_cast<int>(kept[c].size()) < n)
          kept[c].push_back(
              metrics::queue_runs::run(problem.queues[c], problem.window_s,
                                       static_cast<std::uint64_t>(seed) * 1'000'000 + kept[c].size()));
        return std::vector<VariantRuns>{{{kept[c].begin(), kept[c].begin() + n}, true, {}, {}}};
      });
  const PlanAnswer answer = planner.find();
  Run run;
  run.points = answer.tested.size();
  for (const auto& point : answer.tested) run.replications += point.replications();
  run.tested = answer.tested;
  // Within the indifference either answer is right.
  const double zone = indifference(problem.objective, false, std::nullopt);
  const double strict = optimum(problem, problem.objective.bound - zone);
  const double loose = optimum(problem, problem.objective.bound + zone);
  if (answer.best) {
    const double got = problem.candidates[*answer.best].objective;
    run.right =
        got >= loose && got <= strict &&
        value(problem.queues[*answer.best], problem.objective.metric) <= problem.objective.bound + zone;
  } else {
    run.right = strict > 1e17;
  }
  return run;
}

/// Replications that someone needs who knows the truth and only has to prove it once, at the same confidence:
/// so many that z standard errors reach from the value to the bound (or over the indifference), at least a
/// first look; z of the share of the error that the point has. The standard error of one replication is taken
/// from 40 of them.
double clairvoyant(const Problem& problem, const PointVerdict& point, std::size_t place) {
  const Queue& queue = problem.queues[point.candidate];
  double sum = 0, squares = 0;
  constexpr int kRuns = 40;
  for (int r = 0; r < kRuns; ++r) {
    const auto run =
        metrics::queue_runs::run(queue, problem.window_s, 999'000'000 + static_cast<unsigned>(r));
    for (const auto& metric : run.metrics)
      if (metric.name == problem.objective.metric) {
        sum += *metric.value;
        squares += *metric.value * *metric.value;
      }
  }
  const double mean = sum / kRuns, variance = squares / kRuns - mean * mean;
  const double zone = indifference(problem.objective, false, std::nullopt);
  const double gap =
      std::max(zone, std::abs(problem.objective.bound - value(queue, problem.objective.metric)));
  const double share = 0.05 / static_cast<double>(place * (place + 1));
  const double z = quantile(complement(boost::math::normal(), share));
  return std::max(4.0, z * z * variance / gap / gap);
}

std::vector<Problem> problems() {
  return {
      fewest("latency.p99_ms", 20.3, 15, 60, 540, 200),
      fewest("latency.mean_ms", 6.4, 4, 20, 118, 200),
      most("latency.p99_ms", 8, 650, 400),
      most("latency.mean_ms", 1, 390, 3000),
      pair("latency.p99_ms", 12, 485, 200),
      fewest("wait_mean_ms", 50, 40, 90, 4.3, 100),
  };
}

void try_all(int seeds) {
  for (const Problem& problem : problems()) {
    int right = 0, replications = 0;
    std::size_t points = 0;
    double needed = 0;
    std::map<std::pair<std::size_t, std::size_t>, double> of;
    for (int seed = 1; seed <= seeds; ++seed) {
      const Run run = plan(problem, seed);
      right += run.right ? 1 : 0;
      replications += run.replications;
      points += run.points;
      for (std::size_t i = 0; i < run.tested.size(); ++i) {
        const std::pair key(run.tested[i].candidate, i + 1);
        if (!of.contains(key)) of[key] = clairvoyant(problem, run.tested[i], i + 1);
        needed += of[key];
      }
    }
    std::printf("| %s | %d of %d | %.1f of %zu | %.1f | %.2f |\n", problem.name.c_str(), right, seeds,
                static_cast<double>(points) / seeds, problem.candidates.size(),
                static_cast<double>(replications) / seeds, replications / needed);
    INFO(problem.name);
    // 95 %, less 2.4 standard errors of the binomial: 183 of 200.
    CHECK(right >= 0.95 * seeds - 2.4 * std::sqrt(0.95 * 0.05 * seeds));
    CHECK(replications <= 3 * needed);
  }
}

TEST_CASE("plans find the answers that theory knows", "[plan]") {
  const char* form = std::getenv("HEADROOM_LONG");
  try_all(form != nullptr && *form != '\0' ? 200 : 5);
}

}  // namespace
}  // namespace headroom::study
