#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/queue/raft/entries.h"
#include "models/queue/raft/types.h"

namespace headroom::queue::raft {

/// What must go to disk, all at once and in the order of the numbers.
struct Write {
  std::uint64_t number = 0;  ///< counts from 1 in each life of a member
  HardState hard_state{};
  std::optional<Snapshot> snapshot{};
  Position base{};  ///< the log on disk may forget all up to here
  Index first = 0;  ///< of `entries`; what the disk has from there on is replaced
  std::vector<Entry> entries{};
  Bytes size{};
};

/// What a member's disk holds: it survives crashes of the member, and is what the member starts from.
struct Storage {
  HardState hard_state{};
  Snapshot snapshot{};
  Position base{};  ///< comes before the first entry
  Entries entries{};

  Index last_index() const { return base.index + entries.size(); }
  /// The write has reached the disk.
  void apply(Write&& write);
};

}  // namespace headroom::queue::raft
