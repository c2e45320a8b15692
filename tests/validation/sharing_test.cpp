#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "tests/validation/brute_force.h"
#include "tests/validation/harness.h"
#include "tests/validation/theory.h"

// Processor sharing: the mean time in the system depends on the service's mean only (Kleinrock 1976 for one
// core; with c cores, and no more than one for a job, N(t) is that of M/M/c: Cohen 1979). How much the
// estimate strays does depend on the law: for the exponential law it is known, for the others a plain
// simulation says it.

namespace headroom::validation {
namespace {

constexpr double kService = 0.1;
/// Of the plain simulation; their spread is known to 1/√(2·1000) = 2 %, and a little more for its tails.
constexpr int kWindows = 1000;

void sharing(int cores, double load, const std::string& law, const Sampler* sampler, const RunLength& run) {
  const double rate = load * cores / kService;
  Expected expected = sojourn(markov_queue(cores, rate, kService));
  if (sampler != nullptr) {
    const Windows windows{run.warmup, run.window, kWindows};
    expected.variance = mean_sojourn(share_processors(cores, rate, *sampler, windows), windows).variance;
  }
  const std::string scenario = fmt::format(R"(
platform: {{network: ideal, hosts: {{worker: {{count: 1, cores: {}}}}}}}
workload: {{arrivals: {{poisson: {}/s}}}}
deployment: {{processing: {{hosts: worker, discipline: processor_sharing, service_time: {}}}}}
)",
                                           cores, rate, law);
  validate(fmt::format("PS, {} cores at {:g}, {}", cores, load, law.substr(1, law.find(':') - 1)), scenario,
           run, {{"latency.mean_ms", in_ms(expected)}});
}

/// `warmup` and `window` in seconds; the window is for the exponential law.
void laws(int cores, double load, double warmup, double window) {
  const auto length = [=](double factor) { return RunLength{warmup, window * factor, 200}; };
  const Sampler same = constant_sampler(kService);
  const Sampler varied = hyperexponential_sampler(kService, 4);
  sharing(cores, load, "{exponential: {mean: 100ms}}", nullptr, length(1));
  sharing(cores, load, "{constant: 100ms}", &same, length(0.6));
  sharing(cores, load, "{hyperexponential: {mean: 100ms, scv: 4}}", &varied, length(cores == 1 ? 3.2 : 1.6));
}

}  // namespace

TEST_CASE("one shared core: T = S / (1 - load), whatever the law", "[sharing-1]") {
  laws(1, 0.8, 100, 1000);
}

TEST_CASE("many shared cores: T is that of M/M/c, whatever the law", "[sharing-32]") {
  laws(32, 0.9, 12, 65);
}

}  // namespace headroom::validation
