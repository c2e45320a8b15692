#pragma once

#include "models/client/config.h"
#include "sim/config/diagnostics.h"
#include "sim/config/node.h"

namespace headroom::study {

/// More requests than this are refused: the resolved scenario, which holds them all, could not be read again.
inline constexpr std::size_t kMaxTraceRows = 200'000;

/// Reads recorded requests from the CSV file that the scalar `name` names: a header of `at_s` (seconds since
/// the start of the simulation, ascending) and, if wanted, `image_bytes` and `user`; empty lines and lines
/// that begin with # do not count. False, and every error with its line and column, if the file is not that.
bool read_trace(const config::Node& name, client::Trace& out, config::Diagnostics& diagnostics);

}  // namespace headroom::study
