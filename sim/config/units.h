#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/base/units.h"

/// Quantities as people write them: a decimal number and its unit (SPEC §3).
///
///     Duration   50us 20ms 5s 2min 1h 30d (ns too)      Share   99.9%
///     Bytes      B KB MB GB TB, KiB MiB GiB TiB         Money   5USD
///     Bandwidth  bps Kbps Mbps Gbps (bits), Bps KBps MBps GBps (bytes)
///     Rate       10000/s 30/min 1/h 1/d                 Price   1.36USD/h
///     Power      150W 2kW                               Drift   20s/day -3ms/h 50ppm
///
/// Numbers may have a sign, a fraction and an exponent (`1e3ms`); one space may precede the unit. The
/// conversion is exact where the type counts whole units (0.1us is 100 ns) and correctly rounded otherwise.
namespace headroom::config {

/// The quantity, or nothing and in `why` what is wrong and what was expected. Q is one of Duration, Bytes,
/// Bandwidth, Rate, Share, Power, Money, Price, Drift. Signs are not judged here.
template <class Q>
std::optional<Q> parse_quantity(std::string_view text, std::string& why);

/// The shortest usual way to write the quantity that parses back to the identical value.
std::string print(Duration);
std::string print(Bytes);
std::string print(Bandwidth);
std::string print(Rate);
std::string print(Share);
std::string print(Power);
std::string print(Money);
std::string print(Price);
std::string print(Drift);

/// "a duration such as 50us, 20ms, 5s, 2min, 1h or 30d"
template <class Q>
std::string_view quantity_examples();
/// "duration"
template <class Q>
std::string_view quantity_name();
/// A regular expression (JSON Schema's dialect) of the texts that parse.
template <class Q>
std::string quantity_pattern(bool may_be_negative);
/// The value in SI base units, as Limits counts (seconds, bytes, bytes/s, 1/s, share 0–1, watts, USD,
/// USD per hour, seconds per second).
template <class Q>
double in_si(Q quantity);
/// A bound of Limits as text in the quantity's unit.
template <class Q>
std::string print_si(double si);

/// As above for the raw numbers of distributions (nanoseconds, bytes, 1/s, share 0–1), which may be
/// fractional. Q is Duration, Bytes, Rate or Share.
template <class Q>
std::optional<double> parse_raw(std::string_view text, std::string& why);
template <class Q>
std::string print_raw(double raw);
/// The raw value of one of the quantity's units ("ms" → 1e6); nothing if there is no such unit.
template <class Q>
std::optional<double> unit_in_raw(std::string_view unit);

/// A plain decimal number, correctly rounded; no hexadecimal, no nan, no inf.
std::optional<double> parse_number(std::string_view text);
/// A whole number, exactly (`1e5` and `3.0` are whole).
std::optional<std::int64_t> parse_integer(std::string_view text);
/// The shortest text that parse_number reads back to the identical value.
std::string print_number(double value);

}  // namespace headroom::config
