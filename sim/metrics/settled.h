#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/metrics/series.h"
#include "sim/metrics/window.h"

namespace headroom::metrics {

/// Whether the measured window shows how things are, or how they become.
struct Settled {
  bool settled = true;
  std::string why;  ///< it is not: "latency.p50_ms still grows at the end of the window"; else empty
};

/// Where MSER-5 cuts a series off (White 1997; Spratt 1998): the series is averaged in groups of five, and
/// the cut is the number of groups after which the rest has the smallest standard error of its mean,
/// Σ(y − ȳ)²/(n − d)². Counted in groups; the last five are never cut off. 0 for fewer than six groups.
std::size_t mser5(const std::vector<double>& series);

enum class Trend { none, up, down };
/// Whether a series has a trend that is not over when it ends. All three must say so: MSER-5 would cut off
/// more than half of it, which is its authors' sign of a run that was too short; of ten equal sections the
/// means are in order (Mann 1945, Kendall's S ≥ 29 of 45: one in 200 for ten numbers in random order), and
/// the last two sections differ from the fifth and sixth by more than a tenth of the latter. `none` for fewer
/// than 20 values.
Trend trend(const std::vector<double>& series);

/// Looks at what waits and at what users see: the columns `queue.depth`, `latency.p50_ms`, `latency.p95_ms`
/// and the yield, in the slots that lie within the window. `saturated`: what serves and was full to the end
/// (limits.h): then the load is not below what is alive, and what waits grows for as long as it lasts, unless
/// the excess is turned away (the yield of the second half is below 99 %) or there are only so many users
/// (`closed`). None: it cannot be told, the window has fewer than 20 slots and nothing was full.
std::optional<Settled> settled(const SeriesTable& series, const Window& window,
                               const std::optional<std::string>& saturated, bool closed);

}  // namespace headroom::metrics
