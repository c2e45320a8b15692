#include "models/queue/jobs.h"

#include <algorithm>
#include <utility>

namespace headroom::queue {

Serials::Seen Jobs::seen(const Life& session, std::uint64_t serial) const {
  const auto found = sessions_.find(session.host);
  if (found == sessions_.end() || found->second.life < session.number) return Serials::Seen::fresh;
  if (found->second.life > session.number) return Serials::Seen::forgotten;
  return found->second.serials.look(serial);
}

Jobs::Admitted Jobs::apply(const Enqueue& command, TimePoint date) {
  Session& session = sessions_[command.session.host];
  if (session.life > command.session.number) return {Admission::forgotten};
  if (session.life < command.session.number) session = {command.session.number, {}};
  switch (session.serials.look(command.serial)) {
    case Serials::Seen::repeated:
      return {Admission::repeated};
    case Serials::Seen::forgotten:
      return {Admission::forgotten};
    case Serials::Seen::fresh:
      break;
  }
  session.serials.accept(command.serial);
  session.serials.forget_below(command.first_open);

  const bool by_key = settings_.delivery == Delivery::exactly_once;
  if (by_key) {
    keys_.expire(date - settings_.retention);
    if (const auto known = keys_.find(command.key)) {
      if (!known->done) {
        joined_[known->job].push_back(command.content);
        return {Admission::joined, known->job};
      }
      const bool given_up = known->worker == Life{};
      return {given_up ? Admission::given_up : Admission::done, known->job, known->worker};
    }
  }
  entries_.push_back({command.content, command.key, {}, 0, State::waiting, command.probe});
  ++open_;
  bytes_ += command.content->size;
  wait(entries_.back(), 1);
  if (by_key) keys_.remember(date, command.key, {last()});
  return {Admission::accepted, last()};
}

void Jobs::leave_waiting(JobId job, Entry& entry) {
  wait(entry, -1);
  if (job < fresh_) {
    again_.erase(job);
    return;
  }
  // First in, first out: those before it have left. If not (a leader died before it had told that it
  // delivered them), they are not fresh any more all the same.
  for (JobId before = fresh_; before < job; ++before)
    if (const Entry* e = find(before); e != nullptr && e->state == State::waiting) again_.insert(before);
  fresh_ = job + 1;
}

bool Jobs::apply(const Deliver& command) {
  Entry* e = entry(command.job);
  if (e == nullptr || e->state != State::waiting) return false;
  leave_waiting(command.job, *e);
  e->state = State::out;
  e->worker = command.worker;
  ++e->deliveries;
  if (settings_.delivery == Delivery::at_most_once) end(command.job, *e);
  return true;
}

Jobs::Ended Jobs::end(JobId job, Entry& e) {
  Ended ended{job, std::move(e.content), {}};
  e = {};
  e.state = State::ended;
  --open_;
  bytes_ = Bytes(bytes_.count() - ended.content->size.count());
  if (const auto found = joined_.find(job); found != joined_.end()) {
    ended.joined = std::move(found->second);
    joined_.erase(found);
  }
  while (!entries_.empty() && entries_.front().state == State::ended) {
    entries_.pop_front();
    ++first_;
  }
  fresh_ = std::max(fresh_, first_);
  return ended;
}

Jobs::Ended Jobs::apply(const Settle& command, TimePoint date) {
  Entry* e = entry(command.job);
  if (e == nullptr) return {};
  if (e->state == State::waiting) {
    wait(*e, -1);
    again_.erase(command.job);
  }
  if (settings_.delivery == Delivery::exactly_once)
    keys_.remember(date, e->key, {command.job, true, command.worker});
  return end(command.job, *e);
}

Jobs::Ended Jobs::apply(const GiveBack& command, TimePoint date) {
  Entry* e = entry(command.job);
  if (e == nullptr || e->state != State::out || e->deliveries != command.delivery) return {};
  if (e->deliveries >= settings_.max_deliveries) {
    if (settings_.delivery == Delivery::exactly_once) keys_.remember(date, e->key, {command.job, true, {}});
    return end(command.job, *e);
  }
  e->state = State::waiting;
  e->worker = {};
  wait(*e, 1);
  again_.insert(command.job);
  return {};
}

Jobs::Ended Jobs::apply(const Drop& command, TimePoint date) {
  Entry* e = entry(command.job);
  if (e == nullptr || e->state != State::waiting) return {};
  leave_waiting(command.job, *e);
  if (settings_.delivery == Delivery::exactly_once) keys_.forget(date, e->key);
  return end(command.job, *e);
}

}  // namespace headroom::queue
