#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

/// Tables on a terminal.
namespace headroom::report {

/// Terminal colours, or none. What it returns is marked, not coloured, so that text from outside cannot pass
/// for colour: `on_terminal` makes colours of the marks.
struct Paint {
  static constexpr char kMark = '\xff';  ///< in no UTF-8
  bool on;
  std::string bold(std::string_view s) const { return wrap("1", s); }
  std::string faint(std::string_view s) const { return wrap("2", s); }
  std::string green(std::string_view s) const { return wrap("1;32", s); }
  std::string red(std::string_view s) const { return wrap("1;31", s); }
  std::string yellow(std::string_view s) const { return wrap("1;33", s); }
  std::string wrap(std::string_view code, std::string_view s) const {
    return on ? fmt::format("{0}{1}m{2}{0}0m", kMark, code, s) : std::string(s);
  }
};

/// How many columns a terminal needs to show the text (UTF-8; every character here is one column wide).
std::size_t columns(std::string_view text);
/// The text, or so many of its characters, the last of them an ellipsis.
std::string shortened(std::string_view text, std::size_t most);
std::string padded(std::string_view text, std::size_t width, bool right);
/// A finished table, printable but for the colours that Paint gave it.
std::string on_terminal(std::string_view marked);

}  // namespace headroom::report
