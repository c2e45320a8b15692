#pragma once

#include <cstdint>
#include <string>

#include "sim/metrics/result.h"
#include "sim/metrics/tracer.h"

namespace headroom::report {

/// Where a trace comes from.
struct TraceOrigin {
  std::string scenario;
  std::uint64_t seed = 0;
  int replication = 1;
  std::string version;
};

/// trace.json: the trace event format of Chrome's tracing, as Perfetto reads it, too (see results/README.md).
/// A process per host on which something was traced, one for the clients and one for the run as a whole. In
/// a process, spans are put into lanes (threads) in which they lie one behind the other, or a span that is
/// part of another within it: viewers drop what overlaps otherwise. Journal events are instants, those of a
/// host in its process. Flows connect what follows upon each other on different hosts. A function of its
/// arguments, byte for byte.
std::string trace_json(const metrics::Trace& trace, const metrics::ReplicationResult& result,
                       const TraceOrigin& origin);

}  // namespace headroom::report
