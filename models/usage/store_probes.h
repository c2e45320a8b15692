#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "models/usage/store_cluster.h"
#include "sim/base/random.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/result.h"
#include "sim/world/scheduler.h"

namespace headroom::usage {

/// Measures consistency: again and again a synthetic batch is written through some live host, and read
/// through some live host a given time after the write was acknowledged. They are operations like any other,
/// on the same processes; only who asks is an observer, to whom asking costs no time.
///
/// A pair tells more than whether its read saw its write. Let wᵢ be when replica i had the batch and rᵢ when
/// the read reached it, and let the read have begun d after the acknowledgement. Had it begun at t instead,
/// and its messages taken as long, it would have seen the write if rᵢ − d + t ≥ wᵢ for one of the R replicas
/// that answered first: from t* = d + min(wᵢ − rᵢ) on. If all four delays are given by `latency` they do not
/// depend on when the read began, so the pair says for every t what would have happened, exactly. If not, a
/// pair counts only for the d that it was read at.
class Probes final : public ProbeWatch {
 public:
  /// After a write's acknowledgement; reads take them in turn.
  static constexpr std::array<int, 5> kDelaysMs = {0, 1, 10, 100, 1000};

  Probes(Cluster& cluster, StreamKey key);
  ~Probes() override;
  void start();
  /// No new pairs from now on.
  void wind_down() { next_.cancel(); }
  /// No pair is under way.
  bool wound_down() const { return open_.empty(); }
  /// Ends probing. What is under way tells what can be told: a replica that still lacks the batch gets it
  /// now, at the earliest.
  void tear_down();
  void report(metrics::ResultBuilder& results) const;

  bool open(const ItemKey& key) override { return open_.contains(key.id); }
  void written(const ItemKey& key, int host, Cause cause) override;
  void asked(std::uint64_t id, int host) override;

 private:
  struct Pair;
  class StoredSink;
  class FoundSink;
  class Next final : public world::Event {
   public:
    explicit Next(Probes& probes) : probes_(probes) {}
    ~Next() override = default;

   private:
    void fire() override { probes_.begin_pair(); }
    Probes& probes_;
  };
  void begin_pair();
  void plan_next();
  void stored(std::uint64_t number, bool acknowledged);
  void read(Pair& pair);
  void found(std::uint64_t number, const Outcome<Found>& outcome);
  void finish_if_known(Pair& pair);
  void tell(const Pair& pair);
  void close(Pair& pair);
  world::ProcessSlot* live_host(Engine& engine);

  Cluster& cluster_;
  StreamKey key_;
  Engine arrivals_;
  bool exact_;  ///< all four delays are given
  std::uint64_t pairs_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Pair>> open_;  ///< iterated only to add up
  Next next_{*this};
  metrics::BatchHistogram consistent_after_ns_;
  std::array<metrics::BatchSum, kDelaysMs.size()> told_, seen_;
  metrics::BatchSum measured_;
};

}  // namespace headroom::usage
