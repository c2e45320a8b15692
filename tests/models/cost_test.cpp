#include "models/processing/cost.h"

#include <catch2/catch.hpp>
#include <set>

namespace headroom::processing {
namespace {

ProcessingConfig drawn() {
  ProcessingConfig config;
  config.service_time = Distribution<Duration>::exponential(Duration::ms(100));
  return config;
}

TEST_CASE("conversions per core: an image of mean size takes 1/rate, others in proportion") {
  ProcessingConfig config;
  config.cost = ConversionsPerCore{Rate{10}};
  const CostModel cost(config, Bytes(256'000), StreamKey(1));
  CHECK(cost.work(1, 0, Bytes(256'000)) == Duration::ms(100));
  CHECK(cost.work(2, 3, Bytes(256'000)) == Duration::ms(100));
  CHECK(cost.work(1, 0, Bytes(512'000)) == Duration::ms(200));
  CHECK(cost.work(1, 0, Bytes(0)) == Duration());
}

TEST_CASE("a drawn cost depends on the number, not on the order in which it is asked") {
  const CostModel one(drawn(), std::nullopt, StreamKey(1));
  const CostModel other(drawn(), std::nullopt, StreamKey(1));
  std::vector<Duration> forward;
  for (std::uint64_t n = 0; n < 100; ++n) forward.push_back(one.work(n, 0, Bytes()));
  for (std::uint64_t n = 100; n-- > 0;) CHECK(other.work(n, 0, Bytes()) == forward[n]);
  CHECK(CostModel(drawn(), std::nullopt, StreamKey(2)).work(0, 0, Bytes()) != forward[0]);
}

TEST_CASE("every rendition of every request, probe or closed user draws for itself") {
  const CostModel cost(drawn(), std::nullopt, StreamKey(1));
  std::set<Duration> seen;
  std::size_t asked = 0;
  // Open-loop requests, the first ones of closed users, probes: as models/client numbers them.
  for (const std::uint64_t base :
       {std::uint64_t{0}, std::uint64_t{1} << 28, std::uint64_t{9'999'999} << 28, std::uint64_t{1} << 53})
    for (std::uint64_t n = 0; n < 20; ++n)
      for (const std::int64_t rendition : {0, 1, 999}) {
        seen.insert(cost.work(base + n, rendition, Bytes()));
        ++asked;
      }
  CHECK(seen.size() == asked);
}

TEST_CASE("the law of drawn costs is the one asked for") {
  const CostModel cost(drawn(), std::nullopt, StreamKey(3));
  double sum = 0;
  double squares = 0;
  constexpr int n = 100'000;
  for (int i = 0; i < n; ++i) {
    const double x = cost.work(static_cast<std::uint64_t>(i), 0, Bytes()).seconds();
    sum += x;
    squares += x * x;
  }
  CHECK(sum / n == Approx(.1).epsilon(.015));
  CHECK(squares / n == Approx(.02).epsilon(.04));
}

}  // namespace
}  // namespace headroom::processing
