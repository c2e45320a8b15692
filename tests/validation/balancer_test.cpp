#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "tests/validation/brute_force.h"
#include "tests/validation/harness.h"
#include "tests/validation/theory.h"

// A costless balancer in front of 1000 servers of one core, mean service 1 s. Nobody but the balancer sends
// to them, so what it counts as outstanding is the length of the queue.

namespace headroom::validation {
namespace {

constexpr int kServers = 1000;

std::string fleet(const std::string& policy, double load) {
  return fmt::format(R"(
platform: {{network: ideal, hosts: {{worker: {{count: {}, cores: 1}}}}}}
workload: {{arrivals: {{poisson: {}/s}}}}
deployment:
  load_balancer: {{policy: {}}}
  processing: {{hosts: worker, service_time: {{exponential: {{mean: 1s}}}}}}
)",
                     kServers, load * kServers, policy);
}

}  // namespace

TEST_CASE("random choice makes 1000 independent M/M/1", "[balancer]") {
  const double load = 0.7;
  Expected expected = sojourn(markov_queue(1, load, 1));
  expected.variance /= kServers;
  validate("random, 1000 servers at 0.7", fleet("random", load), {200, 64 * 190.0},
           {{"latency.mean_ms", in_ms(expected)}});
}

TEST_CASE("two choices: the mean field of the supermarket model", "[balancer]") {
  const double load = 0.9;
  const RunLength run{100, 64 * 100.0};
  // The plain simulation's spread (320 windows: known to 4 %), around the value of infinitely many servers:
  // 1000 have a little more (0.1 %, Mitzenmacher 2001 saw 1.2 % with 100).
  const Windows windows{100, 100, 320};
  Expected expected = mean_sojourn(join_shorter_of_two(kServers, load, windows), windows);
  expected.value = supermarket(load, 2);
  Check check{"latency.mean_ms", in_ms(expected)};
  check.bias = 0.01;
  validate("two choices, 1000 servers at 0.9", fleet("power_of_two_choices", load), run, {check});
}

}  // namespace headroom::validation
