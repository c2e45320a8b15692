#pragma once

#include <cstdint>
#include <vector>

#include "models/calls/job.h"
#include "models/calls/queue_protocol.h"
#include "sim/world/host.h"
#include "sim/world/network.h"
#include "sim/world/task.h"

namespace headroom::processing {

/// A worker's side of its dealings with the queue: which member it takes for the leader, what it holds, and
/// what it has told. What is lost on the way is made good by a regular report. Part of the worker's process.
class Puller {
 public:
  /// `slots`: deliveries that the worker is willing to have at once.
  Puller(const calls::QueueContract& contract, world::Network& network, world::Process& process,
         const calls::Endpoint& me, std::int64_t slots);

  /// Whether the delivery is to be worked on: not one of a leader that is one no more, nor a second copy.
  bool take(const calls::Delivery& delivery);
  /// It was done, or is given back. The slot is free again.
  void ended(const calls::Delivery& delivery, bool done);
  void informed(const calls::QueueState& state);
  /// The queue has judged a result; it needs no reminder.
  void judged(const calls::Delivery& delivery);

 private:
  static world::Task<> report_regularly(Puller* self);
  void report();
  void report_to(int member);
  calls::WorkerName name(int member) const;
  /// A leader goes on with the deliveries of those before it; else each member has its own.
  bool same(const calls::Delivery& d, std::uint64_t job, int member) const;

  const calls::QueueContract& contract_;
  world::Network& network_;
  world::Process& process_;
  calls::Endpoint me_;
  std::int64_t slots_;
  int leader_ = 0;  ///< whom it takes for the leader
  std::uint64_t term_ = 0;
  std::uint64_t told_term_ = 0;        ///< that its leader was last told of
  bool heard_ = true;                  ///< since the last report
  bool redirected_ = false;            ///< since the last regular report
  std::vector<std::uint64_t> newest_;  ///< highest job that was taken; of each member, if they differ
  std::vector<calls::Delivery> held_;
  std::vector<calls::Delivery> done_;  ///< as far as it is not known to be settled
};

}  // namespace headroom::processing
