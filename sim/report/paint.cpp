#include "sim/report/paint.h"

#include <algorithm>

namespace headroom::report {

std::string padded(std::string_view text, std::size_t width, bool right) {
  const std::size_t used = columns(text);
  const std::string gap(width > used ? width - used : 0, ' ');
  return right ? gap + std::string(text) : std::string(text) + gap;
}

std::string harmless(std::string_view text) {
  std::string out;
  for (char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace headroom::report
