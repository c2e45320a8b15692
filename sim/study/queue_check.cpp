#include "sim/study/queue_check.h"

#include <string>

#include "models/queue/metrics.h"

namespace headroom::study {

QueueCheck::QueueCheck(const queue::QueueConfig& config, const world::World& world, std::size_t hosts)
    : world_(world),
      exactly_once_(config.delivery == queue::Delivery::exactly_once),
      ledgers_(config.replication == queue::Replication::availability_first ? hosts : 1),
      once_(config.retention()) {}

void QueueCheck::report(const queue::Queue& queue, metrics::ResultBuilder& results) const {
  std::int64_t committed = 0;
  std::int64_t delivered = 0;
  std::int64_t lost = 0;
  std::string balance;
  std::string order;
  for (int g = 0; g < queue.groups(); ++g) {
    const invariants::JobLedger& ledger = ledgers_[static_cast<std::size_t>(g)];
    committed += ledger.committed_jobs();
    delivered += ledger.first_deliveries();
    order += ledger.order_detail();
    // Nobody leads at the end: what is on the disks is not looked at, and taken to be all.
    const queue::Jobs* jobs = queue.jobs(g);
    const auto verdict =
        ledger.balance([&](std::uint64_t job) { return jobs == nullptr || jobs->find(job) != nullptr; },
                       jobs == nullptr ? ledger.open() : jobs->open());
    lost += verdict.lost_acknowledged;
    balance += verdict.detail;
  }
  results.single(queue::metric::kLostAcknowledged, static_cast<double>(lost));
  results.invariant("no acknowledged job lost; each is done, dropped, given up or still there",
                    balance.empty(), committed, balance);
  results.invariant("jobs are first delivered in the order of commitment", order.empty(), delivered, order);
  if (exactly_once_)
    results.invariant("no result is released twice", once_.holds(), once_.checked(), once_.detail());
}

}  // namespace headroom::study
