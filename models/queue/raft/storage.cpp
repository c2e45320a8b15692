#include "models/queue/raft/storage.h"

#include <algorithm>
#include <utility>

namespace headroom::queue::raft {

void Storage::apply(Write&& write) {
  hard_state = write.hard_state;
  if (write.snapshot) snapshot = std::move(*write.snapshot);
  if (write.base.index > base.index) {
    const Index forgotten = std::min(write.base.index, last_index()) - base.index;
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(forgotten));
    base = write.base;
  }
  if (write.first <= last_index()) entries.resize(write.first - base.index - 1);
  entries.insert(entries.end(), std::make_move_iterator(write.entries.begin()),
                 std::make_move_iterator(write.entries.end()));
}

}  // namespace headroom::queue::raft
