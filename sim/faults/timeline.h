#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/faults/config.h"
#include "sim/world/topology.h"

namespace headroom::faults {

/// What strikes by itself: a fault, or one member's share of it.
struct Part {
  const FaultConfig* fault;
  std::size_t number;  ///< of the fault in the scenario, from 0
  Kind kind;
  StreamKey key;
  double rate = 1;      ///< this share of the fault's failure rate
  bool common = false;  ///< what strikes all members at once
};

/// The parts of all faults, in their order; a fault on a schedule is one part. With a common cause two kinds
/// of failure processes run side by side: each member's own, and one that strikes all. Their rates sum to
/// that of one member. The faults outlive the parts.
std::vector<Part> parts_of(const std::vector<FaultConfig>& faults, const world::Topology& topology,
                           const StreamKey& key);

/// Whether a part strikes when it is due for the n-th time (`probability`).
bool strikes(const Part& part, const StreamKey& key, std::uint64_t number);

/// One failure of a part that fails at random.
struct RandomStrike {
  std::uint64_t number = 0;  ///< counted from 0; those that chance let off are counted, too
  TimePoint begin;
  TimePoint end;    ///< the repair
  TimePoint again;  ///< everything runs again; the time to the next failure counts from here
};

/// The failures of a part with `mttf` and `mttr`, in ascending order: up for a time drawn from `mttf`, down
/// for one drawn from `mttr` and the time to come up again, for ever; an alternating renewal process that is
/// new at time 0. Pure: no simulator is needed to know what will fail when.
class RandomStrikes {
 public:
  /// `key` takes the place of the part's own, for another timeline of the same part.
  RandomStrikes(const Part& part, const StreamKey& key);
  explicit RandomStrikes(const Part& part) : RandomStrikes(part, part.key) {}
  /// None: nothing more begins by `end`.
  std::optional<RandomStrike> next(TimePoint end);

 private:
  const Part& part_;
  StreamKey key_;
  Engine draw_;
  Duration recovery_;
  TimePoint up_since_;
  std::uint64_t number_ = 0;
};

}  // namespace headroom::faults
