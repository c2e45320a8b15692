#include "models/queue/node.h"

#include <algorithm>
#include <utility>

#include "models/calls/defect.h"
#include "models/queue/queue.h"

namespace headroom::queue {
namespace {

class JobsSnapshot final : public raft::Payload {
 public:
  explicit JobsSnapshot(const Jobs& jobs) : jobs_(jobs) {}
  ~JobsSnapshot() override = default;
  Bytes size() const override { return jobs_.size(); }
  const Jobs& jobs() const { return jobs_; }

 private:
  const Jobs jobs_;
};

Jobs::Settings settings_of(const QueueConfig& config) {
  return {config.delivery, static_cast<int>(config.max_deliveries), config.retention()};
}

}  // namespace

Node::Node(world::Host& host, Queue& queue, int member)
    : JobQueue(host),
      queue_(queue),
      member_(member),
      group_(queue.group_of(member)),
      jobs_(settings_of(queue.config_)),
      consensus_(*queue.groups_[static_cast<std::size_t>(group_)].group, queue.alone() ? 0 : member, *this,
                 *this) {
  if (queue.alone()) gossip_.emplace(queue, *this, member);
}

Node::~Node() {
  scope().clear();
}

TimePoint Node::now() const {
  return queue_.now();
}
world::Network& Node::network() {
  return queue_.network();
}
bool Node::once() const {
  return queue_.config_.delivery == Delivery::at_most_once;
}
bool Node::keyed() const {
  return queue_.config_.delivery == Delivery::exactly_once;
}

void Node::propose(Command::Body body, Bytes size) {
  consensus_.propose(new Command(host().local_time(), std::move(body), size));
}

void Node::answer(const calls::Origin& origin, calls::QueueAnswer::Kind kind, std::uint64_t serial,
                  Failure why) {
  const int leader = queue_.alone() ? member_ : consensus_.leader();
  calls::answer_submission(network(), host().id(), origin, {kind, serial, 1, member_, leader, why});
}

// Taking jobs in

void Node::submit(calls::Submission submission) {
  const calls::Job& job = submission.job;
  if (calls::errs(*this, job.key(), job.attempt)) {
    answer(job.origin, calls::QueueAnswer::Kind::refused, submission.serial, Failure::error);
  } else if (lead_) {
    enter(std::move(submission));
    work();
  } else if (consensus_.leads()) {
    early_.push_back(std::move(submission));
  } else {
    answer(submission.job.origin, calls::QueueAnswer::Kind::not_leader, submission.serial);
  }
}

bool Node::full() const {
  const auto& capacity = queue_.config_.capacity;
  return capacity && lead_->courier.ready() + lead_->uncommitted >= *capacity;
}

void Node::enter(calls::Submission s) {
  const calls::Origin& origin = s.job.origin;
  switch (jobs_.seen({origin.host, origin.life}, s.serial)) {
    case Serials::Seen::repeated:
      answer(origin, calls::QueueAnswer::Kind::accepted, s.serial);
      return;
    case Serials::Seen::forgotten:
      return;
    case Serials::Seen::fresh:
      break;
  }
  if (!full() && lead_->blocked.empty()) {
    admit(std::move(s));
    return;
  }
  if (queue_.config_.when_full == WhenFull::block) {
    answer(origin, calls::QueueAnswer::Kind::held, s.serial);
    lead_->blocked.push_back(std::move(s));
    return;
  }
  const JobId oldest = lead_->courier.next_job();
  if (queue_.config_.when_full == WhenFull::reject || oldest == 0) {
    queue_.rejected_.add(queue_.batch(s.job.request->probe));
    answer(origin, calls::QueueAnswer::Kind::refused, s.serial, Failure::rejected);
    return;
  }
  pass_over(oldest);
  propose(Drop{oldest, false}, queue_.config_.entry_bytes);
  admit(std::move(s));
}

void Node::admit(calls::Submission s) {
  ++lead_->uncommitted;
  const Life session{s.job.origin.host, s.job.origin.life};
  const bool probe = s.job.request->probe;
  const std::uint64_t key = s.job.key();
  Bytes size = queue_.config_.entry_bytes;
  if (queue_.config_.payload == Payload::in_line) size += s.job.request->image;
  const ContentPtr content(new Content(std::move(s.job), size));
  propose(Enqueue{session, s.serial, s.first_open, key, probe, content}, size);
}

void Node::adopt(Enqueue orphan) {
  if (!lead_) return;
  ++lead_->uncommitted;
  const Bytes size = orphan.content->size;
  propose(std::move(orphan), size);
}

void Node::done_elsewhere(JobId job) {
  if (!lead_ || jobs_.find(job) == nullptr) return;
  lead_->courier.settle_proposed(job);
  propose(Settle{job, 0, {}}, queue_.config_.entry_bytes);
}

// Handing jobs out

/// `job` is the next one. Those after it do not wait until its drop is committed: if that never happens
/// because this leader dies, the next one delivers it late.
void Node::pass_over(JobId job) {
  lead_->courier.skip();
  if (queue_.watch_ != nullptr) queue_.watch_->passed_over(group_, job);
}

void Node::work() {
  while (!lead_->blocked.empty() && !full()) {
    calls::Submission next = std::move(lead_->blocked.front());
    lead_->blocked.pop_front();
    admit(std::move(next));
  }
  deliver();
  queue_.set_depth(group_, lead_->term, lead_->courier.ready() - lead_->courier.ready_probes());
  set_timer();
}

/// First in, first out; workers with free slots in turn.
void Node::deliver() {
  Courier& courier = lead_->courier;
  if (courier.known_workers() < static_cast<std::size_t>(queue_.workers_->size()) && now() < lead_->begins)
    return;
  while (courier.free_worker()) {
    const JobId job = courier.next_job();
    if (job == 0) return;
    deliver_next(job);
  }
}

void Node::deliver_next(JobId job) {
  const Jobs::Entry& entry = *jobs_.find(job);
  const ContentPtr content = entry.content;
  const std::uint64_t key = entry.key;
  Courier& courier = lead_->courier;
  // Without its job the content was let go: a newer leader has seen the job's end, which this one will not
  // hear of until it has stepped down.
  const bool over = !content->job || (queue_.config_.drop_expired && content->job->deadline <= now());
  if (over) {
    pass_over(job);
    propose(Drop{job, true}, queue_.config_.entry_bytes);
    return;
  }
  const Courier::Given given = courier.give(now());
  propose(Deliver{job, given.worker}, queue_.config_.entry_bytes);
  if (once())
    lead_->given.emplace(job, given);
  else
    send_take(job, given, *content, key);
}

void Node::send_take(JobId job, const Courier::Given& given, Content& content, std::uint64_t key) {
  const calls::Job& what = *content.job;
  queue_.wait_ms_.add(queue_.batch(what.request->probe), (now() - content.waits_since).milliseconds());
  if (queue_.watch_ != nullptr) queue_.watch_->delivered(group_, job);
  Bytes size = calls::kControl;
  if (queue_.config_.payload == Payload::in_line) size += what.request->image;
  const calls::Delivery delivery{job, key, lead_->term, member_, given.number};
  content.waits.end();
  // The network may deliver it twice, and what it is about may end before: the first arrival ends the span.
  const metrics::SpanNumber span =
      calls::begin_span(what.request->trace, metrics::Step::send, host().id(), what.attempt, what.rendition);
  calls::send_datagram<calls::QueueWorker>(network(), {host().id(), given.to.host}, size, *given.to.slot,
                                           [what, delivery, span](calls::QueueWorker& w) {
                                             calls::end_span(what.request->trace, span);
                                             w.take(what, delivery);
                                           });
}

void Node::inform(const calls::Endpoint& worker, std::vector<std::uint64_t> settled) {
  const int leader = lead_ ? member_ : consensus_.leader();
  calls::QueueState state{member_, consensus_.term(), leader, std::move(settled)};
  calls::send_datagram<calls::QueueWorker>(
      network(), {host().id(), worker.host}, calls::kControl, *worker.slot,
      [state = std::move(state)](calls::QueueWorker& w) { w.informed(state); });
}

void Node::judge(const calls::Endpoint& worker, JobId job, bool accepted, std::vector<calls::Job> also) {
  const calls::Delivery delivery{job, 0, lead_->term, member_, 0};
  calls::send_datagram<calls::QueueWorker>(
      network(), {host().id(), worker.host}, calls::kControl, *worker.slot,
      [delivery, accepted, also = std::move(also)](calls::QueueWorker& w) {
        w.judged(delivery, accepted, also);
      });
}

/// Whether it was this worker that settled the job.
bool Node::accepted(JobId job, std::uint64_t key, const Life& worker) const {
  const auto known = jobs_.known(key);
  return known && known->done && known->job == job && known->worker == worker;
}

void Node::ended(const calls::WorkerName& worker, const calls::Delivery& delivery, bool done) {
  if (!lead_) return;  // the worker's next report will tell the leader
  const int number = lead_->courier.delivery_ended(worker, delivery.job);
  const Life life{worker.at.host, worker.life};
  if (!done) {
    if (number > 0 && !once()) {
      lead_->courier.give_back_proposed(delivery.job);
      propose(GiveBack{delivery.job, number}, queue_.config_.entry_bytes);
    }
  } else if (jobs_.find(delivery.job) != nullptr) {
    lead_->courier.settle_proposed(delivery.job);
    propose(Settle{delivery.job, delivery.key, life}, queue_.config_.entry_bytes);
  } else if (keyed()) {
    judge(worker.at, delivery.job, accepted(delivery.job, delivery.key, life), {});
  }
  work();
}

void Node::report(const calls::WorkerReport& report) {
  if (!lead_) {
    if (!consensus_.leads()) inform(report.worker.at, {});
    return;
  }
  // Until the worker knows of this term it may still take what an earlier leader has sent.
  if (report.term < lead_->term && !queue_.alone()) {
    inform(report.worker.at, {});
    return;
  }
  Courier::Reported result = lead_->courier.report(report, now());
  const Bytes size = queue_.config_.entry_bytes;
  const Life life{report.worker.at.host, report.worker.life};
  for (const GiveBack& lost : result.lost) propose(lost, size);
  for (const Deliver& adopted : result.adopted) propose(adopted, size);
  for (const calls::Delivery& d : report.done) {
    if (jobs_.find(d.job) != nullptr)
      propose(Settle{d.job, d.key, life}, size);
    else if (keyed())
      judge(report.worker.at, d.job, accepted(d.job, d.key, life), {});
  }
  inform(report.worker.at, keyed() ? std::vector<std::uint64_t>() : std::move(result.settled));
  work();
}

void Node::wake() {
  if (!lead_) return;
  for (const GiveBack& lost : lead_->courier.expire(now())) propose(lost, queue_.config_.entry_bytes);
  work();
}

/// What is delivered from now on expires later than this.
void Node::set_timer() {
  if (timer_.pending()) return;
  TimePoint at = std::min(lead_->courier.next_expiry(), now() + queue_.config_.visibility_timeout);
  if (now() < lead_->begins) at = std::min(at, lead_->begins);
  host().scheduler().schedule(timer_, at);
}

// What is committed

void Node::apply(raft::Index index, const raft::Payload& payload) {
  const auto& command = static_cast<const Command&>(payload);
  const bool first = queue_.first(group_, index);
  std::visit([&](const auto& body) { apply(body, command.date, first); }, command.body);
}

void Node::caught_up() {
  for (const Accepted& a : accepted_)
    calls::answer_submission(network(), host().id(), a.origin,
                             {calls::QueueAnswer::Kind::accepted, a.serial, a.count, member_, member_});
  accepted_.clear();
  if (lead_) work();
}

/// One message to a session for all that were committed at once.
void Node::acknowledge(const calls::Origin& origin, std::uint64_t serial) {
  for (Accepted& a : accepted_) {
    if (a.origin.host != origin.host || a.origin.life != origin.life || a.serial + a.count != serial)
      continue;
    ++a.count;
    return;
  }
  accepted_.push_back({origin, serial, 1});
}

void Node::apply(const Enqueue& command, TimePoint date, bool first) {
  const Jobs::Admitted admitted = jobs_.apply(command, date);
  const bool entered = admitted.how == Jobs::Admission::accepted;
  const bool joined = admitted.how == Jobs::Admission::joined;
  const bool new_to_all =
      entered || joined || admitted.how == Jobs::Admission::done || admitted.how == Jobs::Admission::given_up;
  Content& content = *command.content;
  if (first && new_to_all) {
    const std::uint64_t what = ticket(command.session, command.serial);
    if (entered) {
      content.wait(now(), host().id());
      ++queue_.counts_.committed;
      ++queue_.counts_.open;
      if (queue_.watch_ != nullptr) queue_.watch_->committed(group_, admitted.job, what);
    } else if (queue_.watch_ != nullptr) {
      queue_.watch_->absorbed(group_, what);
    }
  }
  if (lead_) {
    --lead_->uncommitted;
    // Not if it was adopted: then it was another member that was asked.
    if (content.job && admitted.how != Jobs::Admission::forgotten &&
        command.session == Life{content.job->origin.host, content.job->origin.life}) {
      const calls::Origin& origin = content.job->origin;
      if (admitted.how == Jobs::Admission::given_up)
        answer(origin, calls::QueueAnswer::Kind::refused, command.serial, Failure::error);
      else
        acknowledge(origin, command.serial);
      if (admitted.how == Jobs::Admission::done) {
        const calls::Endpoint* worker = lead_->courier.find(admitted.worker);
        if (worker != nullptr)
          judge(*worker, admitted.job, true, {*content.job});
        else
          calls::refuse_job(network(), host().id(), *content.job, Failure::error);
      }
    }
  }
  if (gossip_ && entered) gossip_->entered(admitted.job, command);
  if (!entered && !joined) content.let_go();
}

void Node::apply(const Deliver& command, TimePoint, bool first) {
  const Jobs::Entry* entry = jobs_.find(command.job);
  const ContentPtr content = entry != nullptr ? entry->content : nullptr;
  const std::uint64_t key = entry != nullptr ? entry->key : 0;
  const bool again = entry != nullptr && entry->deliveries > 0;
  const bool probe = entry != nullptr && entry->probe;
  const bool delivered = jobs_.apply(command);
  if (first && delivered && again) queue_.redeliveries_.add(queue_.batch(probe));
  if (lead_) lead_->courier.delivery_applied(command.job);
  if (!once()) return;
  if (lead_) {
    const auto given = lead_->given.extract(command.job);
    if (delivered && !given.empty() && content->job) send_take(command.job, given.mapped(), *content, key);
  }
  if (delivered) ended_for_good({command.job, content, {}}, first);
}

void Node::apply(const Settle& command, TimePoint date, bool first) {
  const Jobs::Ended ended = jobs_.apply(command, date);
  if (lead_) lead_->courier.settle_applied(command.job);
  if (lead_ && keyed()) {
    const calls::Endpoint* worker = lead_->courier.find(command.worker);
    std::vector<calls::Job> also;
    for (const ContentPtr& other : ended.joined)
      if (other->job) also.push_back(*other->job);
    // Of who has not reported yet the report will tell.
    if (worker != nullptr)
      judge(*worker, command.job, ended || accepted(command.job, command.key, command.worker),
            std::move(also));
  }
  if (ended) ended_for_good(ended, first);
}

void Node::apply(const GiveBack& command, TimePoint date, bool first) {
  const Jobs::Entry* before = jobs_.find(command.job);
  const bool was_out = before != nullptr && before->state == Jobs::State::out;
  const bool probe = before != nullptr && before->probe;
  const Jobs::Ended ended = jobs_.apply(command, date);
  const Jobs::Entry* after = jobs_.find(command.job);
  const bool waits = was_out && after != nullptr && after->state == Jobs::State::waiting;
  if (lead_) lead_->courier.give_back_applied(command.job, waits);
  if (ended) {
    if (first) queue_.gave_up(*ended.content, command.delivery, probe);
    refuse(ended, Failure::error);
    ended_for_good(ended, first);
  } else if (waits && first) {
    after->content->wait(now(), host().id());
  }
}

void Node::apply(const Drop& command, TimePoint date, bool first) {
  const Jobs::Entry* before = jobs_.find(command.job);
  const bool probe = before != nullptr && before->probe;
  const Jobs::Ended ended = jobs_.apply(command, date);
  if (lead_) lead_->courier.delivery_applied(command.job);
  if (!ended) return;
  if (first) (command.expired ? queue_.expired_ : queue_.dropped_).add(queue_.batch(probe));
  refuse(ended, command.expired ? Failure::timeout : Failure::rejected);
  ended_for_good(ended, first);
}

/// Whoever leads tells who asked.
void Node::refuse(const Jobs::Ended& ended, Failure why) {
  if (!lead_) return;
  const auto tell = [&](const Content& content) {
    if (content.job) calls::refuse_job(network(), host().id(), *content.job, why);
  };
  tell(*ended.content);
  for (const ContentPtr& other : ended.joined) tell(*other);
}

void Node::ended_for_good(const Jobs::Ended& ended, bool first) {
  ended.content->let_go();
  for (const ContentPtr& other : ended.joined) other->let_go();
  if (gossip_) gossip_->ended(ended.job);
  if (!first) return;
  --queue_.counts_.open;
  if (queue_.watch_ != nullptr) queue_.watch_->ended(group_, ended.job);
}

// Leading

void Node::became_leader(raft::Term term) {
  Courier::Settings settings;
  settings.visibility_timeout = queue_.config_.visibility_timeout;
  settings.lost_after = queue_.report_every() * 2;
  settings.once = once();
  lead_.emplace(term, jobs_, settings, now(), now() + queue_.config_.heartbeat);
  for (int w = 0; w < queue_.workers_->size(); ++w) inform((*queue_.workers_)[w], {});
  for (calls::Submission& s : std::exchange(early_, {})) enter(std::move(s));
  work();
}

void Node::stepped_down() {
  timer_.cancel();
  std::deque<calls::Submission> unanswered = std::exchange(early_, {});
  if (lead_) std::move(lead_->blocked.begin(), lead_->blocked.end(), std::back_inserter(unanswered));
  lead_.reset();
  for (const calls::Submission& s : unanswered)
    answer(s.job.origin, calls::QueueAnswer::Kind::not_leader, s.serial);
}

raft::PayloadPtr Node::take_snapshot() {
  return new JobsSnapshot(jobs_);
}

void Node::restore(const raft::Payload& state) {
  jobs_ = static_cast<const JobsSnapshot&>(state).jobs();
}

}  // namespace headroom::queue
