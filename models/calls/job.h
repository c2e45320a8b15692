#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "models/calls/members.h"
#include "models/calls/messages.h"
#include "models/calls/request.h"
#include "models/calls/service.h"
#include "models/calls/span.h"
#include "models/calls/verdict.h"
#include "sim/base/counted.h"
#include "sim/world/host.h"
#include "sim/world/network.h"
#include "sim/world/scheduler.h"

/// Conversions: what API servers hand out, the queue keeps, and workers do.
namespace headroom::calls {

/// The renditions of one request as the server that asked for them sees them: how many are done, how many can
/// no longer come. Each ends once: what comes later about it (a job done twice) changes nothing. Shared with
/// the jobs, so that the asking server can die (or give up) alone.
class Gather : public world::Pooled, public Counted<Gather> {
 public:
  explicit Gather(std::int64_t asked) : asked_(asked) {}
  void done(std::int64_t rendition) {
    if (!ended_.add(rendition)) return;
    ++done_;
    check();
  }
  void failed(std::int64_t rendition, Failure why) {
    if (!ended_.add(rendition)) return;
    if (failed_++ == 0) failure_ = why;
    check();
  }
  std::int64_t done_count() const { return done_; }
  bool complete() const { return done_ == asked_; }
  bool all_ended() const { return done_ + failed_ >= asked_; }
  /// Of the first that failed.
  Failure failure() const { return failure_; }

  /// `co_await Gather::Wait(gather, scheduler, until)`: until all have ended, or it is `until`.
  class [[nodiscard]] Wait final : world::Event {
   public:
    Wait(Gather& gather, world::Scheduler& scheduler, TimePoint until)
        : gather_(gather), scheduler_(scheduler), until_(until) {}
    ~Wait() override {
      if (gather_.waiter_ == this) gather_.waiter_ = nullptr;
    }
    bool await_ready() const { return gather_.all_ended(); }
    void await_suspend(std::coroutine_handle<> h) {
      handle_ = h;
      gather_.waiter_ = this;
      if (until_ != TimePoint::never()) scheduler_.schedule(*this, until_);
    }
    void await_resume() { gather_.waiter_ = nullptr; }

   private:
    friend class Gather;
    void fire() override { handle_.resume(); }
    Gather& gather_;
    world::Scheduler& scheduler_;
    TimePoint until_;
    std::coroutine_handle<> handle_;
  };

 private:
  void check() {
    if (waiter_ != nullptr && all_ended()) {
      waiter_->scheduler_.post(*waiter_);
      waiter_ = nullptr;
    }
  }
  std::int64_t asked_;
  Marks ended_;
  std::int64_t done_ = 0;
  std::int64_t failed_ = 0;
  Failure failure_ = Failure::error;
  Wait* waiter_ = nullptr;
};
using GatherPtr = boost::intrusive_ptr<Gather>;

struct Job;
struct QueueAnswer;

/// Hands jobs to workers, by whatever way. What becomes of a job is told to its gather.
class Dispatcher {
 public:
  virtual ~Dispatcher() = default;
  virtual void dispatch(Job job) = 0;
  /// A queue says what it did with a job.
  virtual void answered(const QueueAnswer&) {}
};

/// Who asked for conversions: keeps the image, gets the result, meters it.
class ConversionSink {
 public:
  virtual ~ConversionSink() = default;
  /// A result arrived. Tells the job's gather that it is done, at once or once it is safe to say so.
  virtual void converted(const Job& job) = 0;
  /// A queue says what it did with a job.
  virtual void answered(const QueueAnswer& answer) = 0;
};

/// Where the asking server can be reached.
struct Origin {
  world::HostId host;
  world::ProcessSlot* slot = nullptr;  ///< its process; null: `sink` is no process and never dies
  ConversionSink* sink = nullptr;      ///< only if `slot` is null
  std::uint64_t life = 0;              ///< which of the processes in `slot`; it alone has the connection
  /// Null: it is gone.
  ConversionSink* live() const;
};

/// Where a job went, for who keeps count of it (a balancer). It is in the job, and ends with it, wherever and
/// however that is: with the result's arrival, with the worker's host, with a lost message.
struct Placement : world::Pooled, Counted<Placement> {
  virtual ~Placement() = default;
  /// The job's result, or its refusal, has come back to who asked for it.
  virtual void came_back(Verdict verdict) = 0;
};

/// One conversion: a rendition of a request's image.
struct Job {
  RequestPtr request;
  std::int64_t rendition = 0;
  Origin origin{};
  GatherPtr gather{};
  TimePoint deadline = TimePoint::never();  ///< of who asked; nobody wants the result afterwards
  int attempt = 0;                          ///< at the request, from 0
  boost::intrusive_ptr<Placement> placement{};

  /// What the work is: the same in every attempt at the request, through whatever server (an idempotency
  /// key).
  std::uint64_t key() const {
    return request->number * kRenditionsPerRequest + static_cast<std::uint64_t>(rendition);
  }
};

/// A process that asks for conversions.
class ConvertingServer : public RequestServer, public ConversionSink {
 public:
  using RequestServer::RequestServer;
};
inline ConversionSink* Origin::live() const {
  if (slot == nullptr) return sink;
  return slot->starts() == life ? slot->as<ConvertingServer>() : nullptr;
}

/// A process that does conversions.
class JobServer : public RequestServer {
 public:
  using RequestServer::RequestServer;
  /// A job from a balancer or an API server; may be rejected.
  virtual void push(Job job) = 0;
};

/// Tells who asked for a job that it will not be done.
inline void refuse_job(world::Network& network, world::HostId from, Job job, Failure why) {
  const world::Route back{from, job.origin.host};
  send_note(network, back, kControl, [job = std::move(job), why] {
    if (job.placement) job.placement->came_back(verdict_of(why));
    job.gather->failed(job.rendition, why);
  });
}

/// A job on its way to a process. If nobody is there, its host says so (refused); if it is lost, who asked
/// hears nothing, and waits until its deadline.
template <class P, class Deliver>
class JobMessage final : public world::Message {
 public:
  JobMessage(world::Network& network, Endpoint to, Job job, Deliver deliver)
      : network_(network),
        to_(to),
        span_(job.request->trace, metrics::Step::send, job.origin.host, job.attempt, job.rendition),
        job_(std::move(job)),
        deliver_(std::move(deliver)) {}
  void deliver() override {
    span_.end();
    if (auto* process = static_cast<P*>(to_.slot->get()); process != nullptr)
      deliver_(*process, std::move(job_));
    else
      refuse_job(network_, to_.host, std::move(job_), Failure::refused);
  }
  void lost(world::Lost) override { span_.end("lost"); }

 private:
  world::Network& network_;
  Endpoint to_;
  Span span_;
  Job job_;
  Deliver deliver_;
};

/// Sends a job from who asked for it to a process; on arrival, `deliver(P&, Job)` is called.
template <class P, class Deliver>
void send_job(world::Network& network, Endpoint to, Bytes size, Job job, Deliver deliver) {
  const world::Route way{job.origin.host, to.host};
  network.send(way, size,
               std::make_unique<JobMessage<P, Deliver>>(network, to, std::move(job), std::move(deliver)));
}

}  // namespace headroom::calls
