#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"

namespace headroom::queue {

enum class Replication { raft, none, availability_first };
enum class WhenFull { reject, block, drop_oldest };
enum class Delivery { at_most_once, at_least_once, exactly_once };
enum class Payload { in_line, reference };

/// The queue between the API servers and the workers: a replicated log. A job is acknowledged, and may be
/// delivered, once a majority has it on disk.
struct QueueConfig {
  Ref hosts;
  Replication replication = Replication::raft;
  std::optional<std::int64_t> capacity;
  WhenFull when_full = WhenFull::reject;
  bool drop_expired = false;
  Delivery delivery = Delivery::at_least_once;
  Duration visibility_timeout = Duration::s(30);
  std::int64_t max_deliveries = 20;
  std::optional<Duration> idempotency_retention;
  Payload payload = Payload::reference;
  std::optional<Distribution<Duration>> fsync;
  Bytes entry_bytes{256};
  Distribution<Duration> election_timeout{law::Uniform{150e6, 300e6}};
  Duration heartbeat = Duration::ms(50);
  bool pre_vote = true;
  std::int64_t append_window = 256;

  /// How long a key is remembered where keys are looked at.
  Duration retention() const { return idempotency_retention.value_or(Duration::s(300)); }

  template <class V>
  static void describe(V& v) {
    v.required("hosts", &QueueConfig::hosts, "host group; each of its members is one of the queue's");
    v.optional("replication", &QueueConfig::replication,
               "raft: a majority of the hosts has every job; none: only the first host has it; "
               "availability_first: each host accepts jobs on its own and tells the others later");
    v.optional("capacity", &QueueConfig::capacity, "jobs that may wait (default: no limit)", at_least(1));
    v.optional("when_full", &QueueConfig::when_full,
               "a job that finds the queue full is rejected, or held back until there is room; or the one "
               "that has waited longest makes room for it");
    v.optional(
        "drop_expired", &QueueConfig::drop_expired,
        "at delivery, drop a job whose deadline (the client's or the API's, the earlier one) has passed");
    v.optional("delivery", &QueueConfig::delivery,
               "whether a job whose worker falls silent is delivered again; exactly_once: and only the first "
               "completion counts, of all attempts at the same work");
    v.optional(
        "visibility_timeout", &QueueConfig::visibility_timeout,
        "a delivered job is delivered again when its worker has been silent for so long (it reports once "
        "a second, or three times in this time if that is more often)",
        at_least(1e-3));
    v.optional("max_deliveries", &QueueConfig::max_deliveries,
               "a job that comes back from so many deliveries becomes a dead letter", between(1, 1e9));
    v.optional("idempotency_retention", &QueueConfig::idempotency_retention,
               "exactly_once: how long a key is remembered (default: 5min)", positive());
    v.optional(
        "payload", &QueueConfig::payload,
        "inline: the image travels through the queue; reference: workers fetch it from the API server");
    v.optional("fsync", &QueueConfig::fsync, "time of an fsync (default: that of the hosts' disks)");
    v.optional("entry_bytes", &QueueConfig::entry_bytes, "size of a log entry, without an image", positive());
    v.optional("election_timeout", &QueueConfig::election_timeout,
               "a follower that has heard of no leader for so long stands for election");
    v.optional("heartbeat", &QueueConfig::heartbeat, "how often a leader lets its followers hear from it",
               recurring());
    v.optional("pre_vote", &QueueConfig::pre_vote,
               "ask whether an election could be won before beginning a new term");
    v.optional(
        "append_window", &QueueConfig::append_window,
        "messages with entries on their way from the leader to a follower that has not answered them yet",
        between(1, 1e6));
  }
  static void check(const QueueConfig& c, Complaints& complaints) {
    const Duration shortest = c.election_timeout.least();  // some laws have none
    if (c.replication == Replication::raft && shortest > Duration() && c.heartbeat >= shortest) {
      // Of the two keys, the one that was written: both defaults agree.
      const std::string what = "followers would stand for election between two heartbeats, expected ";
      if (c.heartbeat == QueueConfig().heartbeat)
        complaints.add("election_timeout", what + "more than the heartbeat, " +
                                               std::to_string(c.heartbeat.count_ns() / 1'000'000) +
                                               "ms by default");
      else
        complaints.add("heartbeat", what + "less than the shortest election_timeout");
    }
    if (c.idempotency_retention && c.delivery != Delivery::exactly_once)
      complaints.add("idempotency_retention",
                     "keys are looked at with exactly_once only, expected delivery: exactly_once");
    if (c.delivery == Delivery::exactly_once && c.replication == Replication::availability_first)
      complaints.add("delivery",
                     "members that do not agree cannot tell a first completion from a second one, expected "
                     "replication: raft, or another delivery");
  }
};

}  // namespace headroom::queue

namespace headroom {
template <>
struct enum_names<queue::Replication> {
  static constexpr std::string_view names[] = {"raft", "none", "availability_first"};
};
template <>
struct enum_names<queue::WhenFull> {
  static constexpr std::string_view names[] = {"reject", "block", "drop_oldest"};
};
template <>
struct enum_names<queue::Delivery> {
  static constexpr std::string_view names[] = {"at_most_once", "at_least_once", "exactly_once"};
};
template <>
struct enum_names<queue::Payload> {
  static constexpr std::string_view names[] = {"inline", "reference"};
};
}  // namespace headroom
