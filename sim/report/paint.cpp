#include "sim/report/paint.h"

#include <algorithm>

#include "sim/base/printable.h"

namespace headroom::report {

std::string padded(std::string_view text, std::size_t width, bool right) {
  const std::size_t used = columns(text);
  const std::string gap(width > used ? width - used : 0, ' ');
  return right ? gap + std::string(text) : std::string(text) + gap;
}

std::string on_terminal(std::string_view marked) {
  std::string out;
  while (true) {
    const std::size_t mark = std::min(marked.find(Paint::kMark), marked.size());
    out += printable(marked.substr(0, mark));
    if (mark == marked.size()) return out;
    marked.remove_prefix(mark + 1);
    const std::size_t end = marked.find_first_not_of("0123456789;");
    const bool ours = end != std::string_view::npos && end > 0 && end < 5 && marked[end] == 'm';
    if (ours) {
      out += "\x1b[" + std::string(marked.substr(0, end + 1));
      marked.remove_prefix(end + 1);
    } else {
      out += "\\xff";
    }
  }
}

std::string shortened(std::string_view text, std::size_t most) {
  if (columns(text) <= most) return std::string(text);
  std::size_t end = 0;
  for (std::size_t left = most; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (begins && left-- == 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace headroom::report
