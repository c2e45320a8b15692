#include "models/balancer/addresses.h"

#include <cstddef>

namespace headroom::balancer {

Addresses::Addresses(calls::Redundancy redundancy, int balancers, Times times)
    : redundancy_(redundancy), times_(times) {
  const int count = redundancy == calls::Redundancy::active_active ? balancers : 1;
  for (int i = 0; i < count; ++i) addresses_.push_back({i, TimePoint()});
}

std::vector<Addresses::Move> Addresses::look(TimePoint now, const std::vector<bool>& alive) {
  const auto lives = [&](int balancer) { return alive[static_cast<std::size_t>(balancer)]; };
  std::vector<Move> moves;
  const auto move = [&](int address, int to) {
    Address& a = addresses_[static_cast<std::size_t>(address)];
    moves.push_back({address, a.holder, to});
    a = {to, now};
  };
  for (int address = 0; address < count(); ++address) {
    Address& a = addresses_[static_cast<std::size_t>(address)];
    const bool has_owner = redundancy_ == calls::Redundancy::active_active;
    if (has_owner && a.holder != address && lives(address)) {
      move(address, address);
    } else if (lives(a.holder)) {
      a.heard = now;
    } else if (now - a.heard >= times_.detect_after + times_.take_over) {
      const int n = static_cast<int>(alive.size());
      for (int step = 1; step < n; ++step) {
        const int next = (a.holder + step) % n;
        if (!lives(next)) continue;
        move(address, next);
        break;
      }
    }
  }
  return moves;
}

AddressChoice::AddressChoice(const std::optional<Addresses>& addresses, int balancers)
    : addresses_(addresses) {
  for (int b = 0; b < balancers; ++b) admitted_.push_back(b);
}

std::optional<int> AddressChoice::next(calls::Round& round, TimePoint) {
  if (round.named++ > 0) return std::nullopt;
  if (addresses_)
    return addresses_->holder(
        static_cast<int>(uniform_below(round.draw, static_cast<std::size_t>(addresses_->count()))));
  if (admitted_.empty()) return std::nullopt;
  return admitted_[uniform_below(round.draw, admitted_.size())];
}

bool AddressChoice::any(TimePoint) const {
  return addresses_ || !admitted_.empty();
}

void AddressChoice::admit(int balancer, bool admitted, TimePoint) {
  calls::set_listed(admitted_, balancer, admitted);
}

}  // namespace headroom::balancer
