#include "sim/base/random.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace headroom {
namespace {

using Draws = std::vector<std::uint64_t>;

Draws first(Engine engine, std::size_t n = 3) {
  Draws draws(n);
  for (std::uint64_t& draw : draws) draw = engine();
  return draws;
}

/// √n times the correlation of two samples: standard normal if they are independent.
double correlation_z(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double sum_a = 0, sum_b = 0, sum_aa = 0, sum_bb = 0, sum_ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum_a += a[i], sum_b += b[i];
    sum_aa += a[i] * a[i], sum_bb += b[i] * b[i], sum_ab += a[i] * b[i];
  }
  const double covariance = sum_ab / n - sum_a * sum_b / n / n;
  return std::sqrt(n) * covariance /
         std::sqrt((sum_aa / n - sum_a * sum_a / n / n) * (sum_bb / n - sum_b * sum_b / n / n));
}

/// Pearson's statistic of equally likely cells.
double chi_square(const std::vector<int>& counts) {
  double total = 0;
  for (const int count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

/// The 0.9999 quantile of χ² with k degrees of freedom (Wilson and Hilferty 1931).
double chi_square_limit(std::size_t k) {
  const double v = 2.0 / (9.0 * static_cast<double>(k));
  return static_cast<double>(k) * std::pow(1 - v + 3.719 * std::sqrt(v), 3);
}

// A change of any of these numbers changes the results of every scenario ever published with a seed.
TEST_CASE("golden values: streams give the same bytes for ever") {
  const StreamKey root(1);
  const StreamKey arrivals = root / "workload" / "arrivals";
  CHECK(first(root.engine()) == Draws{0x69227b9afe2a576, 0x64dc77b2dd2cc3b3, 0x48a39818ad511894});
  CHECK(first(StreamKey(0).engine()) == Draws{0x749de1e1999bf4d7, 0x7d82d635db2801cc, 0xbbc4f74f3282a88b});
  CHECK(first(StreamKey(0xffffffffffffffff).engine()) ==
        Draws{0x617b8ac4622f5a69, 0x126a47cb53dd1ae2, 0x4e5a34b07f2fc7e0});
  CHECK(first(arrivals.engine()) == Draws{0xaf96492013c045a7, 0x966ff22f636be7ed, 0x72e9f1a0f7440aae});
  CHECK(first(arrivals.engine_for(0)) == Draws{0xbe78ca8a0aed56d0, 0x76b465d2047bae8c, 0x3881cb2b07605a6c});
  CHECK(first(arrivals.engine_for(1)) == Draws{0xabad8d51269530fb, 0x4717221c2c87b5a2, 0xa305dd6fbcaf733c});
  CHECK(first(arrivals.engine_for(1'000'000'007)) ==
        Draws{0xf009ea53582041a0, 0x9e98a11900a80f75, 0x7a3ade8ab1d59146});
  CHECK(arrivals.hash() == 0x1931f98668faac23);

  Engine engine = arrivals.engine();
  CHECK(uniform01(engine) * 0x1p53 == 0x15f2c924027808p0);
  CHECK(uniform_below(engine, 1000) == 587);
  CHECK(uniform_below(engine, 0xc000000000000000) == 0x562f7538b9730802);
}

TEST_CASE("a stream depends on its seed and on every step of its path, and on nothing else") {
  const StreamKey root(7);
  const Draws before = first((root / "queue" / "election").engine());
  for (int i = 0; i < 100; ++i) {  // other streams come, and are drawn from
    Engine other = (root / "queue" / std::to_string(i)).engine();
    other();
  }
  CHECK(first((root / "queue" / "election").engine()) == before);
  CHECK(first((StreamKey(8) / "queue" / "election").engine()) != before);
  CHECK(first((root / "election" / "queue").engine()) != before);
  CHECK(first((root / "queueelection").engine()) != before);
  CHECK(first((root / "queue" / "" / "election").engine()) != before);
  CHECK(first((root / "queue").engine()) != first(root.engine()));
  CHECK(first(root.engine_for(0)) != first(root.engine()));
}

TEST_CASE("no two streams of a large deployment are the same") {
  std::vector<std::uint64_t> starts;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (const char* part : {"arrivals", "size", "user", "service", "retry", "network", "fault", "crash"}) {
      const StreamKey key = StreamKey(seed) / "run" / part;
      starts.push_back(key.engine()());
      for (std::uint64_t n = 0; n < 5000; ++n) starts.push_back(key.engine_for(n)());
      for (int host = 1; host <= 1000; ++host)
        starts.push_back((key / ("worker-" + std::to_string(host))).engine()());
    }
  }
  std::sort(starts.begin(), starts.end());
  CHECK(std::adjacent_find(starts.begin(), starts.end()) == starts.end());
}

TEST_CASE("first draws about consecutive requests are uniform and uncorrelated") {
  constexpr int kRequests = 200'000;
  constexpr std::size_t kCells = 256;
  const StreamKey size = StreamKey(1) / "workload" / "size";
  const StreamKey user = StreamKey(1) / "workload" / "user";
  const StreamKey other_seed = StreamKey(2) / "workload" / "size";
  std::vector<int> high(kCells), low(kCells);
  std::vector<double> sizes, next_sizes, users, others, seconds;
  for (std::uint64_t n = 0; n < kRequests; ++n) {
    Engine engine = size.engine_for(n);
    const std::uint64_t draw = engine();
    ++high[draw >> 56];
    ++low[draw & 0xff];
    Engine again = size.engine_for(n), next = size.engine_for(n + 1), of_user = user.engine_for(n),
           of_other = other_seed.engine_for(n);
    sizes.push_back(uniform01(again));
    seconds.push_back(uniform01(again));
    next_sizes.push_back(uniform01(next));
    users.push_back(uniform01(of_user));
    others.push_back(uniform01(of_other));
  }
  CHECK(chi_square(high) < chi_square_limit(kCells - 1));
  CHECK(chi_square(low) < chi_square_limit(kCells - 1));
  CHECK(std::abs(correlation_z(sizes, next_sizes)) < 4);
  CHECK(std::abs(correlation_z(sizes, seconds)) < 4);
  CHECK(std::abs(correlation_z(sizes, users)) < 4);
  CHECK(std::abs(correlation_z(sizes, others)) < 4);
  CHECK(correlation_z(sizes, sizes) > 400);  // the measure sees a dependence where there is one
}

TEST_CASE("sequences of sibling streams are uncorrelated") {
  Engine a = (StreamKey(1) / "worker-1").engine();
  Engine b = (StreamKey(1) / "worker-2").engine();
  std::vector<double> draws_a, draws_b;
  for (int i = 0; i < 200'000; ++i) {
    draws_a.push_back(uniform01(a));
    draws_b.push_back(uniform01(b));
  }
  CHECK(std::abs(correlation_z(draws_a, draws_b)) < 4);
  draws_b.erase(draws_b.begin());
  draws_a.pop_back();
  CHECK(std::abs(correlation_z(draws_a, draws_b)) < 4);
}

TEST_CASE("uniform01 is in [0, 1) and uses 53 bits") {
  Engine engine = StreamKey(3).engine();
  int outside = 0, finer = 0, odd = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double scaled = uniform01(engine) * 0x1p53;
    outside += scaled < 0 || scaled >= 0x1p53;
    finer += scaled != std::floor(scaled);
    odd += std::fmod(scaled, 2) == 1;
  }
  CHECK(outside == 0);
  CHECK(finer == 0);
  CHECK(std::abs(odd - 50'000) < 4 * std::sqrt(100'000) / 2);
}

TEST_CASE("uniform_below is unbiased") {
  Engine engine = StreamKey(4).engine();
  for (const std::uint64_t n : {1, 2, 7, 10, 100}) {
    std::vector<int> counts(n);
    int outside = 0;
    for (int i = 0; i < 100'000; ++i) {
      const std::uint64_t draw = uniform_below(engine, n);
      outside += draw >= n;
      ++counts[draw < n ? draw : 0];
    }
    INFO("n = " << n);
    CHECK(outside == 0);
    if (n == 1) continue;
    CHECK(chi_square(counts) < chi_square_limit(n - 1));
  }
  // Without rejection, half of the draws below 3·2^62 would be divisible by 3.
  std::vector<int> residues(3);
  for (int i = 0; i < 100'000; ++i) ++residues[uniform_below(engine, 0xc000000000000000) % 3];
  CHECK(chi_square(residues) < chi_square_limit(2));
}

}  // namespace
}  // namespace headroom
