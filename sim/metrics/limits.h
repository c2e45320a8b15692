#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/metrics/window.h"

namespace headroom::metrics {

/// Whether a resource does the work (cores, links, disks), or only holds what waits or is under way (queue
/// bounds, concurrency limits, quotas): that one fills up because another one is slow.
enum class Duty { serves, holds };

/// How much of a resource was used, over the measured window, in one replication.
struct Use {
  std::string id;    ///< unique in a replication: a link has two directions
  std::string name;  ///< see resource.h
  Duty duty = Duty::serves;
  bool link = false;
  std::int64_t members = 1;  ///< configured
  /// By cell of the window: used / (capacity of what was alive), 0–1; 1 while none of several members was.
  std::vector<double> share;
  std::vector<double> alive;  ///< of a tier, by cell: members that were, on average; empty: it has none
};

/// A window in cells: 1 s each if it lasts at most a minute, else 5 s, or as much longer as keeps them below
/// 2000; all equally long but for the division's remainder, which the last one has.
class Cells {
 public:
  Cells() = default;
  explicit Cells(const Window& window);
  int count() const { return count_; }
  /// `edge(count())` is the window's end.
  TimePoint edge(int cell) const {
    return cell == count_ ? window_.end() : window_.begin() + width_ * static_cast<std::int64_t>(cell);
  }
  /// Cells in a row that make a minute: at least one, all of them if the window is not longer than that.
  int in_a_minute() const;

 private:
  Window window_;
  Duration width_;
  int count_ = 0;
};

/// A resource in its worst minute.
struct Limit {
  std::string name;
  double share = 0;          ///< mean over that minute, relative to what was alive then
  double alive = 1;          ///< members, mean over that minute
  std::int64_t members = 1;  ///< configured
  double at_s = 0;           ///< when it begins, since the start of the simulation
  Duty duty = Duty::serves;
  bool link = false;
  friend bool operator==(const Limit&, const Limit&) = default;
};
/// "2 of 3"; of a mean that is no whole number "2.4 of 3".
std::string alive_text(const Limit&);

/// Every resource that was used at all, in its worst minute: the highest mean share over a minute of the
/// window (over the window, if it is shorter), each cell a mean over the replications. Of a link, the busier
/// direction. Sorted from the nearest to its bound on; equals in the order of `replications`, which is the
/// order in which a request meets them.
std::vector<Limit> worst_minutes(const std::vector<const std::vector<Use>*>& replications,
                                 const Window& window);

/// What limits: the nearest to its bound of what serves, unless something that only holds is nearer by more
/// than 5 points. (What serves fills what holds: a tier at 97 % of its cores with a full queue before it is
/// limited by its cores.) None if nothing was used.
std::optional<Limit> bottleneck(const std::vector<Limit>& limits);
/// None if no link has a bound.
std::optional<Limit> busiest_link(const std::vector<Limit>& limits);

/// The name of a tier (of what has members) that was full in the second half of the window, with no more than
/// chance between it and 100 % of what was alive: the offered load is not below that. Mean over the
/// replications of each cell; full is at least 99.9 %, or at least 98 % and within three standard errors of
/// 100 %. Not links and disks: that of a slow member of a majority may be full for ever, and do no harm.
std::optional<std::string> saturated(const std::vector<const std::vector<Use>*>& replications);

}  // namespace headroom::metrics
