#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/auth/config.h"
#include "sim/base/units.h"

namespace headroom::auth {

/// Which data-plane host an edge asks: with active_active, hosts in turn by the request's number; with
/// active_passive, the one that answered last. A host that did not answer is avoided for `retry_after`; then
/// one look-up tries it, the others go on avoiding it until it answers. Pure.
class HostChoice {
 public:
  HostChoice(Redundancy redundancy, int hosts, Duration retry_after);
  /// One look-up's way through the hosts.
  class Round {
   private:
    friend class HostChoice;
    int start_ = 0;
    int tried_ = 0;
    bool insists_ = false;
  };
  /// Whether there is a host that may be asked now.
  bool any(TimePoint now) const;
  /// `insists`: it asks hosts that are avoided, too.
  Round begin(std::uint64_t number, bool insists = false) const;
  /// The next host to ask; none: all were asked or are avoided.
  std::optional<int> next(Round& round, TimePoint now);
  void answered(int host, TimePoint now);
  /// `asked`: when. A host that has answered another one since then is not suspected.
  void failed(int host, TimePoint asked, TimePoint now);

 private:
  struct Host {
    bool suspected = false;
    TimePoint not_before;
    TimePoint answered;
  };
  Redundancy redundancy_;
  Duration retry_after_;
  std::vector<Host> hosts_;
  int last_answered_ = 0;
};

}  // namespace headroom::auth
