#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/node.h"

namespace headroom::config {

/// Collects what is wrong with the input, all of it, so that one run shows every mistake. Never throws.
class Diagnostics {
 public:
  struct Error {
    Mark where;
    std::string message;  ///< what is wrong, then what was expected
  };

  void error(const Mark& where, std::string message);
  /// Fixes the order in which sources are printed: in the order of first mention.
  void mention(const std::shared_ptr<const Source>& source);

  bool ok() const { return errors_.empty(); }
  std::size_t count() const { return errors_.size() + left_out_; }
  /// No more errors are kept: callers may skip costly suggestions.
  bool full() const { return errors_.size() >= kMost; }

  /// By source, line and column; the same message at the same place once.
  std::vector<Error> sorted() const;
  /// One line per error: `file:line:column: error: message`.
  std::string text() const;

 private:
  static constexpr std::size_t kMost = 1000;
  std::size_t order_of(const Source* source) const;

  std::vector<std::shared_ptr<const Source>> sources_;
  std::vector<Error> errors_;
  std::size_t left_out_ = 0;
};

/// The candidate that a person probably meant: smallest Damerau–Levenshtein distance (case does not count),
/// if that is at most a third of the word's length, or 1.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// `; did you mean "x"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// `a, b or c`; only the first twenty.
std::string list_of(std::span<const std::string_view> names);

/// The text in double quotes, made printable and shortened, for messages.
std::string quote(std::string_view text);

}  // namespace headroom::config
