#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include "models/queue/command.h"
#include "sim/base/units.h"

namespace headroom::queue {

/// Idempotency keys and what became of their jobs, each remembered for a retention time. Copies are cheap:
/// the history is kept in chunks that copies share, and the index over it is built again where it is needed.
/// Pure.
class Keys {
 public:
  struct Known {
    JobId job = 0;
    bool done = false;
    Life worker{};  ///< done: by whom; nobody: given up
  };
  /// What was last remembered about the key, if it is still remembered.
  std::optional<Known> find(std::uint64_t key) const {
    build_index();
    const auto found = index_.find(key);
    if (found == index_.end()) return std::nullopt;
    const Known& known = at(found->second).known;
    return known.job == 0 ? std::nullopt : std::optional(known);
  }
  void remember(TimePoint date, std::uint64_t key, Known known) {
    build_index();
    if ((begin_ + count_) % kChunk == 0) {
      chunks_.push_back(std::make_shared<Chunk>());
    } else if (chunks_.back().use_count() > 1) {
      chunks_.back() = std::make_shared<Chunk>(*chunks_.back());
    }
    (*chunks_.back())[(begin_ + count_) % kChunk] = {date, key, known};
    index_[key] = begin_ + count_;
    ++count_;
  }
  /// The job will not be done: whoever asks again asks anew.
  void forget(TimePoint date, std::uint64_t key) { remember(date, key, {}); }
  std::uint64_t size() const { return count_; }
  /// Forgets what was remembered before `date`.
  void expire(TimePoint date) {
    build_index();
    while (count_ > 0 && at(begin_).date < date) {
      const auto found = index_.find(at(begin_).key);
      if (found != index_.end() && found->second == begin_) index_.erase(found);
      ++begin_;
      --count_;
      if (begin_ % kChunk == 0) chunks_.pop_front();
    }
  }

  Keys() = default;
  Keys(const Keys& other)
      : chunks_(other.chunks_), begin_(other.begin_), count_(other.count_), indexed_(other.count_ == 0) {}
  Keys& operator=(const Keys& other) {
    if (this == &other) return *this;
    chunks_ = other.chunks_;
    begin_ = other.begin_;
    count_ = other.count_;
    index_.clear();
    indexed_ = count_ == 0;
    return *this;
  }
  ~Keys() = default;

 private:
  static constexpr std::uint64_t kChunk = 1024;
  struct Record {
    TimePoint date;
    std::uint64_t key = 0;
    Known known;
  };
  using Chunk = std::array<Record, kChunk>;
  const Record& at(std::uint64_t place) const {
    return (*chunks_[place / kChunk - begin_ / kChunk])[place % kChunk];
  }
  void build_index() const {
    if (indexed_) return;
    indexed_ = true;
    for (std::uint64_t place = begin_; place < begin_ + count_; ++place) index_[at(place).key] = place;
  }

  std::deque<std::shared_ptr<Chunk>> chunks_;
  std::uint64_t begin_ = 0;  // place of the oldest record
  std::uint64_t count_ = 0;
  mutable std::unordered_map<std::uint64_t, std::uint64_t> index_;  // never iterated
  mutable bool indexed_ = true;
};

}  // namespace headroom::queue
