#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/calls/call.h"
#include "models/calls/job.h"
#include "models/calls/members.h"
#include "models/calls/messages.h"
#include "sim/base/outcome.h"
#include "sim/base/units.h"
#include "sim/world/network.h"

/// What a queue, those who hand it jobs, and its workers tell each other.
namespace headroom::calls {

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
struct QueueContract {
  const Members* members = nullptr;
  bool every_member = false;  ///< deliveries come from every member, not from a leader only
  bool payload = false;       ///< a delivery brings the image along
  bool released = false;      ///< a result is sent only when the queue has accepted it as the first
  Duration retention{};       ///< … and kept for so long, for others that ask for the same
  bool once = false;          ///< a job that dies with its worker is not delivered again
  Duration report_every = Duration::s(1);
  ReleaseWatch* watch = nullptr;  ///< with `released`
};

/// A process that does conversions for a queue.
class QueueWorker : public JobServer {
 public:
  using JobServer::JobServer;
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

}  // namespace headroom::calls
