#include "sim/config/units.h"

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "sim/config/decimal.h"
#include "sim/config/diagnostics.h"

namespace headroom::config {
namespace {

/// value in base units = number · factor · 10^shift / divisor
struct UnitOf {
  std::string_view name;
  std::uint64_t factor = 1;
  int shift = 0;
  std::uint64_t divisor = 1;
  bool decimal() const { return factor == 1 && divisor == 1; }
};

/// Units in order of preference when texts are equally long. Base units: ns, B, B/s, 1/s, 1, W, nano-USD,
/// nano-USD/h, s/s.
template <class Q>
struct Table;

template <>
struct Table<Duration> {
  static constexpr std::string_view name = "duration";
  static constexpr std::string_view zero = "0s";
  static constexpr std::string_view examples = "a duration such as 50us, 20ms, 5s, 2min, 1h or 30d";
  static constexpr std::array<UnitOf, 7> units = {
      {{"d", 864, 11}, {"h", 36, 11}, {"min", 6, 10}, {"s", 1, 9}, {"ms", 1, 6}, {"us", 1, 3}, {"ns"}}};
};
template <>
struct Table<Bytes> {
  static constexpr std::string_view name = "size";
  static constexpr std::string_view zero = "0B";
  static constexpr std::string_view examples = "a size such as 512B, 256KB, 1MB, 2GB, 64KiB, 1MiB or 4GiB";
  static constexpr std::array<UnitOf, 9> units = {{{"TB", 1, 12},
                                                   {"TiB", std::uint64_t{1} << 40},
                                                   {"GB", 1, 9},
                                                   {"GiB", 1u << 30},
                                                   {"MB", 1, 6},
                                                   {"MiB", 1u << 20},
                                                   {"KB", 1, 3},
                                                   {"KiB", 1u << 10},
                                                   {"B"}}};
};
template <>
struct Table<Bandwidth> {
  static constexpr std::string_view name = "bandwidth";
  static constexpr std::string_view zero = "0bps";
  static constexpr std::string_view examples =
      "a bandwidth such as 25Gbps, 100Mbps (bits) or 500MBps (bytes)";
  static constexpr std::array<UnitOf, 8> units = {{{"Gbps", 125, 6},
                                                   {"Mbps", 125, 3},
                                                   {"Kbps", 125},
                                                   {"bps", 125, -3},
                                                   {"GBps", 1, 9},
                                                   {"MBps", 1, 6},
                                                   {"KBps", 1, 3},
                                                   {"Bps"}}};
};
template <>
struct Table<Rate> {
  static constexpr std::string_view name = "rate";
  static constexpr std::string_view zero = "0/s";
  static constexpr std::string_view examples = "a rate such as 10000/s, 30/min, 1/h or 2/d";
  static constexpr std::array<UnitOf, 4> units = {
      {{"/s"}, {"/min", 1, 0, 60}, {"/h", 1, 0, 3600}, {"/d", 1, 0, 86400}}};
};
template <>
struct Table<Share> {
  static constexpr std::string_view name = "share";
  static constexpr std::string_view zero = "0%";
  static constexpr std::string_view examples = "a share in percent such as 99.9% or 20%";
  static constexpr std::array<UnitOf, 1> units = {{{"%", 1, -2}}};
};
template <>
struct Table<Power> {
  static constexpr std::string_view name = "power";
  static constexpr std::string_view zero = "0W";
  static constexpr std::string_view examples = "a power such as 150W or 2kW";
  static constexpr std::array<UnitOf, 2> units = {{{"W"}, {"kW", 1, 3}}};
};
template <>
struct Table<Money> {
  static constexpr std::string_view name = "money";
  static constexpr std::string_view zero = "0USD";
  static constexpr std::string_view examples = "an amount of money such as 5USD";
  static constexpr std::array<UnitOf, 1> units = {{{"USD", 1, 9}}};
};
template <>
struct Table<Price> {
  static constexpr std::string_view name = "price";
  static constexpr std::string_view zero = "0USD/h";
  static constexpr std::string_view examples = "a price such as 1.36USD/h";
  static constexpr std::array<UnitOf, 1> units = {{{"USD/h", 1, 9}}};
};
template <>
struct Table<Drift> {
  static constexpr std::string_view name = "drift";
  static constexpr std::string_view zero = "0s/day";
  static constexpr std::string_view examples = "a drift of a clock such as 20s/day, -100ms/day or 50ppm";
  static constexpr std::array<UnitOf, 5> units = {{{"s/day", 1, 0, 86400},
                                                   {"ms/day", 1, -3, 86400},
                                                   {"s/h", 1, 0, 3600},
                                                   {"ms/h", 1, -3, 3600},
                                                   {"ppm", 1, -6}}};
};

/// How the type holds its base units.
std::int64_t base_of(Duration d) {
  return d.count_ns();
}
std::int64_t base_of(Bytes b) {
  return b.count();
}
std::int64_t base_of(Money m) {
  return m.nano_usd;
}
std::int64_t base_of(Price p) {
  return p.nano_usd_per_hour;
}
double base_of(Bandwidth b) {
  return b.bytes_per_second;
}
double base_of(Rate r) {
  return r.per_second;
}
double base_of(Share s) {
  return s.value;
}
double base_of(Power p) {
  return p.watts;
}
double base_of(Drift d) {
  return d.seconds_per_second;
}
template <class Q>
using Base = decltype(base_of(Q{}));
template <class Q>
Q from_base(Base<Q> base) {
  if constexpr (std::is_same_v<Q, Duration>) {
    return Duration::ns(base);
  } else {
    return Q{base};
  }
}
template <class Q>
constexpr double kBasePerSi = 1;
template <>
constexpr double kBasePerSi<Duration> = 1e9;
template <>
constexpr double kBasePerSi<Money> = 1e9;
template <>
constexpr double kBasePerSi<Price> = 1e9;

/// What people write for a unit that is spelt otherwise here.
struct Synonym {
  std::string_view written, meant;
};
constexpr Synonym kSynonyms[] = {
    {"m", "min"},      {"sec", "s"},       {"secs", "s"},     {"second", "s"},  {"seconds", "s"},
    {"msec", "ms"},    {"usec", "us"},     {"µs", "us"},      {"μs", "us"},     {"mins", "min"},
    {"minute", "min"}, {"minutes", "min"}, {"hr", "h"},       {"hours", "h"},   {"day", "d"},
    {"days", "d"},     {"bytes", "B"},     {"byte", "B"},     {"k", "KB"},      {"rps", "/s"},
    {"qps", "/s"},     {"Hz", "/s"},       {"/sec", "/s"},    {"/m", "/min"},   {"/hour", "/h"},
    {"/day", "/d"},    {"percent", "%"},   {"$", "USD"},      {"s/d", "s/day"}, {"ms/d", "ms/day"},
    {"$/h", "USD/h"},  {"USD", "USD/h"},   {"Gb", "Gbps"},    {"Mb", "Mbps"},   {"MB/s", "MBps"},
    {"GB/s", "GBps"},  {"Mbit/s", "Mbps"}, {"Gbit/s", "Gbps"}};

std::string unknown_unit(std::string_view unit, std::string_view text, std::span<const UnitOf> units,
                         std::string_view quantity) {
  std::vector<std::string_view> names;
  for (const UnitOf& u : units) names.push_back(u.name);
  std::string suggestion = did_you_mean(unit, names);
  for (const Synonym& s : kSynonyms) {
    for (std::string_view name : names) {
      if (s.written == unit && s.meant == name) suggestion = "; did you mean " + quote(name) + "?";
    }
  }
  return "unknown unit " + quote(unit) + " in " + quote(text) + ", expected a " + std::string(quantity) +
         " in " + list_of(names) + suggestion;
}

/// A number and one of the units, as a number of base units before division by the unit's divisor.
struct Reading {
  Decimal scaled;
  std::uint64_t divisor = 1;
};

std::optional<Reading> read(std::string_view text, std::span<const UnitOf> units, std::string_view quantity,
                            std::string_view examples, std::string& why) {
  std::string_view rest = text;
  const std::optional<Decimal> number = Decimal::take(rest);
  if (!number) {
    why = "expected " + std::string(examples) + ", got " + quote(text);
    return std::nullopt;
  }
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) {
    why = quote(text) + " has no unit, expected " + std::string(examples);
    return std::nullopt;
  }
  for (const UnitOf& unit : units) {
    if (unit.name != rest) continue;
    Reading reading{*number, unit.divisor};
    reading.scaled.digits *= unit.factor;
    reading.scaled.exponent += unit.shift;
    return reading;
  }
  why = unknown_unit(rest, text, units, quantity);
  return std::nullopt;
}

std::string too_large(std::string_view text) {
  return quote(text) + " is too large";
}
std::string too_small(std::string_view text, const std::string& smallest) {
  return quote(text) + " is too small, expected 0 or at least " + smallest;
}

/// Base units as a double.
std::optional<double> to_real(const Reading& reading, std::string_view text, std::string& why) {
  const double value = reading.scaled.to_double() / static_cast<double>(reading.divisor);
  if (!std::isfinite(value)) {
    why = too_large(text);
    return std::nullopt;
  }
  if (value == 0 && reading.scaled.digits != 0) {
    why = quote(text) + " is too small";
    return std::nullopt;
  }
  return value == 0 ? 0.0 : value;  // never a negative zero
}

/// The number of so many base units in one unit, or nothing if no decimal text in that unit is good for it.
std::optional<Decimal> in_unit(std::int64_t base, const UnitOf& unit) {
  Decimal number = Decimal::of(base);
  if (!unit.decimal()) {
    // Only whole multiples: 90s is not written 1.5min.
    const Decimal one{false, unit.factor, unit.shift};
    const std::optional<std::int64_t> size = one.to_integer();
    if (!size || base % *size != 0) return std::nullopt;
    return Decimal::of(base / *size);
  }
  number.exponent -= number.digits == 0 ? 0 : unit.shift;
  return number;
}
std::optional<Decimal> in_unit(double base, const UnitOf& unit) {
  if (unit.decimal()) {
    Decimal number = Decimal::shortest(base);
    number.exponent -= number.digits == 0 ? 0 : unit.shift;
    return number;
  }
  const double size = Decimal{false, unit.factor, unit.shift}.to_double() / static_cast<double>(unit.divisor);
  for (int digits = 1; digits <= 17; ++digits) {
    const Decimal number = Decimal::rounded(base / size, digits);
    const Decimal scaled{number.negative, number.digits * unit.factor, number.exponent + unit.shift};
    if (scaled.to_double() / static_cast<double>(unit.divisor) == base) return number;
  }
  return std::nullopt;
}

/// The shortest text in any of the units; a number below 1 only if it is so in every unit.
template <class B>
std::string shortest_text(B base, std::span<const UnitOf> units, std::string_view zero) {
  if (base == 0) return std::string(zero);
  std::string best;
  bool best_below_one = true;
  for (const UnitOf& unit : units) {
    const std::optional<Decimal> number = in_unit(base, unit);
    if (!number) continue;
    const bool below_one = std::fabs(number->to_double()) < 1;
    if (below_one && !best_below_one) continue;
    const std::string text = number->text() + std::string(unit.name);
    if (best.empty() || (best_below_one && !below_one) || text.size() < best.size()) {
      best = text;
      best_below_one = below_one;
    }
  }
  return best;
}

template <class Q>
std::string print_quantity(Q quantity) {
  return shortest_text(base_of(quantity), Table<Q>::units, Table<Q>::zero);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '/') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

template <class Q>
std::optional<Q> parse_quantity(std::string_view text, std::string& why) {
  const std::optional<Reading> reading = read(text, Table<Q>::units, Table<Q>::name, Table<Q>::examples, why);
  if (!reading) return std::nullopt;
  if constexpr (std::is_same_v<Base<Q>, double>) {
    const std::optional<double> value = to_real(*reading, text, why);
    return value ? std::optional<Q>(from_base<Q>(*value)) : std::nullopt;
  } else {
    const std::optional<std::int64_t> value = reading->scaled.to_integer();
    if (!value || *value == std::numeric_limits<std::int64_t>::max()) {
      why = too_large(text);
      return std::nullopt;
    }
    if (*value == 0 && reading->scaled.digits != 0) {
      why = too_small(text, print(from_base<Q>(1)));
      return std::nullopt;
    }
    return from_base<Q>(*value);
  }
}

std::string print(Duration q) {
  return print_quantity(q);
}
std::string print(Bytes q) {
  return print_quantity(q);
}
std::string print(Bandwidth q) {
  return print_quantity(q);
}
std::string print(Rate q) {
  return print_quantity(q);
}
std::string print(Share q) {
  return print_quantity(q);
}
std::string print(Power q) {
  return print_quantity(q);
}
std::string print(Money q) {
  return print_quantity(q);
}
std::string print(Price q) {
  return print_quantity(q);
}
std::string print(Drift q) {
  return print_quantity(q);
}

template <class Q>
std::string_view quantity_examples() {
  return Table<Q>::examples;
}
template <class Q>
std::string_view quantity_name() {
  return Table<Q>::name;
}

template <class Q>
std::string quantity_pattern(bool may_be_negative) {
  std::string units;
  for (const UnitOf& unit : Table<Q>::units) units += (units.empty() ? "" : "|") + escaped(unit.name);
  return std::string(may_be_negative ? "^[-+]?" : "^[+]?") +
         "([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)? ?(" + units + ")$";
}

template <class Q>
double in_si(Q quantity) {
  return static_cast<double>(base_of(quantity)) / kBasePerSi<Q>;
}

template <class Q>
std::string print_si(double si) {
  const double base = si * kBasePerSi<Q>;
  if constexpr (std::is_same_v<Base<Q>, double>) {
    return print(from_base<Q>(base));
  } else {
    constexpr double kMost = 9.2e18;
    return print(
        from_base<Q>(static_cast<std::int64_t>(std::llround(std::fmin(std::fmax(base, -kMost), kMost)))));
  }
}

#define HEADROOM_QUANTITY(Q)                                                   \
  template std::optional<Q> parse_quantity<Q>(std::string_view, std::string&); \
  template std::string_view quantity_examples<Q>();                            \
  template std::string_view quantity_name<Q>();                                \
  template std::string quantity_pattern<Q>(bool);                              \
  template double in_si<Q>(Q);                                                 \
  template std::string print_si<Q>(double);
HEADROOM_QUANTITY(Duration)
HEADROOM_QUANTITY(Bytes)
HEADROOM_QUANTITY(Bandwidth)
HEADROOM_QUANTITY(Rate)
HEADROOM_QUANTITY(Share)
HEADROOM_QUANTITY(Power)
HEADROOM_QUANTITY(Money)
HEADROOM_QUANTITY(Price)
HEADROOM_QUANTITY(Drift)
#undef HEADROOM_QUANTITY

template <class Q>
std::optional<double> parse_raw(std::string_view text, std::string& why) {
  const std::optional<Reading> reading = read(text, Table<Q>::units, Table<Q>::name, Table<Q>::examples, why);
  if (!reading) return std::nullopt;
  const std::optional<double> value = to_real(*reading, text, why);
  if (value && std::fabs(*value) >= 9.2e18) {
    why = too_large(text);
    return std::nullopt;
  }
  return value;
}

template <class Q>
std::string print_raw(double raw) {
  if (raw == std::floor(raw) && std::fabs(raw) < 9e15) {
    return shortest_text(static_cast<std::int64_t>(raw), Table<Q>::units, Table<Q>::zero);
  }
  std::vector<UnitOf> decimal_units;  // only there can a fraction be exact
  for (const UnitOf& unit : Table<Q>::units) {
    if (unit.decimal()) decimal_units.push_back(unit);
  }
  return shortest_text(raw, decimal_units, Table<Q>::zero);
}

template <class Q>
std::optional<double> unit_in_raw(std::string_view name) {
  for (const UnitOf& unit : Table<Q>::units) {
    if (unit.name == name) return Decimal{false, unit.factor, unit.shift}.to_double();
  }
  return std::nullopt;
}

template <>
std::optional<double> parse_raw<Rate>(std::string_view text, std::string& why) {
  const auto rate = parse_quantity<Rate>(text, why);
  return rate ? std::optional(rate->per_second) : std::nullopt;
}
template <>
std::string print_raw<Rate>(double raw) {
  return print(Rate{raw});
}
template <>
std::optional<double> unit_in_raw<Rate>(std::string_view) {
  return std::nullopt;  // no files of rates are read
}
template <>
std::optional<double> parse_raw<Share>(std::string_view text, std::string& why) {
  const auto share = parse_quantity<Share>(text, why);
  return share ? std::optional(share->value) : std::nullopt;
}
template <>
std::string print_raw<Share>(double raw) {
  return print(Share{raw});
}
template <>
std::optional<double> unit_in_raw<Share>(std::string_view) {
  return std::nullopt;
}

template std::optional<double> parse_raw<Duration>(std::string_view, std::string&);
template std::optional<double> parse_raw<Bytes>(std::string_view, std::string&);
template std::string print_raw<Duration>(double);
template std::string print_raw<Bytes>(double);
template std::optional<double> unit_in_raw<Duration>(std::string_view);
template std::optional<double> unit_in_raw<Bytes>(std::string_view);

std::optional<double> parse_number(std::string_view text) {
  const std::optional<Decimal> number = Decimal::take(text);
  if (!number || !text.empty()) return std::nullopt;
  const double value = number->to_double();
  if (!std::isfinite(value)) return std::nullopt;
  return value == 0 ? 0.0 : value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::optional<Decimal> number = Decimal::take(text);
  if (!number || !text.empty() || !number->is_whole()) return std::nullopt;
  return number->to_integer();
}

std::string print_number(double value) {
  return Decimal::shortest(value).text();
}

}  // namespace headroom::config
