#pragma once

#include <cstdint>
#include <optional>

#include "models/usage/store_config.h"
#include "sim/base/describe.h"
#include "sim/base/units.h"

namespace headroom::usage {

/// Usage records are summed on each API server and shipped in batches.
struct AggregatorConfig {
  Duration flush_every = Duration::s(10);
  std::int64_t max_records = 10'000;
  template <class V>
  static void describe(V& v) {
    v.optional("flush_every", &AggregatorConfig::flush_every, "a batch is shipped at least this often",
               positive());
    v.optional("max_records", &AggregatorConfig::max_records, "a batch is shipped when it has this many",
               at_least(1));
  }
};

/// Metering of every conversion: CPU time and bytes, from the API servers to the bill.
struct UsageConfig {
  AggregatorConfig aggregator;
  StoreConfig store;
  Bytes record_bytes{64};
  template <class V>
  static void describe(V& v) {
    v.optional("aggregator", &UsageConfig::aggregator, "on each API server");
    v.required("store", &UsageConfig::store, "where batches are kept and summed into the bill");
    v.optional("record_bytes", &UsageConfig::record_bytes, "size of a usage record in a batch", positive());
  }
};

}  // namespace headroom::usage
