#include "models/usage/usage.h"

#include <memory>
#include <utility>

namespace headroom::usage {
namespace {

/// A store's process: makes batches durable, one after the other, then bills them.
class Store final : public world::Process {
 public:
  Store(world::Host& host, Pipeline& pipeline) : Process(host), pipeline_(pipeline) {}
  void put(std::vector<Record> records) { scope().spawn(write(this, std::move(records))); }

 private:
  static world::Task<> write(Store* self, std::vector<Record> records) {
    const Bytes size(static_cast<std::int64_t>(records.size()) *
                     self->pipeline_.config().record_bytes.count());
    co_await self->host().disk().write(size);
    co_await self->host().disk().fsync();
    self->pipeline_.bill(records, self->host().scheduler().now());
  }
  Pipeline& pipeline_;
};

}  // namespace

Pipeline::Pipeline(const UsageConfig& config, const calls::Environment& env,
                   const std::vector<world::Host*>& store)
    : config_(config),
      world_(env.world),
      window_(env.window),
      billed_(env.series.counter("usage.billed_cpu_s", 1e-9)) {
  for (world::Host* host : store)
    store_.push_back(&host->install([this](world::Host& h) { return std::make_unique<Store>(h, *this); }));
}

void Pipeline::bill(const std::vector<Record>& records, TimePoint now) {
  for (const Record& r : records) {
    ++bill_.records;
    if (r.probe) continue;
    const int batch = window_.batch(r.finished);
    bill_.cpu_ns.add(batch, r.cpu_ns);
    bill_.bytes.add(batch, r.bytes);
    billed_.add(r.finished, r.cpu_ns);
    lag_.record(batch, now - r.finished);
  }
}

void Pipeline::report(metrics::ResultBuilder& results, const metrics::BatchSum& actual_cpu_ns) const {
  results.total("usage.billed_cpu_s", bill_.cpu_ns, 1e-9);
  results.total("usage.billed_bytes", bill_.bytes);
  results.ratio("usage.billing_error", bill_.cpu_ns - actual_cpu_ns, actual_cpu_ns);
  results.quantile("usage.lag_p99_s", lag_, 0.99, 1e-9);
  results.invariant("every metered conversion billed once", bill_.records == metered_, metered_,
                    "metered " + std::to_string(metered_) + ", billed " + std::to_string(bill_.records));
}

Aggregator::Aggregator(Pipeline& pipeline, world::Host& host) : pipeline_(pipeline), host_(host) {}

world::Task<> Aggregator::flush_regularly() {
  while (true) {
    co_await world::Sleep(host_.scheduler(), pipeline_.config().aggregator.flush_every);
    flush();
  }
}

void Aggregator::add(const Record& record) {
  records_.push_back(record);
  if (static_cast<std::int64_t>(records_.size()) >= pipeline_.config().aggregator.max_records) flush();
}

void Aggregator::flush() {
  if (records_.empty()) return;
  pipeline_.shipped(records_.size());
  world::ProcessSlot& store = pipeline_.store_for(host_.index());
  const Bytes size(static_cast<std::int64_t>(records_.size()) * pipeline_.config().record_bytes.count());
  calls::send_to<Store>(
      pipeline_.world().network(), {host_.id(), store.host().id()}, size, store,
      [records = std::exchange(records_, {})](Store& s) mutable { s.put(std::move(records)); });
}

const std::vector<metrics::MetricInfo> kMetrics = {
    {"usage.actual_cpu_s", "s", "CPU of the first completed execution of each distinct conversion",
     metrics::Better::neither},
    {"usage.billed_cpu_s", "s", "CPU of conversions that ended in the window and are in the bill",
     metrics::Better::neither},
    {"usage.billed_bytes", "B", "image bytes of conversions that ended in the window and are in the bill",
     metrics::Better::neither},
    {"usage.billing_error", "share", "(billed - actual) / actual CPU", metrics::Better::neither},
    {"usage.lag_p99_s", "s", "99th percentile of the time from a conversion's end to its being in the bill",
     metrics::Better::lower},
    {"usage.billed_unanswered", "count",
     "conversions metered for requests of the window that were not answered", metrics::Better::lower},
    {"usage.answered_unbilled", "count", "conversions delivered in answers of the window but never metered",
     metrics::Better::lower},
};

}  // namespace headroom::usage
