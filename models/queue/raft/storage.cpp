#include "models/queue/raft/storage.h"

#include <algorithm>
#include <utility>

namespace headroom::queue::raft {

void Storage::apply(Write&& write) {
  hard_state = write.hard_state;
  if (write.snapshot) snapshot = std::move(*write.snapshot);
  if (write.base.index > base.index) {
    entries.forget(std::min(write.base.index, last_index()) - base.index);
    base = write.base;
  }
  if (write.first <= last_index()) entries.truncate(write.first - base.index - 1);
  for (Entry& entry : write.entries) entries.push_back(std::move(entry));
}

}  // namespace headroom::queue::raft
