#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "tests/validation/harness.h"
#include "tests/validation/theory.h"

// Queues with one host, first come first served. Mean service 100 ms. Windows are some 100 relaxation times
// long (1/(cμ(1−√ρ)²) for M/M/c), so that their means are nearly normal; warm-ups 6 or more.

namespace headroom::validation {
namespace {

constexpr double kService = 0.1;

std::string queue(int cores, double rate, const std::string& service, const std::string& more = "") {
  return fmt::format(R"(
platform: {{network: ideal, hosts: {{worker: {{count: 1, cores: {}}}}}}}
workload: {{arrivals: {{poisson: {}/s}}}}
deployment: {{processing: {{hosts: worker, service_time: {}{}}}}}
)",
                     cores, rate, service, more);
}

const std::string kExponential = "{exponential: {mean: 100ms}}";

/// Lengths in mean services.
RunLength services(double warmup, double window, int replications) {
  return {warmup * kService, window * kService, replications};
}

void markov(int cores, double load, const RunLength& run, double within_probability, double within_wait) {
  const double rate = load * cores / kService;
  const Chain chain = markov_queue(cores, rate, kService);
  const char* how = run.replications == 1 ? ", one long run" : "";
  validate(fmt::format("M/M/{} at {:g}{}", cores, load, how), queue(cores, rate, kExponential), run,
           {{"processing.wait_probability", wait_probability(chain, cores), within_probability,
             within_probability / 2.5},
            {"processing.wait_mean_ms", in_ms(wait(chain, cores)), within_wait, within_wait / 2.5}});
}

void general(const std::string& title, const std::string& law, const Service& service, double load,
             const RunLength& run) {
  const double rate = load / kService;
  validate(fmt::format("M/G/1 at {:g}, {}", load, title), queue(1, rate, law), run,
           {{"processing.wait_probability", mg1_wait_probability(rate, service)},
            {"processing.wait_mean_ms", in_ms(mg1_wait(rate, service))}});
}

void blocking(int cores, double load, const RunLength& run, double within) {
  const double rate = load / kService;
  validate(fmt::format("Erlang B({}, {:g})", cores, load),
           queue(cores, rate, kExponential, ", max_waiting: 0"), run,
           {{"yield", loss(markov_loss(cores, rate, kService), cores), within, within / 2.5, 0, true}});
}

}  // namespace

TEST_CASE("M/M/1 waits as Erlang C says", "[mm1]") {
  markov(1, 0.9, services(2500, 40000, 200), 0.05, 0.05);
}

TEST_CASE("M/M/8 waits as Erlang C says", "[mm8]") {
  markov(8, 0.9, services(350, 6500, 200), 0.05, 0.05);
}

TEST_CASE("M/M/32 waits as Erlang C says", "[mm32]") {
  markov(32, 0.9, services(120, 2400, 200), 0.05, 0.05);
}

TEST_CASE("M/M/1280 waits as Erlang C says", "[mm1280]") {
  markov(1280, 0.98, services(40, 200, 200), 0.10, 0.25);
}

TEST_CASE("the intervals of a single long run are as good as those of replications", "[mm8-single]") {
  markov(8, 0.8, services(1000, 500000, 1), 0.05, 0.05);
}

TEST_CASE("M/G/1 waits as Pollaczek and Khinchine say", "[mg1]") {
  general("constant", "{constant: 100ms}", constant(kService), 0.8, services(700, 5600, 200));
  general("lognormal, scv 1", "{lognormal: {mean: 100ms, scv: 1}}", lognormal(kService, 1), 0.8,
          services(1000, 14000, 200));
  general("hyperexponential, scv 4", "{hyperexponential: {mean: 100ms, scv: 4}}",
          hyperexponential(kService, 4), 0.8, services(2500, 36000, 200));
}

TEST_CASE("a queue where nobody waits turns away as Erlang B says", "[erlang-b]") {
  blocking(10, 5, services(30, 1600, 200), 0.05);
  blocking(32, 25.6, services(30, 350, 200), 0.05);
  blocking(1280, 1280, services(15, 20, 200), 0.10);
}

}  // namespace headroom::validation
