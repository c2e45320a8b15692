#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/calls/job.h"
#include "models/usage/quorum.h"
#include "models/usage/store_cluster.h"
#include "sim/world/host.h"
#include "sim/world/task.h"

namespace headroom::usage {

/// A store's process: keeps copies, and coordinates the operations that it is asked for. All hosts are alike.
/// What must survive it is in the cluster's `disks`.
class StoreNode final : public world::Process {
 public:
  StoreNode(world::Host& host, Cluster& cluster, int number);
  ~StoreNode() override { scope().clear(); }

  /// Coordinates a write: copies to all homes, acknowledged at W.
  void put(ItemPtr item, std::unique_ptr<Sink<Stored>> sink) {
    if (errs())
      sink->answer(Failure::error, calls::kControl);
    else
      scope().spawn(coordinate_write(this, std::move(item), std::move(sink)));
  }
  /// Coordinates a read: asks all homes, answered at R.
  void get(Query query, std::unique_ptr<Sink<Found>> sink) {
    if (errs())
      sink->answer(Failure::error, calls::kControl);
    else
      scope().spawn(coordinate_read(this, query, std::move(sink)));
  }

 private:
  struct Writing;
  struct Reading;
  struct Copy {
    ItemPtr item;
    int stands_in_for = -1;
    Cause cause = Cause::put;
    std::uint64_t operation = 0;  ///< of the coordinator
  };
  using Law = std::optional<Distribution<Duration>>;
  template <class Deliver>
  void tell(int host, Bytes size, const Law& law, Deliver deliver);

  // coordinator
  /// Whether it gets the operation wrong that it is asked for now.
  bool errs();
  static world::Task<> coordinate_write(StoreNode* self, ItemPtr item, std::unique_ptr<Sink<Stored>> sink);
  static world::Task<> coordinate_read(StoreNode* self, Query query, std::unique_ptr<Sink<Found>> sink);
  void send(const Writing& writing, const std::vector<WriteQuorum::Copy>& copies);
  void acknowledged(std::uint64_t operation, int from);
  void responded(std::uint64_t operation, int from, std::vector<ItemPtr> items);
  void repair(const Reading& reading);
  void finish(Writing& writing, Sink<Stored>& sink, TimePoint began);

  // replica
  void copy_arrived(int from, Copy copy);
  static world::Task<> keep(StoreNode* self, int from, Copy copy);
  void kept(int from, const Copy& copy);
  static world::Task<> keep_hint(StoreNode* self, int host, ItemPtr item);
  void hint_kept(int host, const ItemPtr& item);
  void question_arrived(int from, std::uint64_t operation, const Query& query);

  // care for others
  static world::Task<> care(StoreNode* self);
  void care_round();
  static world::Task<> compare_regularly(StoreNode* self, Duration every);
  void compare_roots(int from, const std::vector<std::pair<int, std::uint64_t>>& roots);
  void compare_leaves(int from, int shard, const Digest::Leaves& leaves);
  void compare_keys(int from, int shard, const std::vector<bool>& leaves, const std::vector<ItemKey>& keys);
  void send_wanted(int from, const std::vector<ItemKey>& keys);
  void give(int host, const ItemPtr& item, Cause cause);

  void heard(int host);
  void suspect(const std::vector<int>& hosts, TimePoint since);
  TimePoint now() { return host().scheduler().now(); }
  Replica& disk() { return cluster_.disks[static_cast<std::size_t>(number_)]; }
  Engine& engine() { return cluster_.engines[static_cast<std::size_t>(number_)]; }
  bool up(int host) const { return suspicion_.up(host); }

  Cluster& cluster_;
  int number_;
  std::uint64_t operations_ = 0;  ///< the next one's number; unique over the host's lives
  std::unordered_map<std::uint64_t, Writing*> writings_;  // never iterated
  std::unordered_map<std::uint64_t, Reading*> readings_;  // never iterated
  Suspicion suspicion_;
  world::Condition trouble_;   ///< there is somebody to care for
  world::Condition returned_;  ///< a host is heard again
  std::size_t next_partner_ = 0;
};

}  // namespace headroom::usage
