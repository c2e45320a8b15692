#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "tests/validation/harness.h"
#include "tests/validation/theory.h"

// An edge cache whose entries are believed for a fixed time from the miss that fetched them; nothing else is
// deployed. An empty cache fills in one burst: the popular entries expire together again and again, and
// batches that are no multiple of the time to live would see that rhythm. And misses are more regular than
// chance: what comes late in one cycle is missing in the next, so that short batches stray more than long
// runs do (their intervals are too wide). So batches are several times to live long, the more the more often
// entries are used.

namespace headroom::validation {
namespace {

std::string cache(int users, double rate, double ttl) {
  return fmt::format(R"(
platform: {{network: ideal, hosts: {{worker: {{count: 1}}}}}}
workload: {{users: {0}, popularity: {{zipf: 1}}, arrivals: {{poisson: {1}/s}}}}
deployment: {{auth: {{edge_cache: {{ttl: {2}s, entries: {0}}}}}}}
)",
                     users, rate, ttl);
}

void stationary_hit_ratio(int users, double rate, double ttl, int warmup_cycles, int cycles_per_batch) {
  const RunLength run{ttl * warmup_cycles, ttl * cycles_per_batch * 64};
  const Expected expected = ttl_hit_ratio(users, 1, rate, ttl);
  // What is left of the start is small against what chance does.
  const Real here = ttl_hit_ratio_from_empty(users, 1, rate, ttl, run.warmup, run.warmup + run.window);
  REQUIRE(std::abs(here - expected.value) < 0.25L * expected.deviation(run.window));
  validate(fmt::format("TTL cache, {} users, {:g}/s, {:g} s", users, rate, ttl), cache(users, rate, ttl), run,
           {{"auth.hit_ratio", expected}});
}

}  // namespace

TEST_CASE("cache with a time to live of 60 s", "[cache]") {
  stationary_hit_ratio(100'000, 1000, 60, 10, 4);
}

TEST_CASE("cache with a time to live of 300 s", "[cache-300s]") {
  stationary_hit_ratio(100'000, 1000, 300, 10, 4);
}

TEST_CASE("cache with a time to live of 3600 s, fewer users", "[cache-few]") {
  stationary_hit_ratio(100, 1, 3600, 30, 64);
}

// 64 cycles of 3600 s would be 230 million requests. The third cycle after an empty start shows nearly the
// same number, but no interval of it: batches within a cycle see its rhythm. What is expected of it is known
// exactly, and so is how far it strays.
TEST_CASE("cache with a time to live of 3600 s", "[cache]") {
  const double ttl = 3600;
  const RunLength run{2 * ttl, ttl};
  const OneCycle third = ttl_cycle_from_empty(100'000, 1, 1000, ttl, run.warmup);
  const auto expected = static_cast<double>(third.hit_ratio);
  const auto stationary = static_cast<double>(ttl_hit_ratio(100'000, 1, 1000, ttl).value);
  for (int seed = 1; seed <= seeds(); ++seed) {
    const Reported found = Summary(cache(100'000, 1000, ttl), run, seed)["auth.hit_ratio"];
    INFO("seed " << seed << ": " << found.mean << ", expected " << expected);
    CHECK(std::abs(found.mean - expected) < 4 * static_cast<double>(third.deviation));
    CHECK(std::abs(found.mean - stationary) < 0.002);
    if (seed == 1)
      print_row("TTL cache, 100000 users, 1000/s, 3600 s, third cycle", "auth.hit_ratio", expected, found,
                "-");
  }
}

}  // namespace headroom::validation
