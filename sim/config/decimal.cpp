#include "sim/config/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace headroom::config {
namespace {

constexpr int kHugeExponent = 100'000;  // far beyond every machine type, safe to add to

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string digit_text(Decimal::Digits digits) {
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(digits % 10)));
    digits /= 10;
  } while (digits != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

/// Takes an exponent (`e-3`) off the front; leaves the text alone if there is none.
int take_exponent(std::string_view& text) {
  if (text.empty() || (text[0] != 'e' && text[0] != 'E')) return 0;
  std::size_t i = 1;
  const bool minus = i < text.size() && text[i] == '-';
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  if (i == text.size() || !is_digit(text[i])) return 0;
  int exponent = 0;
  for (; i < text.size() && is_digit(text[i]); ++i)
    exponent = std::min(kHugeExponent, exponent * 10 + (text[i] - '0'));
  text.remove_prefix(i);
  return minus ? -exponent : exponent;
}

}  // namespace

std::optional<Decimal> Decimal::take(std::string_view& text) {
  Decimal number;
  std::string_view rest = text;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    number.negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  bool any = false;
  bool fraction = false;
  int significant = 0;
  int zeros = 0;  // not yet known to be significant
  for (; !rest.empty() && (is_digit(rest[0]) || (rest[0] == '.' && !fraction)); rest.remove_prefix(1)) {
    if (rest[0] == '.') {
      fraction = true;
      continue;
    }
    any = true;
    if (fraction) --number.exponent;
    if (rest[0] == '0') {
      ++zeros;
      continue;
    }
    if (number.digits == 0) zeros = 0;
    significant += zeros + 1;
    if (significant > kMaxDigits) return std::nullopt;
    for (; zeros > 0; --zeros) number.digits *= 10;
    number.digits = number.digits * 10 + static_cast<unsigned>(rest[0] - '0');
  }
  if (!any) return std::nullopt;
  number.exponent = number.digits == 0 ? 0 : number.exponent + zeros + take_exponent(rest);
  if (number.digits == 0) take_exponent(rest);
  text = rest;
  return number;
}

Decimal Decimal::shortest(double value) {
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  return take(text).value_or(Decimal{});
}

Decimal Decimal::rounded(double value, int significant_digits) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific, significant_digits - 1);
  std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  return take(text).value_or(Decimal{});
}

Decimal Decimal::of(std::int64_t value) {
  const bool negative = value < 0;
  Decimal number{negative, static_cast<std::uint64_t>(value), 0};
  if (negative) number.digits = 0 - static_cast<std::uint64_t>(value);
  number.normalise();
  return number;
}

void Decimal::normalise() {
  if (digits == 0) exponent = 0;
  for (; digits != 0 && digits % 10 == 0; digits /= 10) ++exponent;
}

double Decimal::to_double() const {
  const std::string text = digit_text(digits) + "e" + std::to_string(exponent);
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    value = exponent > 0 ? std::numeric_limits<double>::infinity() : 0;
  }
  return negative ? -value : value;
}

std::optional<std::int64_t> Decimal::to_integer() const {
  constexpr Digits kLimit = std::numeric_limits<std::int64_t>::max();
  Digits value = digits;
  if (exponent < -60) value = 0;
  for (int i = 0; i < exponent && value != 0; ++i) {
    if (value > kLimit) return std::nullopt;
    value *= 10;
  }
  Digits last = 0;
  for (int i = exponent; i < 0 && value != 0; ++i) {
    last = value % 10;
    value /= 10;
    if (value == 0 && i != -1) last = 0;  // less than a tenth is left
  }
  if (last >= 5) ++value;
  if (value > kLimit) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(value);
  return negative ? -whole : whole;
}

bool Decimal::is_whole() const {
  Decimal copy = *this;
  copy.normalise();
  return copy.exponent >= 0;
}

std::string Decimal::text() const {
  Decimal copy = *this;
  copy.normalise();
  std::string out = digit_text(copy.digits);
  const int length = static_cast<int>(out.size());
  const int point = length + copy.exponent;  // where the decimal point stands, from the first digit
  if (copy.exponent >= 0 && point <= 20) {
    out.append(static_cast<std::size_t>(copy.exponent), '0');
  } else if (copy.exponent < 0 && point > 0) {
    out.insert(static_cast<std::size_t>(point), ".");
  } else if (copy.exponent < 0 && point > -6) {
    out.insert(0, "0." + std::string(static_cast<std::size_t>(-point), '0'));
  } else {
    if (length > 1) out.insert(1, ".");
    out += "e" + std::to_string(point - 1);
  }
  return negative && digits != 0 ? "-" + out : out;
}

}  // namespace headroom::config
