#include "models/calls/members.h"

#include "sim/base/check.h"

namespace headroom::calls {
namespace {

bool may_become(Members::State from, Members::State to) {
  using State = Members::State;
  switch (to) {
    case State::reserved:
      return false;
    case State::joining:
      return from == State::reserved || from == State::left;
    case State::serving:
      return from == State::joining || from == State::draining;
    case State::draining:
      return from == State::serving;
    case State::left:
      return from == State::joining || from == State::serving || from == State::draining;
  }
  return false;
}

}  // namespace

int Members::add(Endpoint at, State state) {
  all_.push_back({at, state});
  tell(size() - 1);
  return size() - 1;
}

void Members::move(int member, State to) {
  HEADROOM_CHECK(may_become(state(member), to), "a member moves to a state that does not follow its own");
  all_[static_cast<std::size_t>(member)].state = to;
  tell(member);
}

std::vector<world::ProcessSlot*> Members::slots() const {
  std::vector<world::ProcessSlot*> slots;
  slots.reserve(all_.size());
  for (const Member& m : all_) slots.push_back(m.at.slot);
  return slots;
}

void Members::tell(int member) const {
  for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i]->changed(member);
}

}  // namespace headroom::calls
