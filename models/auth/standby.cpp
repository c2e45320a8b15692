#include "models/auth/standby.h"

#include <algorithm>

namespace headroom::auth {

StandbyMember::StandbyMember(int member, int members, Times times, bool reborn, TimePoint now)
    : member_(member), members_(members), times_(times), last_heard_(now), since_(now) {
  if (members == 1 || (member == 0 && !reborn)) role_ = Role::active;
}

void StandbyMember::become(Role role, TimePoint now) {
  role_ = role;
  since_ = now;
}

void StandbyMember::heard(int other, Role role, TimePoint now) {
  if (role == Role::passive) return;
  last_heard_ = now;
  if (role == Role::active) last_active_ = other;
  const bool yields = role == role_ ? other < member_ : role > role_;
  if (role_ != Role::passive && yields) become(Role::passive, now);
}

void StandbyMember::tick(TimePoint now) {
  if (role_ == Role::passive) {
    const int distance = std::max(1, (member_ - last_active_ + members_) % members_);
    if (now - last_heard_ >= times_.detect_after * distance) become(Role::taking_over, now);
  }
  if (role_ == Role::taking_over && now - since_ >= times_.take_over) become(Role::active, now);
}

std::optional<TimePoint> StandbyMember::takes_over_at() const {
  return role_ == Role::taking_over ? std::optional(since_ + times_.take_over) : std::nullopt;
}

}  // namespace headroom::auth
