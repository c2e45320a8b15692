#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/queue/queue.h"
#include "models/queue/watch.h"
#include "sim/invariants/job_ledger.h"
#include "sim/invariants/once_ledger.h"
#include "sim/metrics/result.h"
#include "sim/world/world.h"

namespace headroom::study {

/// Holds a queue to its promises: lets the independent ledgers see what becomes visible of its jobs.
class QueueCheck final : public queue::JobWatch {
 public:
  QueueCheck(const queue::QueueConfig& config, const world::World& world, std::size_t hosts);
  void committed(int group, queue::JobId job, std::uint64_t ticket) override {
    ledger(group).committed(job, ticket);
  }
  void absorbed(int group, std::uint64_t ticket) override { ledger(group).absorbed(ticket); }
  void acknowledged(int group, std::uint64_t ticket) override { ledger(group).acknowledged(ticket); }
  void delivered(int group, queue::JobId job) override { ledger(group).delivered(job); }
  void passed_over(int group, queue::JobId job) override { ledger(group).passed_over(job); }
  void ended(int group, queue::JobId job) override { ledger(group).ended(job); }
  void released(std::uint64_t key) override { once_.released(key, world_.now()); }

  void report(const queue::Queue& queue, metrics::ResultBuilder& results) const;

 private:
  invariants::JobLedger& ledger(int group) { return ledgers_[static_cast<std::size_t>(group)]; }
  const world::World& world_;
  bool exactly_once_;
  std::vector<invariants::JobLedger> ledgers_;
  invariants::OnceLedger once_;
};

}  // namespace headroom::study
