#include "models/auth/update_log.h"

#include <algorithm>

namespace headroom::auth {

std::uint64_t UpdateLog::append(std::uint64_t user, Change change, TimePoint now) {
  updates_.push_back({user, now});
  std::vector<Step>& history = histories_[user];
  Step step{last(), 0, false};
  if (!history.empty()) {
    step.account = history.back().account;
    step.revoked = history.back().revoked;
  }
  if (change == Change::new_user) {
    ++step.account;
    step.revoked = false;
  }
  if (change == Change::revocation) step.revoked = true;
  history.push_back(step);
  return last();
}

Credentials UpdateLog::credentials(std::uint64_t user) const {
  const auto found = histories_.find(user);
  return {user, found == histories_.end() ? 0 : found->second.back().account};
}

bool UpdateLog::valid(Credentials who, std::uint64_t position) const {
  const auto found = histories_.find(who.user);
  if (found == histories_.end()) return true;
  const std::vector<Step>& history = found->second;
  for (auto step = history.rbegin(); step != history.rend(); ++step) {
    if (step->position > position || step->account > who.account) continue;
    return step->account == who.account && !step->revoked;
  }
  return who.account == 0;
}

std::uint64_t UpdateLog::last_change(std::uint64_t user, std::uint64_t position) const {
  const auto found = histories_.find(user);
  if (found == histories_.end()) return 0;
  const std::vector<Step>& history = found->second;
  for (auto step = history.rbegin(); step != history.rend(); ++step)
    if (step->position <= position) return step->position;
  return 0;
}

Subscription::Received Subscription::receive(std::uint64_t from, std::uint64_t to) {
  const Received received{from > position_, std::max(from, position_) + 1};
  position_ = std::max(position_, to);
  return received;
}

}  // namespace headroom::auth
