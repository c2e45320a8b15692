#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom::config {

/// digits · 10^exponent, exactly: what a person wrote, before it is rounded to any machine type.
struct Decimal {
  __extension__ using Digits = unsigned __int128;
  static constexpr int kMaxDigits = 24;  ///< leaves room for a factor up to 3·10¹⁴ in 128 bits

  bool negative = false;
  Digits digits = 0;
  int exponent = 0;

  /// Reads a number from the front of `text` and takes it off. Nothing if there is none or it has more than
  /// kMaxDigits significant digits.
  static std::optional<Decimal> take(std::string_view& text);
  /// The shortest decimal that rounds to `value` (which must be finite).
  static Decimal shortest(double value);
  /// `value` rounded to so many significant digits.
  static Decimal rounded(double value, int significant_digits);
  static Decimal of(std::int64_t value);

  /// Correctly rounded; infinite when too large.
  double to_double() const;
  /// Rounded to the nearest integer (half away from zero); nothing when out of range.
  std::optional<std::int64_t> to_integer() const;
  bool is_whole() const;
  /// Without an exponent unless that would be absurdly long.
  std::string text() const;
  /// Strips trailing zeros off the digits.
  void normalise();
};

}  // namespace headroom::config
