#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "models/calls/members.h"
#include "models/calls/request.h"
#include "models/calls/service.h"
#include "models/calls/sign.h"
#include "models/calls/span.h"
#include "sim/world/host.h"
#include "sim/world/network.h"
#include "sim/world/scheduler.h"

/// Conversions: what API servers hand out, the queue keeps, and workers do.
namespace headroom::calls {

/// The renditions of one request as the server that asked for them sees them: how many are done, how many can
/// no longer come. Each ends once: what comes later about it (a job done twice) changes nothing. Shared with
/// the jobs, so that the asking server can die (or give up) alone.
class Gather : public world::Pooled {
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

  friend void intrusive_ptr_add_ref(Gather* g) { ++g->references_; }
  friend void intrusive_ptr_release(Gather* g) {
    if (--g->references_ == 0) delete g;
  }

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
  int references_ = 0;
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
struct Placement : world::Pooled {
  virtual ~Placement() = default;
  /// The job's result, or its refusal, has come back to who asked for it.
  virtual void came_back(Sign sign) = 0;
  int references = 0;
  friend void intrusive_ptr_add_ref(Placement* p) { ++p->references; }
  friend void intrusive_ptr_release(Placement* p) {
    if (--p->references == 0) delete p;
  }
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

/// A job for a queue, from a session: the asking process's life. Its serial numbers tell a job that is sent
/// again from a new one.
struct Submission {
  Job job;
  std::uint64_t serial = 0;
  std::uint64_t first_open = 0;  ///< the session has its answer for every serial below
};

/// What a member of a queue answers to a submission.
struct QueueAnswer {
  enum class Kind {
    accepted,
    refused,
    held,        ///< the queue is full: the answer comes later
    not_leader,  ///< ask another member
  };
  Kind kind = Kind::accepted;
  std::uint64_t serial = 0;
  std::uint64_t count = 1;          ///< accepted: so many jobs in a row, from `serial` on
  int member = 0;                   ///< who answers
  int leader = -1;                  ///< not_leader: whom it takes for the leader; −1: nobody
  Failure why = Failure::rejected;  ///< refused
};

/// One delivery of a job by a queue to a worker.
struct Delivery {
  std::uint64_t job = 0;
  std::uint64_t key = 0;
  std::uint64_t term = 0;  ///< in which it was delivered …
  int member = 0;          ///< … and by whom
  int number = 0;          ///< 1: the job's first; 0: none
};

/// A worker as a queue knows it.
struct WorkerName {
  Endpoint at;
  std::uint64_t life = 0;  ///< which of the processes in `at.slot`
  std::int64_t limit = 0;  ///< deliveries of the addressed member that it is willing to have at once
};

/// What a worker tells now and then: so that what was lost on the way is known after all.
struct WorkerReport {
  WorkerName worker;
  std::uint64_t term = 0;  ///< deliveries of earlier terms that are under way will not be taken
  std::vector<Delivery> held;
  std::vector<Delivery> done;  ///< as far as it does not know yet that they are settled
};

/// What a queue's member answers to a report; a new leader tells it to all workers.
struct QueueState {
  int member = 0;
  std::uint64_t term = 0;
  int leader = -1;  ///< −1: it knows none
  std::vector<std::uint64_t> settled{};
};

/// Sees results leave for good, and shares no code with what lets them.
class ReleaseWatch {
 public:
  virtual ~ReleaseWatch() = default;
  virtual void released(const Job& job) = 0;
};

/// What a worker must know of the queue that it works for.
struct QueueTerms {
  const Members* members = nullptr;
  bool every_member = false;  ///< deliveries come from every member, not from a leader only
  bool payload = false;       ///< a delivery brings the image along
  bool released = false;      ///< a result is sent only when the queue has accepted it as the first
  Duration retention{};       ///< … and kept for so long, for others that ask for the same
  bool once = false;          ///< a job that dies with its worker is not delivered again
  Duration report_every = Duration::s(1);
  ReleaseWatch* watch = nullptr;  ///< with `released`
};

/// A process that does conversions.
class JobServer : public RequestServer {
 public:
  using RequestServer::RequestServer;
  /// A job from a balancer or an API server; may be rejected.
  virtual void push(Job job) = 0;
  /// A job from the queue.
  virtual void take(Job job, const Delivery& delivery) = 0;
  virtual void informed(const QueueState& state) = 0;
  /// The result of a job was accepted, or not: somebody else was first. `also`: who else is to get it.
  virtual void judged(const Delivery& delivery, bool accepted, std::vector<Job> also) = 0;
};

/// A process that keeps jobs.
class JobQueue : public world::Process {
 public:
  using Process::Process;
  virtual void submit(Submission submission) = 0;
  /// A worker has done what was delivered to it; or gives it back, not done.
  virtual void ended(const WorkerName& worker, const Delivery& delivery, bool done) = 0;
  virtual void report(const WorkerReport& report) = 0;
};

/// A message that does one thing to a process if it lives: `deliver_to(P&)`. What it means to be lost, or to
/// find nobody, is the message's. `repeatable`: the network may deliver it twice.
template <class P, class Deliver, class Fail, bool repeatable = false>
class ProcessMessage final : public world::Message {
 public:
  ProcessMessage(world::ProcessSlot& slot, Deliver deliver, Fail fail)
      : slot_(slot), deliver_(std::move(deliver)), fail_(std::move(fail)) {}
  void deliver() override {
    if (auto* process = static_cast<P*>(slot_.get()); process != nullptr)
      deliver_(*process);
    else
      fail_(Failure::refused);
  }
  void lost(world::Lost) override { fail_(Failure::lost); }
  std::unique_ptr<Message> copy() const override {
    if constexpr (repeatable)
      return std::make_unique<ProcessMessage>(slot_, deliver_, fail_);
    else
      return nullptr;
  }

 private:
  world::ProcessSlot& slot_;
  Deliver deliver_;
  Fail fail_;
};

/// Sends a message that, on arrival, calls `deliver(P&)` on the process in `slot`; if it is lost or nobody is
/// there, `fail(Failure)` is called (for bookkeeping: the sender does not notice).
template <class P, class Deliver, class Fail>
void send_to(world::Network& network, world::Route way, Bytes size, world::ProcessSlot& slot, Deliver deliver,
             Fail fail) {
  network.send(way, size,
               std::make_unique<ProcessMessage<P, Deliver, Fail>>(slot, std::move(deliver), std::move(fail)));
}
template <class P, class Deliver>
void send_to(world::Network& network, world::Route way, Bytes size, world::ProcessSlot& slot,
             Deliver deliver) {
  send_to<P>(network, way, size, slot, std::move(deliver), [](Failure) {});
}

/// As `send_to`, by a protocol of its own that bears a second copy, not over a connection that discards it.
template <class P, class Deliver>
void send_datagram(world::Network& network, world::Route way, Bytes size, world::ProcessSlot& slot,
                   Deliver deliver) {
  const auto ignore = [](Failure) {};
  using Datagram = ProcessMessage<P, Deliver, decltype(ignore), true>;
  network.send(way, size, std::make_unique<Datagram>(slot, std::move(deliver), ignore));
}

/// A message that calls `arrived()` at its end, whoever is there; or, for bookkeeping, `lost()`.
template <class F, class G, bool repeatable = false>
class Note final : public world::Message {
 public:
  Note(F arrived, G lost) : arrived_(std::move(arrived)), lost_(std::move(lost)) {}
  void deliver() override { arrived_(); }
  void lost(world::Lost) override { lost_(); }
  std::unique_ptr<Message> copy() const override {
    if constexpr (repeatable)
      return std::make_unique<Note>(arrived_, lost_);
    else
      return nullptr;
  }

 private:
  F arrived_;
  G lost_;
};
template <class F, class G>
void send_note(world::Network& network, world::Route way, Bytes size, F arrived, G lost) {
  network.send(way, size, std::make_unique<Note<F, G>>(std::move(arrived), std::move(lost)));
}
template <class F>
void send_note(world::Network& network, world::Route way, Bytes size, F arrived) {
  send_note(network, way, size, std::move(arrived), [] {});
}

/// Tells who submitted a job what a queue's member did with it.
inline void answer_submission(world::Network& network, world::HostId from, const Origin& origin,
                              const QueueAnswer& answer) {
  const auto tell = [origin, answer] {
    if (ConversionSink* sink = origin.live(); sink != nullptr) sink->answered(answer);
  };
  const auto ignore = [] {};
  using Datagram = Note<decltype(tell), decltype(ignore), true>;
  network.send({from, origin.host}, kControl, std::make_unique<Datagram>(tell, ignore));
}

/// Tells who asked for a job that it will not be done.
inline void refuse_job(world::Network& network, world::HostId from, Job job, Failure why) {
  const world::Route back{from, job.origin.host};
  send_note(network, back, kControl, [job = std::move(job), why] {
    if (job.placement) job.placement->came_back(sign_of(why));
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
