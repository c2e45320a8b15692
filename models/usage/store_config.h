#pragma once

#include <cstdint>

#include "sim/base/describe.h"

namespace headroom::usage {

/// The replicated store of usage batches.
struct StoreConfig {
  Ref hosts;
  std::int64_t shards = 3;
  template <class V>
  static void describe(V& v) {
    v.required("hosts", &StoreConfig::hosts, "host group");
    v.optional("shards", &StoreConfig::shards,
               "parts that records are spread over, each with its own replicas", between(1, 10'000));
  }
};

}  // namespace headroom::usage
