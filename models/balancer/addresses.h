#pragma once

#include <optional>
#include <vector>

#include "models/calls/redundancy.h"
#include "models/calls/selector.h"
#include "sim/base/units.h"

namespace headroom::balancer {

/// Who answers at the addresses that clients know: a balancer that dies loses its address to another one, as
/// with the Virtual Router Redundancy Protocol (RFC 5798). With active_active each balancer has an address;
/// the next live one after it takes it over and gives it back when its owner is there again. With
/// active_passive there is one address, which stays with who took it over for as long as that one lives.
/// Deaths are seen when they are looked for; balancers that cannot see each other are not modelled. Pure.
class Addresses {
 public:
  struct Times {
    Duration detect_after;  ///< of silence
    Duration take_over;     ///< from then to answering
  };
  Addresses(calls::Redundancy redundancy, int balancers, Times times);
  int count() const { return static_cast<int>(addresses_.size()); }
  /// The balancer that answers, or would if it were alive.
  int holder(int address) const { return addresses_[static_cast<std::size_t>(address)].holder; }
  struct Move {
    int address, from, to;
  };
  /// Looks which balancers live; returns which addresses moved.
  std::vector<Move> look(TimePoint now, const std::vector<bool>& alive);

 private:
  struct Address {
    int holder = 0;
    TimePoint heard;  ///< when its holder was last alive
  };
  calls::Redundancy redundancy_;
  Times times_;
  std::vector<Address> addresses_;
};

/// Which balancer a client's connection goes to: one address at random, as DNS gives them, and who answers
/// there, alive or not. `addresses`: none, each balancer has its own. Pure.
class AddressChoice final : public calls::Selector {
 public:
  AddressChoice(const std::optional<Addresses>& addresses, int balancers);
  std::optional<int> next(calls::Round& round, TimePoint now) override;
  bool any(TimePoint now) const override;
  void admit(int balancer, bool admitted, TimePoint now) override;

 private:
  const std::optional<Addresses>& addresses_;
  std::vector<int> admitted_;  // ascending
};

}  // namespace headroom::balancer
