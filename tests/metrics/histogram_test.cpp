#include "sim/metrics/histogram.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace headroom::metrics {
namespace {

/// Values of every order of magnitude alike.
rc::Gen<std::int64_t> values() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 62), rc::gen::arbitrary<std::uint64_t>()),
                      [](const std::pair<int, std::uint64_t>& p) {
                        return static_cast<std::int64_t>(p.second % (std::uint64_t{2} << p.first));
                      });
}

Histogram of(const std::vector<std::int64_t>& recorded) {
  Histogram h;
  for (auto v : recorded) h.record(v);
  return h;
}

TEST_CASE("a quantile is within 0.5 % of the exact one, whatever the values") {
  CHECK(rc::check([] {
    auto recorded = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(values()));
    const Histogram h = of(recorded);
    std::sort(recorded.begin(), recorded.end());
    const double q = *rc::gen::elementOf(std::vector<double>{0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1});
    const auto n = static_cast<double>(recorded.size());
    const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(q * n * (1 - 1e-14))));
    const auto exact = static_cast<double>(recorded[rank - 1]);
    RC_ASSERT(std::abs(*h.quantile(q) - exact) <= 0.005 * exact);
    RC_ASSERT(h.max() == recorded.back());
    RC_ASSERT(h.min() == recorded.front());
  }));
}

TEST_CASE("small values are exact and so is the mean") {
  Histogram h;
  for (int v = 0; v < 256; ++v) h.record(v);
  CHECK(*h.quantile(0.5) == 127);
  CHECK(*h.quantile(1.0 / 256) == 0);
  CHECK(*h.quantile(2.0 / 256) == 1);
  CHECK(*h.mean() == 127.5);
  h.record(std::int64_t{9'000'000'000'000'000'000}, 4);
  CHECK(h.sum() == Int128{9'000'000'000'000'000'000} * 4 + 255 * 128);
  CHECK(h.max() == 9'000'000'000'000'000'000);
}

TEST_CASE("an empty histogram has no quantiles, and a negative duration counts as none") {
  Histogram h;
  CHECK_FALSE(h.quantile(0.5));
  CHECK_FALSE(h.mean());
  CHECK(h.max() == 0);
  h.record(-5);
  CHECK(*h.quantile(0.5) == 0);
}

TEST_CASE("merging is the same as having recorded everything in one") {
  CHECK(rc::check([] {
    const auto a = *rc::gen::container<std::vector<std::int64_t>>(values());
    const auto b = *rc::gen::container<std::vector<std::int64_t>>(values());
    auto both = a;
    both.insert(both.end(), b.begin(), b.end());
    Histogram merged = of(a);
    merged.merge(of(b));
    RC_ASSERT(merged == of(both));
    Histogram other_way = of(b);
    other_way.merge(of(a));
    RC_ASSERT(merged == other_way);
  }));
}

TEST_CASE("histograms differ when their observations do") {
  Histogram a = of({1000, 5000, 3'000'000});
  CHECK_FALSE(a == of({1000, 5000}));
  CHECK_FALSE(a == of({1000, 6000, 2'999'000}));
  a.clear();
  CHECK(a == Histogram());
  a.record(7);
  CHECK(a == of({7}));
}

TEST_CASE("the sparse form restores the histogram, and nonsense is refused") {
  CHECK(rc::check([] {
    const Histogram h = of(*rc::gen::container<std::vector<std::int64_t>>(values()));
    const auto restored = Histogram::restore(h.sparse());
    RC_ASSERT(restored.has_value());
    RC_ASSERT(*restored == h);
  }));
  auto sparse = of({10, 2000}).sparse();
  sparse.indices.back() = 1'000'000'000;
  CHECK_FALSE(Histogram::restore(sparse));
  sparse = of({10, 2000}).sparse();
  sparse.counts.pop_back();
  CHECK_FALSE(Histogram::restore(sparse));
  sparse = of({10, 2000}).sparse();
  sparse.counts[0] = -1;
  CHECK_FALSE(Histogram::restore(sparse));
  sparse.counts = {std::numeric_limits<std::int64_t>::max(), 1};
  CHECK_FALSE(Histogram::restore(sparse));
}

TEST_CASE("observations up to a value are counted by bucket") {
  const Histogram h = of({10, 20, 30, 100'000, 100'001});
  CHECK(h.count_up_to(9) == 0);
  CHECK(h.count_up_to(20) == 2);
  CHECK(h.count_up_to(50'000) == 3);
  CHECK(h.count_up_to(1e300) == 5);
  CHECK(h.count_up_to(*h.quantile(0.6)) == 3);
}

TEST_CASE("a batch histogram drops what is outside of the window") {
  BatchHistogram h;
  h.record(-1, 5);
  CHECK(h.total().count() == 0);
  h.record(0, 5);
  h.record(63, 7);
  CHECK(h.in(1) == nullptr);
  CHECK(h.in(63)->count() == 1);
  CHECK(h.total() == of({5, 7}));
}

}  // namespace
}  // namespace headroom::metrics
