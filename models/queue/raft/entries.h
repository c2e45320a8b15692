#pragma once

#include <cstddef>
#include <deque>
#include <iterator>
#include <utility>

#include "models/queue/raft/types.h"

namespace headroom::queue::raft {

/// Entries of a log that follow one another. What is forgotten at the front is let go a few at a time, while
/// new ones come: all members then let go of an entry at about the same time, while it is in the cache of the
/// machine that simulates, and its memory is used again at once. (All at once, thousands of entries came into
/// the cache six times per snapshot only to have their references counted down.)
class Entries {
 public:
  std::size_t size() const { return all_.size() - forgotten_; }
  bool empty() const { return size() == 0; }
  const Entry& operator[](std::size_t i) const { return all_[forgotten_ + i]; }
  const Entry& back() const { return all_.back(); }
  auto begin() const { return all_.begin() + static_cast<std::ptrdiff_t>(forgotten_); }
  auto end() const { return all_.end(); }

  void push_back(Entry entry) {
    for (int i = 0; i < 2 && forgotten_ > 0; ++i, --forgotten_) all_.pop_front();
    all_.push_back(std::move(entry));
  }
  /// Keeps the first `n`.
  void truncate(std::size_t n) { all_.resize(forgotten_ + n); }
  /// Removes the first `n`.
  void forget(std::size_t n) { forgotten_ += n; }
  void clear() {
    all_.clear();
    forgotten_ = 0;
  }

 private:
  std::deque<Entry> all_;
  std::size_t forgotten_ = 0;  // at the front of all_
};

}  // namespace headroom::queue::raft
