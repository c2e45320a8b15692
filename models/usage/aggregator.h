#pragma once

#include <cstdint>
#include <vector>

#include "models/calls/job.h"
#include "models/calls/span.h"
#include "models/usage/batch_log.h"
#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/world/host.h"
#include "sim/world/task.h"

namespace headroom::usage {

class Pipeline;

/// Gathers records on one API server and ships them in batches; each batch is put into the store again and
/// again until it is acknowledged. Part of the API's process. With a journal, a conversion is answered for
/// only when its record is on disk (records that come while the disk is busy share the next fsync), and what
/// a crash leaves there is shipped after the boot.
class Aggregator {
 public:
  Aggregator(Pipeline& pipeline, world::Process& server, BatchLog& log);
  Aggregator(const Aggregator&) = delete;
  Aggregator& operator=(const Aggregator&) = delete;
  ~Aggregator();

  /// A conversion has come back to the server. Tells its gather when its record is as safe as it is to be.
  void converted(const calls::Job& job);
  /// Ships all that there is.
  void flush();
  /// Ships raw records to cold storage.
  void ship_raw();

 private:
  /// A conversion whose record is not on disk yet.
  struct Pending {
    calls::GatherPtr gather;
    std::int64_t rendition;
    calls::Span span;
  };
  static world::Task<> commit(Aggregator* self);
  static world::Task<> flush_regularly(Aggregator* self);
  static world::Task<> ship_raw_records(Aggregator* self);
  static world::Task<> ship_raw_regularly(Aggregator* self);
  static world::Task<> ship(Aggregator* self, ItemPtr batch);
  void ship_formed();

  Pipeline& pipeline_;
  world::Process& server_;
  BatchLog& log_;
  Engine jitter_;
  std::vector<Pending> pending_;
  world::Condition appended_;
};

}  // namespace headroom::usage
