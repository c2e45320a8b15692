#pragma once

#include <optional>

#include "sim/base/units.h"
#include "sim/metrics/series.h"
#include "sim/metrics/window.h"

namespace headroom::metrics {

/// From the beginning of the first fault to the end of the last one.
struct Trouble {
  TimePoint begin;
  TimePoint end;
};

/// Whether yield came back after the last fault.
struct Healing {
  std::optional<Duration>
      watched;                   ///< how long the window still lasted; none: there was no steady time before
  std::optional<Duration> took;  ///< from the end of the last fault; none: not while it was watched
};

/// Slots of the series in a row that must, together, be as good as before.
inline constexpr int kSlotsInARow = 5;

/// Looks at yield (`answered` / `offered`, by the time at which requests were sent). Before the trouble, the
/// slots of the window have the pooled yield y and scatter with the standard deviation s; five of them
/// together would by s/√5, which is taken to be no less than that of as many independent requests (of which
/// three more fail than were seen: the rule of three). The service has healed at the first instant after the
/// trouble from which five slots in a row, with requests, have a pooled yield of at least y less three such
/// deviations. A sound service that scatters normally is missed there once in 1000 times, and then found a
/// slot later.
Healing healing(const SeriesTable& series, const Window& window, const Trouble& trouble);

}  // namespace headroom::metrics
