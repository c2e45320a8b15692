#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/base/units.h"

namespace headroom::auth {

/// What a request shows: whose it is, and which of the accounts that one after the other have that place in
/// the popularity of users (0 at the start; each new user opens the next).
struct Credentials {
  std::uint64_t user = 0;
  std::uint32_t account = 0;
};

enum class Change {
  new_user,    ///< a new account takes the user's place; whoever had it before leaves in good standing
  revocation,  ///< the account's credentials are no longer valid
  key_change,  ///< old and new key are both valid for a time, so nobody waits; caches ask again
};

/// Every change of every account, in order: the truth, of which the data plane and the caches know a
/// beginning. Positions count changes; position p knows the first p. Pure.
class UpdateLog {
 public:
  struct Update {
    std::uint64_t user;
    TimePoint accepted;
  };
  /// Returns its position.
  std::uint64_t append(std::uint64_t user, Change change, TimePoint now);
  std::uint64_t last() const { return updates_.size(); }
  /// 1 … last().
  const Update& at(std::uint64_t position) const { return updates_[position - 1]; }
  /// What a user's requests show now.
  Credentials credentials(std::uint64_t user) const;
  /// Whether one who knows the log up to `position` accepts them.
  bool valid(Credentials who, std::uint64_t position) const;
  bool valid(Credentials who) const { return valid(who, last()); }
  /// The position of the user's latest change up to `position`; 0: none.
  std::uint64_t last_change(std::uint64_t user, std::uint64_t position) const;

 private:
  struct Step {
    std::uint64_t position;
    std::uint32_t account;
    bool revoked;
  };
  std::vector<Update> updates_;
  std::unordered_map<std::uint64_t, std::vector<Step>> histories_;  // never iterated
};

/// How much of the log a data-plane host or a cache has. Changes come in ranges (from, to], perhaps twice, in
/// any order. Pure.
class Subscription {
 public:
  struct Received {
    bool gap = false;         ///< changes up to `from` are missing
    std::uint64_t first = 1;  ///< the first change that is new; none if it is beyond `to`
  };
  Received receive(std::uint64_t from, std::uint64_t to);
  std::uint64_t position() const { return position_; }

 private:
  std::uint64_t position_ = 0;
};

}  // namespace headroom::auth
