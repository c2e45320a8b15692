#include "models/usage/audit.h"

#include <utility>

#include "models/calls/job.h"
#include "models/usage/metrics.h"

namespace headroom::usage {

Audit::Audit(const calls::Environment& env, BooksCheck* check)
    : world_(env.world),
      window_(env.window),
      check_(check),
      stored_series_(env.series.counter(series::kStoredCpu, 1e-9)),
      billed_series_(env.series.counter(series::kBilledCpu, 1e-9)) {}

Use Audit::Books::all() const {
  return {records.total() + records.outside(), cpu_ns.total() + cpu_ns.outside(),
          bytes.total() + bytes.outside()};
}

void Audit::completed(const calls::Job& job, Duration cpu, TimePoint finished) {
  calls::Request& request = *job.request;
  const calls::ConversionPtr c(new calls::Conversion);
  c->job = job.key();
  c->user = request.user;
  c->finished = finished;
  c->cpu_ns = cpu.count_ns();
  c->bytes = request.image.count();
  c->batch = static_cast<std::int8_t>(window_.batch(finished));
  c->request_batch = static_cast<std::int8_t>(request.batch);
  c->next = std::exchange(request.conversions, c);
  done_.add(*c);
  if (check_ != nullptr) check_->completed(c->job, c->cpu_ns, c->bytes);
}

void Audit::metered(const calls::Job& job, bool wrong_period) {
  calls::Conversion& c = *job.request->conversion(job.rendition);
  if (c.metered < 0) c.metered = job.request->metered++;
  wrong_period_.add(window_.batch(world_.now()), wrong_period);
}

void Audit::request_over(const calls::Request& request) {
  for (calls::Conversion* c = request.conversions.get(); c != nullptr; c = c->next.get()) {
    c->request_over = true;
    c->answered = request.answered;
    // An answer holds the renditions that were metered first.
    c->delivered = request.answered && c->metered >= 0 && c->metered < request.delivered;
    delivered_.add(c->request_batch, c->delivered);
    if (c->on_bill > 0) judge(*c);
  }
}

void Audit::judge(const calls::Conversion& c) {
  billed_unanswered_.add(c.request_batch, !c.answered);
  delivered_and_billed_.add(c.request_batch, c.delivered);
}

void Audit::stored(const Item& batch) {
  const TimePoint now = world_.now();
  std::int64_t cpu_ns = 0;
  for (const Record& record : batch.records) {
    const calls::Conversion& c = *record.conversion;
    cpu_ns += c.cpu_ns;
    store_lag_.record(c.batch, now - c.finished);
  }
  stored_series_.add(now, cpu_ns);
}

void Audit::billed(const Record& record) {
  calls::Conversion& c = *record.conversion;
  billed_.add(c);
  billed_cpu_ns_ += c.cpu_ns;
  const TimePoint now = world_.now();
  billed_series_.add(now, c.cpu_ns);
  if (check_ != nullptr) check_->billed(c.job, c.cpu_ns, c.bytes);
  if (c.on_bill++ > 0) return;
  billed_once_.add(c);
  lag_.record(c.batch, now - c.finished);
  if (c.request_over) judge(c);
}

void Audit::emptied(const std::map<ItemKey, ItemPtr>& batches) {
  for (const auto& [key, batch] : batches)
    for (const Record& record : batch->records) record.conversion->on_bill = 0;
  billed_ = billed_once_ = {};
  billed_unanswered_ = delivered_and_billed_ = {};
  lag_ = {};
  billed_series_.add(world_.now(), -std::exchange(billed_cpu_ns_, 0));
  if (check_ != nullptr) check_->emptied();
}

void Audit::close(const Bill& bill) {
  if (check_ != nullptr)
    check_->close(bill.use(), (done_ - billed_once_).all(), (billed_ - billed_once_).all());
}

void Audit::report(metrics::ResultBuilder& results) const {
  results.total(metric::kBilledCpuS, billed_.cpu_ns, 1e-9);
  results.total(metric::kBilledBytes, billed_.bytes);
  results.ratio(metric::kBillingError, billed_.cpu_ns - done_.cpu_ns, done_.cpu_ns, 1, metrics::Range::any);
  results.total(metric::kLostRecords, done_.records - billed_once_.records);
  results.total(metric::kDuplicateRecords, billed_.records - billed_once_.records);
  results.total(metric::kBilledUnanswered, billed_unanswered_);
  results.total(metric::kAnsweredUnbilled, delivered_ - delivered_and_billed_);
  results.total(metric::kWrongPeriodRecords, wrong_period_);
  results.quantile(metric::kStoreLagP99S, store_lag_, 0.99, 1e-9);
  results.quantile(metric::kLagP99S, lag_, 0.99, 1e-9);
  if (check_ != nullptr) check_->report(results);
}

}  // namespace headroom::usage
