#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "tests/validation/brute_force.h"
#include "tests/validation/harness.h"
#include "tests/validation/theory.h"

// A fixed number of users who think, ask, and wait for the answer.

namespace headroom::validation {
namespace {

std::string users(int count, double think_s) {
  return fmt::format(
      "workload: {{arrivals: {{closed: {{users: {}, think_time: {{exponential: {{mean: {}s}}}}}}}}}}\n",
      count, think_s);
}

/// Requests per second, at a rate that is the throughput of a closed system.
Expected throughput(const Chain& chain) {
  Reward requests;
  requests.arrival = [](int) { return Real(1); };
  return per_second(chain, requests);
}

}  // namespace

TEST_CASE("closed users and one host: the machine repair model", "[closed]") {
  const int count = 100;
  const double think = 10;
  const int cores = 8;
  const Chain chain = machine_repair(count, think, cores, 1);
  const std::string scenario = users(count, think) + fmt::format(R"(
platform: {{network: ideal, hosts: {{worker: {{count: 1, cores: {}}}}}}}
deployment: {{processing: {{hosts: worker, service_time: {{exponential: {{mean: 1s}}}}}}}}
)",
                                                                 cores);
  validate("machine repair, 100 users, 8 cores", scenario, {200, 330, 100},
           {{"throughput_rps", throughput(chain)}, {"latency.mean_ms", in_ms(sojourn(chain))}});
}

// Balancer and API server: one core each, shared equally by all requests, so that their constant demands
// change nothing (Baskett et al. 1975; constant laws: Barbour 1976). Worker: one core, first come first
// served, exponential. The spread comes from a plain simulation: constant demands make it other than that of
// a Markov chain.
TEST_CASE("closed users and three stations: mean value analysis", "[closed]") {
  const ThreeStations stations{50, 1, 0.005, 0.010, 0.020};
  const RunLength run{30, 45, 100};
  const Windows windows{run.warmup, run.window, 800};
  const auto sums = closed_network(stations, windows);
  Expected rate = arrival_rate(sums, windows);
  Expected response = mean_sojourn(sums, windows);
  const Closed exact = mean_value_analysis({0.005L, 0.010L, 0.020L}, 1, stations.users);
  rate.value = exact.throughput;
  response.value = exact.response;
  const std::string scenario = users(stations.users, stations.think) + R"(
platform: {network: ideal, hosts: {lb: {cores: 1}, api: {cores: 1}, worker: {cores: 1}}}
deployment:
  load_balancer: {hosts: lb, cpu: 5ms}
  api: {hosts: api, cpu: 10ms}
  processing: {hosts: worker, service_time: {exponential: {mean: 20ms}}}
)";
  validate("closed network 5, 10, 20 ms, 50 users", scenario, run,
           {{"throughput_rps", rate}, {"latency.mean_ms", in_ms(response)}});
}

}  // namespace headroom::validation
