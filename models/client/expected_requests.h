#pragma once

#include <optional>

#include "models/client/config.h"
#include "sim/base/units.h"

namespace headroom::client {

/// How many requests are meant to be sent in [from, to): of traces and constant rates exactly, otherwise the
/// mean (of bursts, in the long run). None if that depends on answers (closed).
std::optional<double> requests_between(const Arrivals& arrivals, TimePoint from, TimePoint to);

/// Before this instant no request is sent; none if none is ever.
std::optional<TimePoint> earliest_request(const Arrivals& arrivals);

}  // namespace headroom::client
