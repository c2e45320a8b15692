#pragma once

#include <vector>

#include "models/usage/store_config.h"
#include "sim/metrics/result.h"

namespace headroom::usage {

/// The points that P. Bailis et al., “Probabilistically Bounded Staleness for Practical Partial Quorums”,
/// VLDB 2012, table 4 and section 5, give for a store of three replicas with these delays and quorums: the
/// probability that a read sees the last write, by the time since the write. Delays are recognised by their
/// means and variances. Empty for all settings that the paper does not have.
std::vector<metrics::PublishedPoint> published_consistency(const StoreLatency& latency, int replicas,
                                                           int read_quorum, int write_quorum);

}  // namespace headroom::usage
