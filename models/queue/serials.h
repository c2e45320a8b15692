#pragma once

#include <cstdint>
#include <deque>

namespace headroom::queue {

/// The serial numbers of a session's jobs that were accepted, as far as the session may still ask about them:
/// everything below the lowest one that it has no answer for is forgotten (Ongaro's dissertation, 6.3). Pure.
class Serials {
 public:
  enum class Seen { fresh, repeated, forgotten };
  Seen look(std::uint64_t serial) const {
    if (serial < first_) return Seen::forgotten;
    const std::uint64_t place = serial - base_;
    return place / kWord < words_.size() && (words_[place / kWord] >> (place % kWord) & 1) != 0
               ? Seen::repeated
               : Seen::fresh;
  }
  /// Not one that is forgotten.
  void accept(std::uint64_t serial) {
    const std::uint64_t place = serial - base_;
    if (place / kWord >= words_.size()) words_.resize(place / kWord + 1);
    words_[place / kWord] |= std::uint64_t{1} << (place % kWord);
  }
  /// The session has its answers for all below `first`.
  void forget_below(std::uint64_t first) {
    if (first <= first_) return;
    first_ = first;
    while (base_ + kWord <= first_) {
      if (words_.empty()) {
        base_ = first_ - first_ % kWord;
        return;
      }
      words_.pop_front();
      base_ += kWord;
    }
  }

 private:
  static constexpr std::uint64_t kWord = 64;
  std::uint64_t first_ = 0;
  std::uint64_t base_ = 0;  // of the first word; a multiple of kWord
  std::deque<std::uint64_t> words_;
};

}  // namespace headroom::queue
