#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace headroom::queue {

/// The leader's view of a replicated log: how far each member has it on disk, and so what is committed. An
/// entry is committed once a majority of the members has it on disk (Ongaro & Ousterhout 2014, §5.3); the log
/// matches everywhere, as one leader writes it in order. Indexes count from 1. Pure.
class CommitIndex {
 public:
  explicit CommitIndex(int members) : on_disk_(static_cast<std::size_t>(members)) {}
  /// Member `m` has everything up to `index` on disk. Returns the commit index, which never goes back.
  std::uint64_t stored(int m, std::uint64_t index) {
    auto& mine = on_disk_[static_cast<std::size_t>(m)];
    mine = std::max(mine, index);
    auto sorted = on_disk_;
    const std::size_t majority = sorted.size() / 2;  // position of the majority-th highest, from 0
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(majority), sorted.end(),
                     [](std::uint64_t a, std::uint64_t b) { return a > b; });
    committed_ = std::max(committed_, sorted[majority]);
    return committed_;
  }
  std::uint64_t committed() const { return committed_; }

 private:
  std::vector<std::uint64_t> on_disk_;
  std::uint64_t committed_ = 0;
};

}  // namespace headroom::queue
