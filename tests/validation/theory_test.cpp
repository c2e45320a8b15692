#include "tests/validation/theory.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/validation/brute_force.h"

// Theory against published numbers, and against itself by another way.

namespace headroom::validation {
namespace {

double number(Real x) {
  return static_cast<double>(x);
}
Approx about(double x, double relative) {
  return Approx(x).epsilon(relative);
}

}  // namespace

TEST_CASE("Erlang's formulas and the birth-death chain agree with the tables", "[theory]") {
  struct Row {
    int cores;
    double load, c, wait;
  };
  for (const Row& row : {Row{1, 0.9, 0.9, 9}, Row{10, 0.8, 0.40918, 0.20459}, Row{32, 0.9, 0.45820, 0.14319},
                         Row{32, 0.99, 0.93365, 2.9177}, Row{1280, 0.95, 0.04228, 6.606e-4}}) {
    const double load = row.load * row.cores;
    const Chain chain = markov_queue(row.cores, load, 1);
    CHECK(number(erlang_c(row.cores, load)) == about(row.c, 3e-4));
    CHECK(number(wait_probability(chain, row.cores).value) ==
          about(number(erlang_c(row.cores, load)), 1e-12));
    CHECK(number(wait(chain, row.cores).value) == about(row.wait, 3e-4));
    CHECK(number(sojourn(chain).value) == about(1 + number(wait(chain, row.cores).value), 1e-12));
  }
  CHECK(number(erlang_b(10, 5)) == about(0.0183846, 1e-5));
  CHECK(number(erlang_b(32, 25.6L)) == about(0.0368613, 1e-5));
  CHECK(number(erlang_b(1280, 1280)) == about(0.0219734, 1e-5));
  for (const int cores : {10, 1280})
    CHECK(number(loss(markov_loss(cores, cores / 2.0L, 1), cores).value) ==
          about(number(erlang_b(cores, cores / 2.0L)), 1e-9));
}

TEST_CASE("the asymptotic variance of M/M/1 is Whitt's, and that of M/G/1 falls in with it", "[theory]") {
  for (const double load : {0.5, 0.8, 0.9}) {
    const Chain chain = markov_queue(1, load, 1);
    Reward present;
    present.rate = [](int n) { return Real(n); };
    // Number in the system: 2ρ(1+ρ)/(1−ρ)⁴ (Whitt 1989).
    CHECK(number(per_second(chain, present).variance) ==
          about(2 * load * (1 + load) / std::pow(1 - load, 4), 1e-6));
    // Two derivations that have nothing in common.
    CHECK(number(mg1_wait(load, exponential(1)).variance) == about(number(wait(chain, 1).variance), 1e-6));
    CHECK(number(mg1_wait_probability(load, exponential(1)).variance) ==
          about(number(wait_probability(chain, 1).variance), 1e-6));
  }
  CHECK(number(mg1_wait(0.8L, constant(1)).value) == about(2, 1e-12));
  CHECK(number(mg1_wait(0.8L, lognormal(1, 0.25L)).value) == about(2.5, 1e-12));
  CHECK(number(mg1_wait(0.8L, hyperexponential(1, 4)).value) == about(10, 1e-12));
}

TEST_CASE("arrivals in a Poisson process have the variance of their mean", "[theory]") {
  Reward one;
  one.arrival = [](int) { return Real(1); };
  const Expected found = per_second(markov_queue(8, 6, 1), one);
  CHECK(number(found.value) == about(6, 1e-12));
  CHECK(number(found.variance) == about(6, 1e-9));
}

TEST_CASE("mean value analysis, the supermarket and the cache agree with the tables", "[theory]") {
  const Closed fifty = mean_value_analysis({0.005L, 0.010L, 0.020L}, 1, 50);
  CHECK(number(fifty.throughput) == about(44.0894, 1e-5));
  CHECK(number(fifty.response) == about(0.134058, 1e-5));
  CHECK(number(mean_value_analysis({0.005L, 0.010L, 0.020L}, 1, 100).throughput) == about(50, 1e-4));
  // One station: the machine repair model.
  CHECK(number(mean_value_analysis({0.020L}, 1, 50).response) ==
        about(number(sojourn(machine_repair(50, 1, 1, 0.020L)).value), 1e-9));
  CHECK(number(supermarket(0.5L, 2)) == about(1.26569, 1e-5));
  CHECK(number(supermarket(0.9L, 2)) == about(2.61406, 1e-5));
  CHECK(number(supermarket(0.99L, 2)) == about(5.43200, 1e-5));
  CHECK(number(supermarket(0.9L, 3)) == about(2.02786, 1e-5));
  CHECK(number(supermarket(0.9L, 1)) == about(10, 1e-9));
  CHECK(number(ttl_hit_ratio(100'000, 1, 1000, 60).value) == about(0.7476, 1e-4));
  CHECK(number(ttl_hit_ratio(100'000, 1, 1000, 300).value) == about(0.8664, 1e-4));
  CHECK(number(ttl_hit_ratio(100'000, 1, 1000, 3600).value) == about(0.9761, 1e-4));
}

TEST_CASE("a cache that was empty forgets it", "[theory]") {
  const Real stationary = ttl_hit_ratio(100, 1, 10, 60).value;
  CHECK(number(ttl_hit_ratio_from_empty(100, 1, 10, 60, 60'000, 60'060)) == about(number(stationary), 1e-4));
  // A single user: the first request of all is a miss, and the others of that minute are hits.
  CHECK(number(ttl_hit_ratio_from_empty(1, 1, 1, 60, 0, 60)) == about(1 - (1 - std::exp(-60.0)) / 60, 1e-9));
}

TEST_CASE("the plain simulations agree with theory where there is one", "[theory]") {
  // 2000 windows: means to 4 of their own σ, variances to 4·√(2/2000) = 13 %.
  const auto agree = [](const Expected& found, const Expected& theory, double seconds) {
    CHECK(std::abs(number(found.value - theory.value)) < 4 * number(theory.deviation(seconds)));
    CHECK(number(found.variance) == about(number(theory.variance), 0.13));
  };
  const Windows windows{200, 600, 2000};
  agree(mean_sojourn(share_processors(4, 2, exponential_sampler(1), windows), windows),
        sojourn(markov_queue(4, 2, 1)), windows.length * windows.count);
  // Station one and two without work: the machine repair model.
  const auto closed = closed_network({10, 1, 0, 0, 0.1}, windows);
  const Chain repair = machine_repair(10, 1, 1, 0.1L);
  Reward one;
  one.arrival = [](int) { return Real(1); };
  agree(mean_sojourn(closed, windows), sojourn(repair), windows.length * windows.count);
  agree(arrival_rate(closed, windows), per_second(repair, one), windows.length * windows.count);
  // 100 servers: Mitzenmacher's own simulation found 2.6454 at 0.9.
  const Windows fleet{100, 20'000, 2};
  CHECK(number(mean_sojourn(join_shorter_of_two(100, 0.9, fleet), fleet).value) == about(2.6454, 0.005));
}

}  // namespace headroom::validation
