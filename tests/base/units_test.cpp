#include "sim/base/units.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>

namespace headroom {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("durations are whole nanoseconds, whatever they were written in") {
  CHECK(Duration::us(3).count_ns() == 3'000);
  CHECK(Duration::ms(3).count_ns() == 3'000'000);
  CHECK(Duration::s(3).count_ns() == 3'000'000'000);
  CHECK(Duration::s(3).seconds() == 3.0);
  CHECK(Duration::us(1500).milliseconds() == 1.5);
  CHECK(Duration{} == Duration::ns(0));
}

TEST_CASE("durations from floating point round to the nearest nanosecond") {
  CHECK(Duration::from_seconds(0.1) == Duration::ms(100));
  CHECK(Duration::from_ns(1.4) == Duration::ns(1));
  CHECK(Duration::from_ns(1.5) == Duration::ns(2));
  CHECK(Duration::from_ns(-1.5) == Duration::ns(-2));
}

TEST_CASE("durations saturate instead of wrapping around") {
  const Duration forever = Duration::max();
  CHECK(Duration::from_seconds(1e300) == forever);
  CHECK(Duration::from_ns(kInfinity) == forever);
  CHECK(Duration::from_ns(kNan) == forever);
  CHECK(Duration::from_ns(-kInfinity) == Duration{} - forever);
  CHECK(forever + Duration::ns(1) == forever);
  CHECK(forever + forever == forever);
  CHECK(Duration{} - forever - Duration::s(1) == Duration{} - forever);
  CHECK(forever - (Duration{} - forever) == forever);
  CHECK(forever * 2 == forever);
  CHECK(forever * -2 == Duration{} - forever);
  CHECK(forever * 2.0 == forever);
  Duration sum = forever;
  sum += Duration::s(1);
  CHECK(sum == forever);
  sum -= Duration::s(1);
  CHECK(sum == forever - Duration::s(1));
}

TEST_CASE("arithmetic of durations") {
  CHECK(Duration::s(1) + Duration::ms(500) == Duration::ms(1500));
  CHECK(Duration::s(1) - Duration::ms(1500) == Duration::ms(-500));
  CHECK(Duration::ms(7) * 3 == Duration::ms(21));
  CHECK(Duration::ms(7) * std::size_t{3} == Duration::ms(21));
  CHECK(Duration::ms(7) * 0.5 == Duration::us(3500));
  CHECK(Duration::ms(7) / 2 == Duration::us(3500));
  CHECK(Duration::ns(7) / 2 == Duration::ns(3));
  CHECK(Duration::s(3) / Duration::s(2) == 1.5);
  // Exact where doubles are not: 2^53 + 1 nanoseconds.
  const std::int64_t odd = (std::int64_t{1} << 53) + 1;
  CHECK((Duration::ns(odd) * 3).count_ns() == odd * 3);
}

TEST_CASE("instants are ordered, and never is after all of them") {
  const TimePoint t = TimePoint::at(Duration::s(5));
  CHECK(t + Duration::s(1) - t == Duration::s(1));
  CHECK(t - Duration::s(5) == TimePoint{});
  CHECK(t < TimePoint::never());
  CHECK(TimePoint::never() + Duration::s(1) == TimePoint::never());
  CHECK(t + Duration::max() == TimePoint::never());
}

TEST_CASE("bytes round and saturate") {
  CHECK(Bytes::from_double(255.5) == Bytes(256));
  CHECK(Bytes::from_double(1e30).count() == std::numeric_limits<std::int64_t>::max());
  CHECK(Bytes::from_double(kInfinity).count() == std::numeric_limits<std::int64_t>::max());
  CHECK(Bytes::from_double(-1e30).count() == -std::numeric_limits<std::int64_t>::max());
  CHECK(Bytes(3) + Bytes(4) == Bytes(7));
}

TEST_CASE("sums of money are exact") {
  std::int64_t total = 0;
  for (int i = 0; i < 10; ++i) total += Money{100'000'000}.nano_usd;  // ten times 0.1 USD
  CHECK(Money{total}.usd() == 1.0);
}

}  // namespace
}  // namespace headroom
