#include "models/queue/session.h"

#include <algorithm>
#include <utility>

#include "models/queue/queue.h"

namespace headroom::queue {

Session::Session(Queue& queue, const calls::Origin& origin, int first)
    : queue_(queue), origin_(origin), member_(first) {}

Session::~Session() {
  for (Sent& sent : sent_)
    if (sent.job) queue_.session_open(-1);
}

void Session::dispatch(calls::Job job) {
  queue_.session_open(1);
  calls::Span span(job.request->trace, metrics::Step::enqueue, origin_.host, job.attempt, job.rendition);
  sent_.push_back({std::move(job), queue_.now(), std::move(span)});
  if (!searching_) send(first_ + sent_.size() - 1);
  if (!pending()) queue_.scheduler().schedule_in(*this, kPatience);
}

void Session::send(std::uint64_t serial) {
  Sent& sent = sent_[serial - first_];
  sent.at = queue_.now();
  sent.held = false;
  queue_.send(member_, {*sent.job, serial, first_});
}

void Session::close(Sent& sent) {
  sent.job.reset();
  sent.span.end();
  queue_.session_open(-1);
}

void Session::forget_answered() {
  while (!sent_.empty() && !sent_.front().job) {
    sent_.pop_front();
    ++first_;
  }
}

void Session::fire() {
  const TimePoint now = queue_.now();
  for (Sent& sent : sent_) {
    if (!sent.job) continue;
    if (sent.job->deadline > now) break;  // deadlines come in the order of arrival, more or less
    close(sent);
  }
  forget_answered();
  if (sent_.empty()) {
    searching_ = false;
    return;
  }
  const TimePoint due = sent_.front().at + sent_.front().patience();
  if (!searching_ && now < due) {
    queue_.scheduler().schedule(*this, due);
    return;
  }
  if (searching_) {
    member_ = (member_ + 1) % queue_.members().size();
    pause_ = std::min(pause_ * 2, kLongestPause);
  } else {  // perhaps a message was lost: the same member again
    searching_ = true;
    pause_ = kFirstPause;
  }
  redirected_ = false;
  send(first_);
  queue_.scheduler().schedule_in(*this, pause_);
}

void Session::found(int member) {
  member_ = member;
  if (!std::exchange(searching_, false)) return;
  pause_ = kFirstPause;
  for (std::uint64_t i = 0; i < sent_.size(); ++i)
    if (sent_[i].job) send(first_ + i);
}

void Session::accepted(const calls::QueueAnswer& answer) {
  const std::uint64_t begin = std::max(answer.serial, first_);
  const std::uint64_t end = std::min(answer.serial + answer.count, first_ + sent_.size());
  bool any = false;
  for (std::uint64_t serial = begin; serial < end; ++serial) {
    Sent& sent = sent_[serial - first_];
    if (!sent.job) continue;
    queue_.acknowledged(answer.member, origin_, serial);
    close(sent);
    any = true;
  }
  if (!any) return;
  forget_answered();
  found(answer.member);
}

void Session::answered(const calls::QueueAnswer& answer) {
  if (answer.kind == calls::QueueAnswer::Kind::accepted) {
    accepted(answer);
    return;
  }
  if (answer.serial < first_ || answer.serial >= first_ + sent_.size()) return;
  Sent& sent = sent_[answer.serial - first_];
  if (!sent.job) return;
  switch (answer.kind) {
    case calls::QueueAnswer::Kind::accepted:
      break;
    case calls::QueueAnswer::Kind::refused:
      sent.job->gather->failed(sent.job->rendition, answer.why);
      sent.span.end(calls::note_of(answer.why));
      close(sent);
      break;
    case calls::QueueAnswer::Kind::held:
      sent.held = true;
      break;
    case calls::QueueAnswer::Kind::not_leader: {
      if (answer.member != member_) return;  // that is known already
      const bool hint = answer.leader >= 0 && answer.leader != answer.member;
      searching_ = true;
      if (hint && !std::exchange(redirected_, true)) {
        member_ = answer.leader;
        send(answer.serial);
      }
      queue_.scheduler().schedule_in(*this, pause_);
      return;
    }
  }
  forget_answered();
  found(answer.member);
}

}  // namespace headroom::queue
