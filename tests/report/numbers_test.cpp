#include "sim/report/numbers.h"

#include <catch2/catch.hpp>

namespace headroom::report {
namespace {

TEST_CASE("machines get the shortest number that reads back the same") {
  CHECK(shortest(0.1) == "0.1");
  CHECK(shortest(0.1 + 0.2) == "0.30000000000000004");
  CHECK(shortest(500.0) == "500");
  CHECK(shortest(-0.0) == "0");
  CHECK(std::stod(shortest(1.0 / 3)) == 1.0 / 3);
}

TEST_CASE("people get as many digits as they can use") {
  CHECK(significant(312.4567) == "312.5");
  CHECK(significant(48210) == "48,210");
  CHECK(significant(1234567.8) == "1,234,568");
  CHECK(significant(0.012345, 2) == "0.012");
  CHECK(significant(99.9) == "99.9");
  CHECK(significant(0) == "0");
  CHECK(significant(-1234.5) == "-1,234");
  CHECK(significant(3e-9, 2) == "3e-09");
}

TEST_CASE("a value has as many decimals as its interval allows, and a share is in percent") {
  const Readable yield = readable(0.99932, metrics::Interval{0.99907, 0.99957}, "share");
  CHECK(yield.value == "99.932");
  CHECK(yield.spread == "± 0.025");
  CHECK(yield.unit == "%");

  const Readable latency = readable(312.456, metrics::Interval{300, 330}, "ms");
  CHECK(latency.value == "312");
  CHECK(latency.spread == "−12 +18");  // not alike on both sides
  CHECK(latency.unit == "ms");

  const Readable count = readable(600000, metrics::Interval{600000, 600000}, "count");
  CHECK(count.value == "600,000");
  CHECK(count.spread == "± 0");
  CHECK(count.unit.empty());

  CHECK(readable(std::nullopt, std::nullopt, "ms").value == "–");
  CHECK(readable(3.25, std::nullopt, "ms").spread.empty());
}

TEST_CASE("what is less than 100 % does not look like it") {
  CHECK(percent(0.999) == "99.9");
  CHECK(percent(0.99932) == "99.93");
  CHECK(percent(0.999999) == "99.9999");
  CHECK(percent(0.99999994) == "99.999994");
  CHECK(percent(1) == "100");
  CHECK(percent(1 - 1e-15) == "100");  // noise
  CHECK(percent(0.9996, 2) == "99.96");
  CHECK(percent(0.123456, 2) == "12");
  CHECK(percent(0) == "0");
  CHECK(readable(0.999999, std::nullopt, "share").value == "99.9999");
  const Readable rough = readable(0.99996, metrics::Interval{0.99496, 1}, "share");
  CHECK(rough.value == "99.996");
  CHECK(rough.spread == "−0.500 +0.004");
  CHECK(readable(99.999999, std::nullopt, "ms").value == "100");
}

TEST_CASE("time in words") {
  CHECK(time_in_words(0) == "0 s");
  CHECK(time_in_words(20) == "20 s");
  CHECK(time_in_words(0.5) == "0.5 s");
  CHECK(time_in_words(120) == "120 s");
  CHECK(time_in_words(180) == "3 min");
  CHECK(time_in_words(10'000) == "2 h 46 min 40 s");
  CHECK(time_in_words(3'600) == "1 h");
  CHECK(time_in_words(3'599.9) == "1 h");
  CHECK(time_in_words(86'400) == "1 d");
  CHECK(time_in_words(86'399.6) == "1 d");
  CHECK(time_in_words(90'061) == "1 d 1 h 1 min");
  CHECK(time_in_words(630'720'000) == "7,300 d");
  CHECK(time_in_words(-5) == "-5 s");
}

TEST_CASE("units are read off names when the catalogue is silent") {
  CHECK(unit_from_name("latency.p99_9_ms") == "ms");
  CHECK(unit_from_name("queue.leaderless_s") == "s");
  CHECK(unit_from_name("usage.billed_cpu_s") == "CPU s");
  CHECK(unit_from_name("processing.utilization") == "share");
  CHECK(unit_from_name("cost.usd_per_hour") == "USD/h");
  CHECK(unit_from_name("something.else").empty());
}

TEST_CASE("what is too large for a number is not shown as one") {
  CHECK(percent(1e307) == "–");
  CHECK(readable(1.7e308, std::nullopt, "share").value == "–");
  CHECK(readable(1e308, metrics::Interval{-1.7e308, 1.7e308}, "ms").value == "1e+308");
  CHECK(readable(1e308, metrics::Interval{-1.7e308, 1.7e308}, "ms").spread == "");
}

}  // namespace
}  // namespace headroom::report
