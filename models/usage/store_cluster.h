#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "models/calls/members.h"
#include "models/usage/replica.h"
#include "models/usage/store_config.h"
#include "sim/base/outcome.h"
#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/journal.h"
#include "sim/metrics/window.h"
#include "sim/world/host.h"
#include "sim/world/pool.h"
#include "sim/world/world.h"

namespace headroom::usage {

/// A put was acknowledged: the batch is durable.
struct Stored {};

/// What a read found, each batch once, in the order of keys, and which replicas answered it.
struct Found {
  std::vector<ItemPtr> items;
  std::vector<int> replicas;
};

/// Where the answer to an operation goes. Destroyed without an answer: who coordinated it died.
template <class Reply>
class Sink : public world::Pooled {
 public:
  virtual ~Sink() = default;
  virtual void answer(Outcome<Reply> outcome, Bytes size) = 0;
};

/// The period of synthetic batches, which belong to nobody's bill.
inline constexpr std::int64_t kProbePeriod = INT64_MIN;

/// Why a replica is given a copy.
enum class Cause { put, hint, read_repair, anti_entropy };

/// Looks on at what becomes of synthetic batches. Sees all, and is no part of the world modelled.
class ProbeWatch {
 public:
  virtual ~ProbeWatch() = default;
  /// Whether anybody still waits for the batch; if not it need not be kept.
  virtual bool open(const ItemKey& key) = 0;
  /// A replica has a copy now, or got another one.
  virtual void written(const ItemKey& key, int host, Cause cause) = 0;
  /// A replica was asked, and looks up its answer now.
  virtual void asked(std::uint64_t id, int host) = 0;
};

/// Is told which batches were acknowledged, and which of them may be dropped, or may be lost because a hint
/// of them was given up (`hint_ttl`); probes are not among them.
class StoreWatch {
 public:
  virtual ~StoreWatch() = default;
  virtual void acknowledged(const ItemKey& key) = 0;
  virtual void released(const ItemKey& key) = 0;
  virtual void hint_given_up(const ItemKey& key) = 0;
};

/// What is counted, by the part of the measured window in which it happened or the operation began.
struct StoreBooks {
  metrics::BatchHistogram write_ns;
  metrics::BatchHistogram read_ns;
  metrics::BatchSum writes, writes_acknowledged;
  metrics::BatchSum reads, reads_answered;
  metrics::BatchSum hints_stored, hints_delivered, hints_expired;
  metrics::BatchSum read_repairs, anti_entropy_repairs;
};

/// What the store's processes have in common and none of them owns: configuration, placement, the contents of
/// disks, the books.
struct Cluster {
  StoreConfig config;
  world::World& world;
  metrics::Window window;
  metrics::Journal& journal;
  int homes, write_quorum, read_quorum;
  std::vector<std::vector<int>> preference;  ///< by shard; the first `homes` of each are its replicas
  std::vector<std::vector<int>> partners;    ///< by host: others that share a shard with it
  const calls::Members& members;             ///< its hosts
  std::vector<Replica> disks;                ///< by host
  std::vector<Engine> engines;               ///< by host
  StoreBooks books;
  std::set<ItemKey> forgotten;
  ProbeWatch* probes = nullptr;
  StoreWatch* watch = nullptr;

  std::span<const int> homes_of(int shard) const {
    return std::span(preference[static_cast<std::size_t>(shard)]).first(static_cast<std::size_t>(homes));
  }
  int batch() const { return window.batch(world.now()); }
  /// Whether the batch is still of use to anybody.
  bool wanted(const ItemKey& key) const {
    return key.period == kProbePeriod ? probes->open(key) : !forgotten.contains(key);
  }
};

}  // namespace headroom::usage
