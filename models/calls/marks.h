#pragma once

#include <cstdint>
#include <vector>

namespace headroom::calls {

/// A set of small numbers from 0 on (a request's renditions): one word, and more only if it needs more.
class Marks {
 public:
  /// Whether `n` was not in it yet.
  bool add(std::int64_t n) {
    if (n < kWord) {
      const std::uint64_t bit = std::uint64_t{1} << n;
      const bool added = (word_ & bit) == 0;
      word_ |= bit;
      return added;
    }
    const auto i = static_cast<std::size_t>(n - kWord);
    if (i >= more_.size()) more_.resize(i + 1);
    const bool added = !more_[i];
    more_[i] = true;
    return added;
  }

 private:
  static constexpr std::int64_t kWord = 64;
  std::uint64_t word_ = 0;
  std::vector<bool> more_;
};

}  // namespace headroom::calls
