#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/units.h"

namespace headroom::queue {

enum class Replication { raft, none };
enum class WhenFull { reject };

/// The queue between the API servers and the workers: a log on a leader and its followers. A job is
/// acknowledged, and may be delivered, once a majority has it on disk.
struct QueueConfig {
  Ref hosts;
  Replication replication = Replication::raft;
  std::optional<std::int64_t> capacity;
  WhenFull when_full = WhenFull::reject;
  bool drop_expired = false;
  std::optional<Distribution<Duration>> fsync;
  Bytes entry_bytes{256};
  template <class V>
  static void describe(V& v) {
    v.required("hosts", &QueueConfig::hosts, "host group; its first member leads, the others follow");
    v.optional("replication", &QueueConfig::replication,
               "raft: a majority of the hosts has every job; none: only the first host has it");
    v.optional("capacity", &QueueConfig::capacity, "jobs that may wait (default: no limit)", at_least(1));
    v.optional("when_full", &QueueConfig::when_full, "what happens to a job that finds the queue full");
    v.optional(
        "drop_expired", &QueueConfig::drop_expired,
        "at delivery, drop a job whose deadline (the client's or the API's, the earlier one) has passed");
    v.optional("fsync", &QueueConfig::fsync, "time of an fsync (default: that of the hosts' disks)");
    v.optional("entry_bytes", &QueueConfig::entry_bytes, "size of a log entry that refers to an image",
               positive());
  }
};

}  // namespace headroom::queue

namespace headroom {
template <>
struct enum_names<queue::Replication> {
  static constexpr std::string_view names[] = {"raft", "none"};
};
template <>
struct enum_names<queue::WhenFull> {
  static constexpr std::string_view names[] = {"reject"};
};
}  // namespace headroom
