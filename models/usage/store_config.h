#pragma once

#include <cstdint>
#include <optional>

#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"

namespace headroom::usage {

/// Delays between store hosts, given in place of the network's and the disk's (the model of PBS: Bailis et
/// al., VLDB 2012, section 4: W, A, R and S). Each message draws for itself, those of a host to itself too.
struct StoreLatency {
  std::optional<Distribution<Duration>> write;
  std::optional<Distribution<Duration>> ack;
  std::optional<Distribution<Duration>> read;
  std::optional<Distribution<Duration>> respond;
  template <class V>
  static void describe(V& v) {
    v.optional("write", &StoreLatency::write,
               "from the coordinator's sending a copy until it is durable on the replica's disk");
    v.optional("ack", &StoreLatency::ack, "of the replica's acknowledgement of a copy");
    v.optional("read", &StoreLatency::read, "of the coordinator's question to a replica");
    v.optional("respond", &StoreLatency::respond, "of the replica's response to a question");
  }
};

/// Synthetic batches that measure consistency.
struct StoreProbe {
  Rate rate;
  template <class V>
  static void describe(V& v) {
    v.required("rate", &StoreProbe::rate, "mean rate of pairs of a write and a read (a Poisson process)",
               frequency());
  }
};

/// The replicated store of usage batches.
struct StoreConfig {
  Ref hosts;
  std::optional<std::int64_t> replicas;
  std::optional<std::int64_t> write_quorum;
  std::optional<std::int64_t> read_quorum;
  std::int64_t shards = 3;
  StoreLatency latency;
  Duration timeout = Duration::s(2);
  bool sloppy_quorum = true;
  Duration hint_ttl = Duration::s(3 * 3'600);
  Duration hint_every = Duration::s(10);
  bool read_repair = true;
  std::optional<Duration> anti_entropy = Duration::s(60);
  std::optional<StoreProbe> probe;
  template <class V>
  static void describe(V& v) {
    v.required("hosts", &StoreConfig::hosts, "host group");
    v.optional("replicas", &StoreConfig::replicas,
               "N: hosts that keep each shard (default: 3, or all hosts if there are fewer)",
               between(1, 100'000));
    v.optional("write_quorum", &StoreConfig::write_quorum,
               "W: hosts that must have a batch before it is acknowledged (default: 2, or N if that is less)",
               between(1, 100'000));
    v.optional("read_quorum", &StoreConfig::read_quorum,
               "R: replicas that must answer before a read is answered (default: 1)", between(1, 100'000));
    v.optional("shards", &StoreConfig::shards,
               "parts that records are spread over, each with replicas of its own", between(1, 10'000));
    v.optional("latency", &StoreConfig::latency,
               "delays between store hosts in place of the network's and the disk's");
    v.optional("timeout", &StoreConfig::timeout, "how long a coordinator waits for a host", positive());
    v.optional("sloppy_quorum", &StoreConfig::sloppy_quorum,
               "hosts that are no replicas of a shard stand in for those that are down, and count towards W");
    v.optional("hint_ttl", &StoreConfig::hint_ttl, "how long a copy is kept for a host that is down",
               positive());
    v.optional("hint_every", &StoreConfig::hint_every,
               "how often hosts believed down are looked for, and copies kept for others handed over",
               recurring());
    v.optional("read_repair", &StoreConfig::read_repair,
               "a replica that answered a read without what others have gets it");
    v.optional("anti_entropy", &StoreConfig::anti_entropy,
               "how often each host compares what it has with another one (null: never)", recurring());
    v.optional("probe", &StoreConfig::probe,
               "writes and reads of synthetic batches that measure consistency (default: none)");
  }
  /// The numbers of a group of so many hosts.
  std::int64_t replicas_of(std::int64_t count) const { return replicas.value_or(count < 3 ? count : 3); }
  std::int64_t write_quorum_of(std::int64_t count) const {
    return write_quorum.value_or(replicas_of(count) < 2 ? 1 : 2);
  }
  std::int64_t read_quorum_of(std::int64_t) const { return read_quorum.value_or(1); }
};

}  // namespace headroom::usage
