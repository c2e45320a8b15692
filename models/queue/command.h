#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "models/calls/job.h"
#include "models/calls/span.h"
#include "models/queue/raft/types.h"
#include "sim/base/counted.h"
#include "sim/base/units.h"
#include "sim/world/host_id.h"
#include "sim/world/pool.h"

/// What the members of a queue agree on.
namespace headroom::queue {

/// Jobs count from 1 in the order in which they are committed: first in, first out.
using JobId = std::uint64_t;

/// One life of a process on a host.
struct Life {
  world::HostId host = world::kNoHost;
  std::uint64_t number = 0;
  friend constexpr bool operator==(const Life&, const Life&) = default;
};

/// A job as it was handed over. Members exchange pointers to it; once the job has ended for good nobody looks
/// at it any more, and it is let go although logs still point here.
struct Content : world::Pooled, Counted<Content> {
  Content(calls::Job j, Bytes bytes) : job(std::move(j)), size(bytes) {}
  std::optional<calls::Job> job;
  Bytes size;               ///< in a log
  TimePoint waits_since{};  ///< a note: when it was committed, or came back
  calls::Span waits{};      ///< since then, until it is delivered
  /// It waits, on this member's host.
  void wait(TimePoint now, world::HostId host) {
    waits_since = now;
    if (job) waits = {job->request->trace, metrics::Step::queue_wait, host, job->attempt, job->rendition};
  }
  /// It has ended for good.
  void let_go() {
    waits.end();
    job.reset();
  }
};
using ContentPtr = boost::intrusive_ptr<Content>;

/// A job enters, unless it has before (by its session's serial number, or by its key).
struct Enqueue {
  Life session{};
  std::uint64_t serial = 0;
  std::uint64_t first_open = 0;  ///< the session has its answer for every serial below
  std::uint64_t key = 0;         ///< what the work is: the same in every attempt at it
  bool probe = false;
  ContentPtr content{};
};
/// A worker is given a job.
struct Deliver {
  JobId job = 0;
  Life worker{};
};
/// A worker has done a job.
struct Settle {
  JobId job = 0;
  std::uint64_t key = 0;
  Life worker{};
};
/// The delivery with this number came to nothing.
struct GiveBack {
  JobId job = 0;
  int delivery = 0;
};
/// Nobody will do the job: its deadline has passed, or it makes room for another one.
struct Drop {
  JobId job = 0;
  bool expired = false;
};

/// An entry of the log. What depends on the time depends on the leader's date in it, so that all members stay
/// equal.
class Command final : public raft::Payload, public world::Pooled {
 public:
  using Body = std::variant<Enqueue, Deliver, Settle, GiveBack, Drop>;
  Command(TimePoint at, Body b, Bytes bytes) : date(at), body(std::move(b)), size_(bytes) {}
  ~Command() override = default;
  Bytes size() const override { return size_; }

  const TimePoint date;
  const Body body;

 private:
  Bytes size_;
};

}  // namespace headroom::queue
