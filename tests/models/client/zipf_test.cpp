#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "models/client/arrivals.h"

namespace headroom::client {
namespace {

/// Chi-square of n draws against k^-s, the tail in one cell, in standard deviations from its mean.
double distance(std::int64_t users, double exponent, int n) {
  const ZipfSampler sampler(users, exponent);
  std::vector<double> p;
  double norm = 0;
  for (std::int64_t k = 1; k <= users; ++k) {
    p.push_back(std::pow(static_cast<double>(k), -exponent));
    norm += p.back();
  }
  std::vector<int> counts(p.size());
  Engine draw = StreamKey(11).engine();
  for (int i = 0; i < n; ++i) {
    const std::uint64_t user = sampler(draw);
    REQUIRE(user < p.size());
    ++counts[user];
  }
  double chi = 0;
  int cells = 0;
  double expected = 0;
  double seen = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    expected += p[k] / norm * n;
    seen += counts[k];
    if (expected < 20 && k + 1 < p.size()) continue;  // pooled with the next
    chi += (seen - expected) * (seen - expected) / expected;
    ++cells;
    expected = seen = 0;
  }
  return (chi - (cells - 1)) / std::sqrt(2.0 * (cells - 1));
}

TEST_CASE("Zipf's law, against its exact probabilities") {
  for (const double exponent : {0.0, 0.3, 0.9, 1.0, 1.0000001, 1.5, 3.0}) {
    INFO("exponent " << exponent);
    CHECK(std::abs(distance(1000, exponent, 200'000)) < 4.5);
    CHECK(std::abs(distance(2, exponent, 50'000)) < 4.5);
  }
  CHECK(std::abs(distance(100'000, 0.9, 300'000)) < 4.5);
}

TEST_CASE("one user") {
  const ZipfSampler sampler(1, 1);
  Engine draw = StreamKey(1).engine();
  for (int i = 0; i < 100; ++i) CHECK(sampler(draw) == 0);
}

}  // namespace
}  // namespace headroom::client
