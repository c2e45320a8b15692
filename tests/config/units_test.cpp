#include "sim/config/units.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <limits>

#include "sim/base/distribution.h"

using namespace headroom;
using namespace headroom::config;

namespace {

template <class Q>
Q parsed(std::string_view text) {
  std::string why;
  const std::optional<Q> value = parse_quantity<Q>(text, why);
  INFO(text << ": " << why);
  REQUIRE(value.has_value());
  return *value;
}

template <class Q>
std::string refusal(std::string_view text) {
  std::string why;
  const std::optional<Q> value = parse_quantity<Q>(text, why);
  INFO(text);
  REQUIRE_FALSE(value.has_value());
  return why;
}

/// A double with any exponent that a quantity could have.
double any_positive() {
  const double mantissa = static_cast<double>(*rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 53));
  return std::ldexp(mantissa, *rc::gen::inRange(-110, 40));
}

template <class Q>
bool round_trips(Q value) {
  std::string why;
  const std::string text = print(value);
  const std::optional<Q> back = parse_quantity<Q>(text, why);
  RC_LOG() << text << " " << why << "\n";
  return back && *back == value;
}

}  // namespace

TEST_CASE("durations are exact nanoseconds") {
  CHECK(parsed<Duration>("0.1us") == Duration::ns(100));
  CHECK(parsed<Duration>("50us") == Duration::us(50));
  CHECK(parsed<Duration>("20ms") == Duration::ms(20));
  CHECK(parsed<Duration>("5s") == Duration::s(5));
  CHECK(parsed<Duration>("5 s") == Duration::s(5));
  CHECK(parsed<Duration>("+.5s") == Duration::ms(500));
  CHECK(parsed<Duration>("2min") == Duration::s(120));
  CHECK(parsed<Duration>("1h") == Duration::s(3600));
  CHECK(parsed<Duration>("30d") == Duration::s(30 * 86400));
  CHECK(parsed<Duration>("1e3ms") == Duration::s(1));
  CHECK(parsed<Duration>("1E-3s") == Duration::ms(1));
  CHECK(parsed<Duration>("0s") == Duration());
  CHECK(parsed<Duration>("-5s") == Duration::s(-5));
  CHECK(parsed<Duration>("1.0000000004s") == Duration::s(1));
  CHECK(parsed<Duration>("1.0000000005s") == Duration::ns(1'000'000'001));
  CHECK(parsed<Duration>("9223372036.854775806s") ==
        Duration::ns(std::numeric_limits<std::int64_t>::max() - 1));
}

TEST_CASE("every unit of every quantity") {
  CHECK(parsed<Bytes>("512B") == Bytes(512));
  CHECK(parsed<Bytes>("256KB") == Bytes(256'000));
  CHECK(parsed<Bytes>("1.5MB") == Bytes(1'500'000));
  CHECK(parsed<Bytes>("1GB") == Bytes(1'000'000'000));
  CHECK(parsed<Bytes>("1TB") == Bytes(1'000'000'000'000));
  CHECK(parsed<Bytes>("1KiB") == Bytes(1024));
  CHECK(parsed<Bytes>("1MiB") == Bytes(1 << 20));
  CHECK(parsed<Bytes>("1GiB") == Bytes(1 << 30));
  CHECK(parsed<Bytes>("1TiB") == Bytes(std::int64_t{1} << 40));
  CHECK(parsed<Bandwidth>("8bps").bytes_per_second == 1);
  CHECK(parsed<Bandwidth>("8Kbps").bytes_per_second == 1e3);
  CHECK(parsed<Bandwidth>("8Mbps").bytes_per_second == 1e6);
  CHECK(parsed<Bandwidth>("25Gbps").bytes_per_second == 3.125e9);
  CHECK(parsed<Bandwidth>("3Bps").bytes_per_second == 3);
  CHECK(parsed<Bandwidth>("3KBps").bytes_per_second == 3e3);
  CHECK(parsed<Bandwidth>("500MBps").bytes_per_second == 5e8);
  CHECK(parsed<Bandwidth>("2GBps").bytes_per_second == 2e9);
  CHECK(parsed<Rate>("10000/s").per_second == 1e4);
  CHECK(parsed<Rate>("30/min").per_second == 0.5);
  CHECK(parsed<Rate>("1/h").per_second == 1.0 / 3600);
  CHECK(parsed<Rate>("1/d").per_second == 1.0 / 86400);
  CHECK(parsed<Share>("99.9%").value == 0.999);
  CHECK(parsed<Share>("20%").value == 0.2);
  CHECK(parsed<Share>("0%").value == 0);
  CHECK(parsed<Power>("150W").watts == 150);
  CHECK(parsed<Power>("1.5kW").watts == 1500);
  CHECK(parsed<Money>("5USD").nano_usd == 5'000'000'000);
  CHECK(parsed<Price>("1.36USD/h").nano_usd_per_hour == 1'360'000'000);
  CHECK(parsed<Drift>("20s/day").seconds_per_second == 20.0 / 86400);
  CHECK(parsed<Drift>("-3ms/h").seconds_per_second == -3e-3 / 3600);
  CHECK(parsed<Drift>("50ppm").seconds_per_second == 5e-5);
}

TEST_CASE("a missing unit is called that, with examples") {
  CHECK(refusal<Duration>("500") ==
        "\"500\" has no unit, expected a duration such as 50us, 20ms, 5s, 2min, 1h or 30d");
  CHECK(refusal<Duration>("0").find("has no unit") != std::string::npos);
  CHECK(refusal<Share>("0.2") == "\"0.2\" has no unit, expected a share in percent such as 99.9% or 20%");
  CHECK(refusal<Bytes>("1e6").find("unit") != std::string::npos);
  CHECK(refusal<Price>("1.36").find("unit") != std::string::npos);
}

TEST_CASE("an unknown unit lists the known ones and the nearest") {
  CHECK(refusal<Duration>("5sec") ==
        "unknown unit \"sec\" in \"5sec\", expected a duration in d, h, min, s, ms, us or ns; did you mean "
        "\"s\"?");
  CHECK(refusal<Bytes>("5kb").find("did you mean \"KB\"?") != std::string::npos);
  CHECK(refusal<Duration>("5µs").find("did you mean \"us\"?") != std::string::npos);
  CHECK(refusal<Duration>("1m").find("did you mean \"min\"?") != std::string::npos);
  CHECK(refusal<Price>("1.36USD").find("did you mean \"USD/h\"?") != std::string::npos);
  CHECK(refusal<Drift>("20s/d").find("did you mean \"s/day\"?") != std::string::npos);
  CHECK(refusal<Duration>("0x10s").find("unknown unit") != std::string::npos);
  CHECK(refusal<Duration>("5  s").find("unknown unit") != std::string::npos);
  CHECK(refusal<Duration>("5s ").find("unknown unit") != std::string::npos);
}

TEST_CASE("what is no number of representable size is refused") {
  CHECK(refusal<Duration>("fast") ==
        "expected a duration such as 50us, 20ms, 5s, 2min, 1h or 30d, got \"fast\"");
  for (const char* text : {"", "s", "nan", "nans", "inf", "infs", ".inf", ".s", "-", "--5s", "e5s", "5,0s"}) {
    refusal<Duration>(text);
  }
  CHECK(refusal<Duration>("0.1ns") == "\"0.1ns\" is too small, expected 0 or at least 1ns");
  CHECK(refusal<Bytes>("0.4B") == "\"0.4B\" is too small, expected 0 or at least 1B");
  CHECK(refusal<Duration>("1e300s") == "\"1e300s\" is too large");
  CHECK(refusal<Duration>("9223372036.854775807s") == "\"9223372036.854775807s\" is too large");
  CHECK(refusal<Duration>("200000d") == "\"200000d\" is too large");
  CHECK(refusal<Duration>("1e999999999999999999s") == "\"1e999999999999999999s\" is too large");
  CHECK(refusal<Duration>("1e-999999999999999999s").find("too small") != std::string::npos);
  CHECK(refusal<Rate>("1e400/s") == "\"1e400/s\" is too large");
  CHECK(refusal<Rate>("1e-400/s") == "\"1e-400/s\" is too small");
}

TEST_CASE("quantities print the way people write them") {
  CHECK(print(Duration()) == "0s");
  CHECK(print(Duration::ms(20)) == "20ms");
  CHECK(print(Duration::ms(100)) == "100ms");
  CHECK(print(Duration::ms(1500)) == "1.5s");
  CHECK(print(Duration::s(60)) == "60s");
  CHECK(print(Duration::s(120)) == "2min");
  CHECK(print(Duration::s(90)) == "90s");
  CHECK(print(Duration::s(30 * 86400)) == "30d");
  CHECK(print(Duration::ns(1)) == "1ns");
  CHECK(print(Duration::s(-5)) == "-5s");
  CHECK(print(Bytes(256'000)) == "256KB");
  CHECK(print(Bytes(65536)) == "64KiB");
  CHECK(print(Bytes(1'000'000)) == "1MB");
  CHECK(print(Bytes()) == "0B");
  CHECK(print(Bandwidth{3.125e9}) == "25Gbps");
  CHECK(print(Bandwidth{12.5e9}) == "100Gbps");
  CHECK(print(Rate{10000}) == "10000/s");
  CHECK(print(Rate{0.5}) == "30/min");
  CHECK(print(Rate{1.0 / 3600}) == "1/h");
  CHECK(print(Share{0.999}) == "99.9%");
  CHECK(print(Share{1}) == "100%");
  CHECK(print(Share{0.001}) == "0.1%");
  CHECK(print(Power{150}) == "150W");
  CHECK(print(Money{5'000'000'000}) == "5USD");
  CHECK(print(Price{600'000'000}) == "0.6USD/h");
  CHECK(print(Drift{20.0 / 86400}) == "20s/day");
  CHECK(print(Drift{-5e-5}) == "-50ppm");
  CHECK(print_si<Duration>(0.25) == "250ms");
  CHECK(print_raw<Duration>(0.5) == "0.5ns");
  CHECK(print_raw<Duration>(235'000) == "235us");
}

TEST_CASE("printing loses nothing") {
  CHECK(rc::check("durations", [] {
    const auto ns = *rc::gen::scale(1000, rc::gen::arbitrary<std::int64_t>());
    RC_ASSERT(round_trips(Duration::ns(ns == std::numeric_limits<std::int64_t>::min() ? 0 : ns)));
  }));
  CHECK(rc::check("round durations", [] {
    const auto unit = *rc::gen::element<std::int64_t>(1000, 1000000, 1000000000, 60000000000, 3600000000000);
    RC_ASSERT(round_trips(Duration::ns(*rc::gen::inRange<std::int64_t>(0, 100000) * unit)));
  }));
  CHECK(rc::check("sizes", [] {
    const auto unit = *rc::gen::element<std::int64_t>(1, 1000, 1024, 1 << 20, 1000000);
    RC_ASSERT(round_trips(Bytes(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000) * unit)));
  }));
  CHECK(rc::check("bandwidths", [] { RC_ASSERT(round_trips(Bandwidth{any_positive()})); }));
  CHECK(rc::check("rates", [] { RC_ASSERT(round_trips(Rate{any_positive()})); }));
  CHECK(rc::check("shares", [] { RC_ASSERT(round_trips(Share{any_positive()})); }));
  CHECK(rc::check("powers", [] { RC_ASSERT(round_trips(Power{any_positive()})); }));
  CHECK(rc::check("drifts", [] { RC_ASSERT(round_trips(Drift{any_positive()})); }));
  CHECK(rc::check("prices", [] {
    RC_ASSERT(round_trips(Price{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000)}));
  }));
  CHECK(rc::check("raw numbers", [] {
    const double raw = std::min(any_positive(), 9e18);
    std::string why;
    RC_ASSERT(parse_raw<Duration>(print_raw<Duration>(raw), why) == raw);
    RC_ASSERT(parse_raw<Bytes>(print_raw<Bytes>(raw), why) == raw);
  }));
  CHECK(rc::check("numbers", [] {
    const double value = any_positive();
    RC_ASSERT(parse_number(print_number(value)) == value);
    RC_ASSERT(parse_number(print_number(-value)) == -value);
  }));
}

TEST_CASE("whole numbers are exact") {
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(parse_integer("9223372036854775808"));
  CHECK(parse_integer("1e5") == 100'000);
  CHECK(parse_integer("-3.0") == -3);
  CHECK_FALSE(parse_integer("1.5"));
  CHECK_FALSE(parse_integer("0x10"));
  CHECK_FALSE(parse_integer("1_000"));
  CHECK_FALSE(parse_integer(""));
  CHECK_FALSE(parse_number(".nan"));
  CHECK_FALSE(parse_number("1e999"));
  CHECK(parse_number("-0") == 0.0);
  CHECK_FALSE(std::signbit(*parse_number("-0")));
}
