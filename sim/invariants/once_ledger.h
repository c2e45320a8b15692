#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <utility>

#include "sim/base/units.h"

namespace headroom::invariants {

/// Checks "exactly once": within a time of retention no two results of the same work are released.
class OnceLedger {
 public:
  explicit OnceLedger(Duration retention) : retention_(retention) {}
  void released(std::uint64_t work, TimePoint now) {
    while (!dates_.empty() && dates_.front().first + retention_ <= now) {
      recent_.erase(dates_.front().second);
      dates_.pop_front();
    }
    ++released_;
    if (!recent_.insert(work).second)
      ++repeated_;
    else
      dates_.emplace_back(now, work);
  }
  bool holds() const { return repeated_ == 0; }
  std::int64_t checked() const { return released_; }
  std::string detail() const {
    return holds() ? "" : std::to_string(repeated_) + " results released a second time";
  }

 private:
  Duration retention_;
  std::deque<std::pair<TimePoint, std::uint64_t>> dates_;
  std::unordered_set<std::uint64_t> recent_;  // never iterated
  std::int64_t released_ = 0;
  std::int64_t repeated_ = 0;
};

}  // namespace headroom::invariants
