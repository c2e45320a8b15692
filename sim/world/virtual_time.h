#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/units.h"

/// What sharing in virtual time needs, of a processor's cores and of a link's bandwidth alike: a clock that
/// counts what each of those who share has received, and a heap of the marks on it at which they have enough.
namespace headroom::world {

/// A 4-ary heap of finish marks, first come first served among equal ones. Each item knows its place in the
/// heap by its member `kPlace`, so that it can be taken off from anywhere, and its turn by its member
/// `kTurn`. O(log n).
template <class T, std::uint32_t T::* kPlace, std::uint64_t T::* kTurn>
class MarkHeap {
 public:
  struct Entry {
    double mark;
    T* item;
    bool before(const Entry& other) const {
      if (mark == other.mark) [[unlikely]]
        return item->*kTurn < other.item->*kTurn;
      return mark < other.mark;
    }
  };
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  const Entry& front() const { return entries_.front(); }
  /// In the order of the heap, which is no order that means anything.
  const std::vector<Entry>& entries() const { return entries_; }

  void push(T& item, double mark) {
    item.*kTurn = turn_++;
    entries_.push_back({});
    sift_up(entries_.size() - 1, {mark, &item});
  }
  void remove(T& item) {
    const std::size_t i = item.*kPlace;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (i < entries_.size()) sift(i, last);
  }
  /// Another mark for an item that is there; it keeps its turn among equals.
  void move(T& item, double mark) { sift(item.*kPlace, {mark, &item}); }
  /// The clock was set back by so much.
  void set_back(double by) {
    for (Entry& entry : entries_) entry.mark -= by;
  }

 private:
  void put(std::size_t i, const Entry& entry) {
    entries_[i] = entry;
    entry.item->*kPlace = static_cast<std::uint32_t>(i);
  }
  void sift(std::size_t i, const Entry& entry) {
    if (i > 0 && entry.before(entries_[(i - 1) / 4]))
      sift_up(i, entry);
    else
      sift_down(i, entry);
  }
  void sift_up(std::size_t i, Entry entry) {
    while (i > 0) {
      const std::size_t parent = (i - 1) / 4;
      if (!entry.before(entries_[parent])) break;
      put(i, entries_[parent]);
      i = parent;
    }
    put(i, entry);
  }
  void sift_down(std::size_t i, Entry entry) {
    const std::size_t n = entries_.size();
    while (true) {
      const std::size_t first = 4 * i + 1;
      if (first >= n) break;
      const std::size_t last = first + 4 < n ? first + 4 : n;
      std::size_t best = first;
      for (std::size_t c = first + 1; c < last; ++c) best = entries_[c].before(entries_[best]) ? c : best;
      if (!entries_[best].before(entry)) break;
      put(i, entries_[best]);
      i = best;
    }
    put(i, entry);
  }

  std::vector<Entry> entries_;
  std::uint64_t turn_ = 0;
};

/// How long a clock that advances by `rate` per ns takes for what is left up to a mark. It rounds up to whole
/// nanoseconds, so that nobody finishes with less than was asked for, but not for what a division or a sum
/// may be off by (10⁻⁶ ns); what would take longer than 127 years does not finish. `rate` > 0.
inline Duration time_to_mark(double left, double rate) {
  constexpr double kRounding = 1e-6, kForever = 4e18;
  const double ns = std::min(left / rate, kForever);
  if (!(ns > kRounding)) return Duration();
  const double at_least = ns - kRounding;
  const auto whole = static_cast<std::int64_t>(at_least);
  return Duration::ns(whole + (static_cast<double>(whole) < at_least));
}

}  // namespace headroom::world
