#pragma once

#include <optional>

#include "sim/base/units.h"

namespace headroom::auth {

/// What a data-plane host is to the others.
enum class Role { passive, taking_over, active };

/// One host of a data plane of which one at a time is meant to answer. Each asks the others what they are;
/// the first one begins as the active one. When nobody has been active, or about to be, for `detect_after`,
/// the next one in the ring after the last active one takes over; the one after it waits twice as long, and
/// so on. Two that are active at once (they could not see each other) do no harm, both only read; when they
/// meet, the one with the lower number stays. A host that starts again begins as a passive one. Pure.
class StandbyMember {
 public:
  struct Times {
    Duration detect_after;
    Duration take_over;
  };
  /// `reborn`: not at the start of the simulation.
  StandbyMember(int member, int members, Times times, bool reborn, TimePoint now);
  Role role() const { return role_; }
  /// When a take-over that has begun ends.
  std::optional<TimePoint> takes_over_at() const;
  /// Another one said what it is.
  void heard(int other, Role role, TimePoint now);
  /// Time has passed: begins or ends a take-over when it is due.
  void tick(TimePoint now);

 private:
  void become(Role role, TimePoint now);
  int member_;
  int members_;
  Times times_;
  Role role_ = Role::passive;
  int last_active_ = 0;
  TimePoint last_heard_;  ///< when somebody was known to be active or taking over
  TimePoint since_;
};

}  // namespace headroom::auth
