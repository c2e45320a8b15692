#pragma once

#include <algorithm>
#include <optional>

#include "models/queue/raft/entries.h"
#include "models/queue/raft/types.h"

namespace headroom::queue::raft {

/// A member's log in memory: entries after a base, which stands for all that was forgotten.
class Log {
 public:
  Log(Position base, Entries entries) : base_(base), entries_(std::move(entries)) {}

  Position base() const { return base_; }
  Index first_index() const { return base_.index + 1; }
  Index last_index() const { return base_.index + entries_.size(); }
  Position last() const { return {last_index(), entries_.empty() ? base_.term : entries_.back().term}; }
  /// None: forgotten, or not there yet.
  std::optional<Term> term_at(Index index) const {
    if (index == base_.index) return base_.term;
    if (index < base_.index || index > last_index()) return std::nullopt;
    return at(index).term;
  }
  /// Must be in the log.
  const Entry& at(Index index) const { return entries_[index - base_.index - 1]; }

  void append(Entry entry) { entries_.push_back(std::move(entry)); }
  /// Removes the entries from `first` on.
  void truncate(Index first) { entries_.truncate(first - base_.index - 1); }
  /// Forgets the entries up to `index`, which must be there; nothing if it was forgotten already.
  void forget(Index index) {
    if (index <= base_.index) return;
    const Position base{index, at(index).term};
    entries_.forget(index - base_.index);
    base_ = base;
  }
  /// Forgets everything: a snapshot up to `base` replaces it.
  void reset(Position base) {
    base_ = base;
    entries_.clear();
  }
  /// The highest index ≤ `index` whose entry's term is ≤ `term`, as far as the log is known (its base, if
  /// there is none): where it may agree with a log that has `term` at `index`.
  Position may_match(Index index, Term term) const {
    index = std::min(index, last_index());
    while (index > base_.index && at(index).term > term) --index;
    return {index, index < base_.index ? 0 : *term_at(index)};
  }

 private:
  Position base_;
  Entries entries_;
};

}  // namespace headroom::queue::raft
