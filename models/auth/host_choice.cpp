#include "models/auth/host_choice.h"

#include <algorithm>

namespace headroom::auth {

HostChoice::HostChoice(Redundancy redundancy, int hosts, Duration retry_after)
    : redundancy_(redundancy), retry_after_(retry_after), hosts_(static_cast<std::size_t>(hosts)) {}

bool HostChoice::any(TimePoint now) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const Host& h) { return h.not_before <= now; });
}

HostChoice::Round HostChoice::begin(std::uint64_t number, bool insists) const {
  Round round;
  round.insists_ = insists;
  round.start_ =
      redundancy_ == Redundancy::active_active ? static_cast<int>(number % hosts_.size()) : last_answered_;
  return round;
}

std::optional<int> HostChoice::next(Round& round, TimePoint now) {
  const int n = static_cast<int>(hosts_.size());
  while (round.tried_ < n) {
    const int candidate = (round.start_ + round.tried_++) % n;
    Host& host = hosts_[static_cast<std::size_t>(candidate)];
    if (host.not_before > now && !round.insists_) continue;
    if (host.suspected) host.not_before = now + retry_after_;
    return candidate;
  }
  return std::nullopt;
}

void HostChoice::answered(int host, TimePoint now) {
  hosts_[static_cast<std::size_t>(host)] = {false, TimePoint(), now};
  last_answered_ = host;
}

void HostChoice::failed(int host, TimePoint asked, TimePoint now) {
  Host& h = hosts_[static_cast<std::size_t>(host)];
  if (h.answered > asked) return;
  h.suspected = true;
  h.not_before = now + retry_after_;
}

}  // namespace headroom::auth
