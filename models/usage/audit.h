#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/calls/conversion.h"
#include "models/calls/environment.h"
#include "models/usage/bill.h"
#include "models/usage/item.h"
#include "sim/metrics/batches.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/window.h"

namespace headroom::usage {

/// Checks the books, and shares no code with who keeps them (sim/invariants).
class BooksCheck {
 public:
  virtual ~BooksCheck() = default;
  virtual void completed(std::uint64_t job, std::int64_t cpu_ns, std::int64_t bytes) = 0;
  virtual void billed(std::uint64_t job, std::int64_t cpu_ns, std::int64_t bytes) = 0;
  virtual void emptied() = 0;
  /// At the end, what the books say.
  virtual void close(const Use& invoiced, const Use& lost, const Use& duplicated) = 0;
  virtual void report(metrics::ResultBuilder& results) const = 0;
};

/// The true books: what workers did, what the store has and what stands on the bill, conversion by
/// conversion. It only looks on; nothing that it knows is known to the pipeline.
class Audit final : public calls::ConversionWatch, public BillWatch {
 public:
  /// `check` may be null.
  Audit(const calls::Environment& env, BooksCheck* check);

  void completed(const calls::Job& job, Duration cpu, TimePoint finished) override;
  void request_over(const calls::Request& request) override;
  /// An API server writes a record of it.
  void metered(const calls::Job& job, bool wrong_period);
  /// The store has acknowledged a batch to who shipped it.
  void stored(const Item& batch);
  void billed(const Record& record) override;
  void emptied(const std::map<ItemKey, ItemPtr>& batches) override;
  /// The run is over, and this is its bill.
  void close(const Bill& bill);
  void report(metrics::ResultBuilder& results) const;

 private:
  struct Books {
    metrics::BatchSum records, cpu_ns, bytes;
    void add(const calls::Conversion& c) {
      records.add(c.batch);
      cpu_ns.add(c.batch, c.cpu_ns);
      bytes.add(c.batch, c.bytes);
    }
    /// Inside and outside of the window.
    Use all() const;
    friend Books operator-(Books a, const Books& b) {
      a.records -= b.records;
      a.cpu_ns -= b.cpu_ns;
      a.bytes -= b.bytes;
      return a;
    }
  };
  /// On the bill, and its request is over.
  void judge(const calls::Conversion& c);

  world::World& world_;
  metrics::Window window_;
  BooksCheck* check_;
  Books done_, billed_once_, billed_;
  metrics::BatchSum wrong_period_;
  metrics::BatchSum delivered_, delivered_and_billed_, billed_unanswered_;
  metrics::BatchHistogram store_lag_, lag_;
  metrics::Series::Counter& stored_series_;
  metrics::Series::Counter& billed_series_;
  std::int64_t billed_cpu_ns_ = 0;
};

}  // namespace headroom::usage
