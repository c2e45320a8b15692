#include "sim/metrics/window.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "sim/metrics/batches.h"

namespace headroom::metrics {
namespace {

TEST_CASE("the window is cut into 64 batches and nothing else belongs to it") {
  const Window window(TimePoint::at(Duration::s(10)), Duration::s(64));
  CHECK(window.batch(TimePoint::at(Duration::s(10)) - Duration::ns(1)) == -1);
  CHECK(window.batch(TimePoint::at(Duration::s(10))) == 0);
  CHECK(window.batch(TimePoint::at(Duration::s(11)) - Duration::ns(1)) == 0);
  CHECK(window.batch(TimePoint::at(Duration::s(11))) == 1);
  CHECK(window.batch(TimePoint::at(Duration::s(74)) - Duration::ns(1)) == 63);
  CHECK(window.batch(TimePoint::at(Duration::s(74))) == -1);
  CHECK(Window().batch(TimePoint()) == -1);
}

TEST_CASE("every instant falls between the edges of its batch, for windows of any length") {
  CHECK(rc::check([] {
    const auto length = Duration::ns(*rc::gen::inRange<std::int64_t>(64, 4'000'000'000'000'000'000));
    const auto begin = Duration::ns(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000));
    const Window window(TimePoint::at(begin), length);
    const auto check = [&](TimePoint t, int expected) {
      const int b = window.batch(t);
      RC_ASSERT(b >= 0);
      RC_ASSERT(b < kBatches);
      RC_ASSERT(window.edge(b) <= t);
      RC_ASSERT(t < window.edge(b + 1));
      if (expected >= 0) RC_ASSERT(b == expected);
    };
    check(window.begin() + Duration::ns(*rc::gen::inRange<std::int64_t>(0, length.count_ns())), -1);
    const int b = *rc::gen::inRange(0, kBatches);
    check(window.edge(b), b);
    check(window.edge(b + 1) - Duration::ns(1), b);
  }));
}

TEST_CASE("a batch sum keeps what is outside of the window apart") {
  BatchSum sum;
  sum.add(-1, 100);
  sum.add(0, 3);
  sum.add(63, 4);
  sum.add(63);
  CHECK(sum.total() == 8);
  CHECK(sum.outside() == 100);
  CHECK(sum.in(63) == 5);
  CHECK((sum + sum).total() == 16);
  CHECK((sum - sum).total() == 0);

  Tally tally;
  tally.add(-1, 7);
  tally.add(5, 1.5);
  tally.add(6, 2.5);
  CHECK(tally.count() == 2);
  CHECK(tally.sum() == 4.0);
}

}  // namespace
}  // namespace headroom::metrics
