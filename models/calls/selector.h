#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/calls/verdict.h"
#include "sim/base/random.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// One question's way through the members that can be asked: what a selector may know of it, and what it
/// notes about whom it has named so far.
struct Round {
  Engine draw;               ///< the question's own: the same question draws the same everywhere
  std::uint64_t number = 0;  ///< of the request that it is about
  std::uint64_t user = 0;    ///< and whose that is
  std::uint32_t caller = 0;  ///< number of the host that asks
  std::int64_t retry = 0;    ///< 0: it is asked for the first time; n: for the n-th time more

  int named = 0;                    ///< members in this attempt, those that were passed over included
  int first = 0;                    ///< where this attempt began
  int at = -1;                      ///< the latest of all; −1: none yet
  Verdict verdict = Verdict::none;  ///< what the outcome said about that one
};

/// Puts a number into a list in ascending order, or takes it out. Whether that changed the list.
inline bool set_listed(std::vector<int>& ascending, int number, bool listed) {
  const auto place = std::lower_bound(ascending.begin(), ascending.end(), number);
  if ((place != ascending.end() && *place == number) == listed) return false;
  if (listed)
    ascending.insert(place, number);
  else
    ascending.erase(place);
  return true;
}

/// Who is asked, as far as one caller knows the members: pure, the draw and the time come in from outside.
/// One that keeps no count of what is under way need not hear of it.
class Selector {
 public:
  Selector() = default;
  Selector(const Selector&) = default;
  Selector& operator=(const Selector&) = default;
  Selector(Selector&&) = default;
  Selector& operator=(Selector&&) = default;
  virtual ~Selector() = default;

  /// The next member to ask. Some name one in each attempt at a question; some name another one as long as
  /// those before have failed. None: nobody is left.
  virtual std::optional<int> next(Round& round, TimePoint now) = 0;
  /// Whether there is a member that may be asked now.
  virtual bool any(TimePoint now) const = 0;
  /// A member that may be asked is one, or is none any more. All those that there are when the selector is
  /// made are at first.
  virtual void admit(int member, bool admitted, TimePoint now) = 0;

  /// A member that is left out is asked only if all are (panic).
  virtual void use(int /*member*/, bool /*used*/, TimePoint /*now*/) {}
  virtual bool panics() const { return false; }
  virtual void started(int /*member*/) {}
  /// The member that was asked in this round has failed, or all is well (`round.verdict`).
  virtual void heard(const Round& /*round*/) {}
  /// What was started at `since` is over. none: nobody knows how it ended.
  virtual void ended(int /*member*/, TimePoint /*since*/, TimePoint /*now*/, Verdict) {}
};

}  // namespace headroom::calls
