#include "sim/base/printable.h"

#include <array>
#include <cstdint>

namespace headroom {
namespace {

/// The character of a valid sequence.
std::uint32_t code_point(std::string_view sequence) {
  constexpr std::array<unsigned, 5> kFirst = {0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t code = static_cast<unsigned char>(sequence.front()) & kFirst.at(sequence.size());
  for (const char c : sequence.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  return code;
}

void append_hexadecimal(std::string& out, std::string_view prefix, std::uint32_t number, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += prefix;
  for (int i = digits - 1; i >= 0; --i) out += kDigits[number >> (4 * i) & 0xf];
}

/// What reorders or breaks lines without being seen: embeddings, overrides and isolates of the bidirectional
/// algorithm, line and paragraph separators.
bool steers(std::uint32_t code) {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0x2028 ||
         code == 0x2029;
}

std::string printed(std::string_view text, bool one_line) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      append_hexadecimal(out, "\\x", static_cast<unsigned char>(text.front()), 2);
      text.remove_prefix(1);
      continue;
    }
    const std::string_view sequence = text.substr(0, length);
    text.remove_prefix(length);
    const std::uint32_t code = code_point(sequence);
    if (code == '\n' || code == '\t') {
      out += one_line ? ' ' : sequence.front();
    } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
      append_hexadecimal(out, "\\x", code, 2);
    } else if (steers(code)) {
      append_hexadecimal(out, "\\u", code, 4);
    } else {
      out += sequence;
    }
  }
  return out;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool range = (first != 0xE0 || byte(1) >= 0xA0) && (first != 0xED || byte(1) <= 0x9F);
    return range && continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool range = (first != 0xF0 || byte(1) >= 0x90) && (first != 0xF4 || byte(1) <= 0x8F);
    return range && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

std::string printable(std::string_view text) {
  return printed(text, false);
}

std::string printable_line(std::string_view text) {
  return printed(text, true);
}

std::string_view invisible_name(std::string_view text) {
  const std::size_t length = utf8_length(text);
  if (length < 2) return {};
  switch (code_point(text.substr(0, length))) {
    case 0x00a0:
      return "no-break space";
    case 0x00ad:
      return "soft hyphen";
    case 0x2007:
      return "figure space";
    case 0x2009:
      return "thin space";
    case 0x200b:
      return "zero-width space";
    case 0x200c:
      return "zero-width non-joiner";
    case 0x200d:
      return "zero-width joiner";
    case 0x200e:
      return "left-to-right mark";
    case 0x200f:
      return "right-to-left mark";
    case 0x202f:
      return "narrow no-break space";
    case 0x2060:
      return "word joiner";
    case 0x3000:
      return "ideographic space";
    case 0xfeff:
      return "zero-width no-break space";
    default:
      return {};
  }
}

}  // namespace headroom
