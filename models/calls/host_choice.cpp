#include "models/calls/host_choice.h"

#include <algorithm>

namespace headroom::calls {

HostChoice::HostChoice(Redundancy redundancy, int hosts, Duration retry_after)
    : redundancy_(redundancy), retry_after_(retry_after), hosts_(static_cast<std::size_t>(hosts)) {}

bool HostChoice::any(TimePoint now) const {
  return std::any_of(hosts_.begin(), hosts_.end(),
                     [&](const Host& h) { return h.admitted && h.not_before <= now; });
}

void HostChoice::admit(int host, bool admitted, TimePoint) {
  const auto index = static_cast<std::size_t>(host);
  while (index >= hosts_.size()) hosts_.emplace_back().admitted = false;
  if (admitted && !hosts_[index].admitted) hosts_[index] = {};
  hosts_[index].admitted = admitted;
}

std::optional<int> HostChoice::next(Round& round, TimePoint now) {
  const int n = static_cast<int>(hosts_.size());
  if (n == 0) return std::nullopt;
  if (round.named == 0)
    round.first = redundancy_ == Redundancy::active_active
                      ? static_cast<int>(round.number % static_cast<std::uint64_t>(n))
                      : last_answered_;
  while (round.named < n) {
    const int candidate = (round.first + round.named++) % n;
    Host& host = hosts_[static_cast<std::size_t>(candidate)];
    if (!host.admitted || (host.not_before > now && round.retry == 0)) continue;
    if (host.suspected) host.not_before = now + retry_after_;
    return candidate;
  }
  return std::nullopt;
}

void HostChoice::ended(int host, TimePoint since, TimePoint now, Verdict verdict) {
  Host& h = hosts_[static_cast<std::size_t>(host)];
  if (verdict == Verdict::good) {
    h.suspected = false;
    h.not_before = TimePoint();
    h.answered = now;
    last_answered_ = host;
  } else if (verdict == Verdict::bad && h.answered <= since) {
    h.suspected = true;
    h.not_before = now + retry_after_;
  }
}

int StickyChoice::after(int member) const {
  const int n = static_cast<int>(admitted_.size());
  for (int step = 1; step < n; ++step)
    if (const int next = (member + step) % n; admitted_[static_cast<std::size_t>(next)]) return next;
  return member;
}

int& StickyChoice::current(std::uint32_t caller) {
  while (current_.size() <= caller) current_.push_back(static_cast<int>(current_.size() % admitted_.size()));
  int& current = current_[caller];
  if (!admitted_[static_cast<std::size_t>(current)]) current = after(current);
  return current;
}

std::optional<int> StickyChoice::next(Round& round, TimePoint now) {
  if (round.named++ > 0 || !any(now)) return std::nullopt;
  return round.verdict == Verdict::good ? after(round.at) : current(round.caller);
}

bool StickyChoice::any(TimePoint) const {
  return std::find(admitted_.begin(), admitted_.end(), true) != admitted_.end();
}

void StickyChoice::admit(int member, bool admitted, TimePoint) {
  const auto index = static_cast<std::size_t>(member);
  if (index >= admitted_.size()) admitted_.resize(index + 1, false);
  admitted_[index] = admitted;
}

void StickyChoice::heard(const Round& round) {
  // Unless another caller on this host has left it already.
  if (round.verdict == Verdict::bad && current(round.caller) == round.at)
    current_[round.caller] = after(round.at);
}

}  // namespace headroom::calls
