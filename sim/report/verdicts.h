#pragma once

#include <string>

#include "sim/report/run.h"
#include "sim/report/summary.h"

namespace headroom::report {

/// "api: 2 of 3 servers, 100 % busy", "nic host/lb-1, 97 % busy", "queue.capacity, 100 % full": who was alive
/// is told where somebody was missing.
std::string limit_text(const Summary::Limit&);
/// "nic host/lb-1, 97 % busy"
std::string link_text(const Summary::Link&);

/// What limits the run, and, in a window of more than a minute, when it was nearest; empty if nothing is
/// bounded.
std::string bottleneck(const Run&);
/// The busiest link and how busy it was in its worst minute; empty if no link has a bound.
std::string busiest_link(const Run&);
/// Why the run has not settled; empty if it has, or was not asked.
std::string unsettled(const Run&);
/// Whether it was found that the window is not how things stay.
bool is_unsettled(const Run&);
/// Why it cannot be told whether an objective is met.
std::string doubt(const Run&, const metrics::Verdict&);

}  // namespace headroom::report
