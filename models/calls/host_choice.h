#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/calls/redundancy.h"
#include "models/calls/selector.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// Fails over: one host after the other, as long as those before have not answered. With active_active it
/// begins with hosts in turn by the request's number; with active_passive, with the one that answered last.
/// A host that did not answer is avoided for `retry_after`; then one question tries it, the others go on
/// avoiding it until it answers. A question that is asked again asks those that are avoided, too.
class HostChoice final : public Selector {
 public:
  HostChoice(Redundancy redundancy, int hosts, Duration retry_after);
  std::optional<int> next(Round& round, TimePoint now) override;
  bool any(TimePoint now) const override;
  void admit(int host, bool admitted, TimePoint now) override;
  /// A host that has answered another question since is not suspected.
  void ended(int host, TimePoint since, TimePoint now, Verdict verdict) override;

 private:
  struct Host {
    bool admitted = true;
    bool suspected = false;
    TimePoint not_before;
    TimePoint answered;
  };
  Redundancy redundancy_;
  Duration retry_after_;
  std::vector<Host> hosts_;
  int last_answered_ = 0;
};

/// Stays: each host's callers ask one member for as long as it answers, then the one after it. One that
/// answers that it cannot (Verdict::good) is left by that question only.
class StickyChoice final : public Selector {
 public:
  explicit StickyChoice(int members) : admitted_(static_cast<std::size_t>(members), true) {}
  std::optional<int> next(Round& round, TimePoint now) override;
  bool any(TimePoint now) const override;
  void admit(int member, bool admitted, TimePoint now) override;
  void heard(const Round& round) override;

 private:
  int after(int member) const;
  int& current(std::uint32_t caller);
  std::vector<bool> admitted_;
  std::vector<int> current_;  // by the caller's host
};

}  // namespace headroom::calls
