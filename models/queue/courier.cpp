#include "models/queue/courier.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace headroom::queue {

Courier::Courier(const Jobs& jobs, const Settings& settings, TimePoint now)
    : jobs_(jobs), settings_(settings), fresh_(jobs.fresh()), again_(jobs.again()) {
  for (JobId job = jobs.first(); job <= jobs.last(); ++job) {
    const Jobs::Entry* entry = jobs.find(job);
    if (entry == nullptr || entry->state != Jobs::State::out) continue;
    Worker& w = worker(entry->worker.host);
    if (entry->worker.number > w.life) w.life = entry->worker.number;
    w.add(job, {entry->deliveries, TimePoint(), now});
  }
}

Courier::Worker& Courier::worker(world::HostId host) {
  if (host.value >= workers_.size()) workers_.resize(host.value + 1);
  return workers_[host.value];
}

void Courier::list(Worker& w) {
  if (w.listed || !w.free()) return;
  w.listed = true;
  free_.push_back(w.at.host);
}

bool Courier::waits(JobId job) const {
  const Jobs::Entry* entry = jobs_.find(job);
  return entry != nullptr && entry->state == Jobs::State::waiting &&
         (adopted_.empty() || !adopted_.contains(job)) && (settling_.empty() || !settling_.contains(job));
}

void Courier::take_off_at(Worker& w, std::size_t place) {
  w.jobs[place] = w.jobs.back();
  w.jobs.pop_back();
  w.out[place] = w.out.back();
  w.out.pop_back();
}

int Courier::take_off(Worker& w, JobId job) {
  const auto found = std::find(w.jobs.begin(), w.jobs.end(), job);
  if (found == w.jobs.end()) return 0;
  const auto place = static_cast<std::size_t>(found - w.jobs.begin());
  const int number = w.out[place].number;
  take_off_at(w, place);
  return number;
}

void Courier::lose(Worker& w, std::size_t place, std::vector<GiveBack>& lost) {
  if (!settings_.once) {
    lost.push_back({w.jobs[place], w.out[place].number});
    give_back_proposed(w.jobs[place]);
  }
  take_off_at(w, place);
}

Courier::Reported Courier::report(const calls::WorkerReport& report, TimePoint now) {
  Reported result;
  Worker& w = worker(report.worker.at.host);
  if (report.worker.life < w.life) return result;
  w.at = report.worker.at;
  if (!std::exchange(w.reported, true)) ++known_;
  if (report.worker.life > w.life) {  // what it held died with its earlier life
    w.life = report.worker.life;
    for (std::size_t i = w.out.size(); i-- > 0;) lose(w, i, result.lost);
  }
  w.limit = report.worker.limit;

  for (const calls::Delivery& d : report.done) {
    take_off(w, d.job);
    settle_proposed(d.job);
    if (jobs_.find(d.job) == nullptr) result.settled.push_back(d.job);
  }
  std::vector<JobId> held;
  for (const calls::Delivery& d : report.held) held.push_back(d.job);
  std::sort(held.begin(), held.end());
  for (std::size_t i = w.out.size(); i-- > 0;) {
    if (std::binary_search(held.begin(), held.end(), w.jobs[i]))
      w.out[i].held = now;
    else if (w.out[i].lost_at <= now)
      lose(w, i, result.lost);
  }
  for (const JobId job : held) {
    const bool known = std::find(w.jobs.begin(), w.jobs.end(), job) != w.jobs.end();
    if (known || (job < fresh_ && !again_.contains(job)) || !waits(job)) continue;
    // The leader before had sent it, but nobody has it in the log.
    take(job);
    adopted_.insert(job);
    w.add(job, {jobs_.find(job)->deliveries + 1, now, now});
    result.adopted.push_back({job, {w.at.host, w.life}});
  }
  list(w);
  return result;
}

void Courier::settle_proposed(JobId job) {
  const Jobs::Entry* entry = jobs_.find(job);
  if (entry != nullptr && (entry->state == Jobs::State::waiting || giving_back_.contains(job)))
    settling_.insert(job);
}

void Courier::give_back_applied(JobId job, bool waits) {
  if (const auto proposed = giving_back_.find(job); proposed != giving_back_.end())
    giving_back_.erase(proposed);
  if (waits) again_.insert(job);
}

int Courier::delivery_ended(const calls::WorkerName& name, JobId job) {
  Worker& w = worker(name.at.host);
  if (name.life != w.life || !w.reported) return 0;
  const int number = take_off(w, job);
  w.limit = name.limit;
  list(w);
  return number;
}

const calls::Endpoint* Courier::find(const Life& life) const {
  if (life.host.value >= workers_.size()) return nullptr;
  const Worker& w = workers_[life.host.value];
  return w.reported && w.life == life.number ? &w.at : nullptr;
}

bool Courier::free_worker() {
  while (!free_.empty()) {
    Worker& w = worker(free_.front());
    if (w.free()) return true;
    w.listed = false;  // it was, when it was listed
    free_.pop_front();
  }
  return false;
}

std::vector<GiveBack> Courier::expire(TimePoint now) {
  std::vector<GiveBack> lost;
  for (Worker& w : workers_)
    for (std::size_t i = w.out.size(); i-- > 0;) {
      if (w.out[i].held + settings_.visibility_timeout > now) continue;
      lose(w, i, lost);
      w.limit = 0;
    }
  return lost;
}

TimePoint Courier::next_expiry() const {
  TimePoint next = TimePoint::never();
  for (const Worker& w : workers_)
    for (const Out& o : w.out) next = std::min(next, o.held + settings_.visibility_timeout);
  return next;
}

JobId Courier::next_job() {
  while (!again_.empty()) {
    if (waits(*again_.begin())) return *again_.begin();
    again_.erase(again_.begin());
  }
  for (; fresh_ <= jobs_.last(); ++fresh_)
    if (waits(fresh_)) return fresh_;
  return 0;
}

void Courier::take(JobId job) {
  const bool probe = jobs_.find(job)->probe;
  taken_.push_back({job, probe});
  if (probe) ++taken_probes_;
  if (again_.erase(job) == 0 && job == fresh_) ++fresh_;
}

Courier::Given Courier::give(TimePoint now) {
  const JobId job = next_job();
  take(job);
  Worker& w = worker(free_.front());
  free_.pop_front();
  w.listed = false;
  const int number = jobs_.find(job)->deliveries + 1;
  w.add(job, {number, now + settings_.lost_after, now});
  list(w);
  return {w.at, {w.at.host, w.life}, number};
}

void Courier::skip() {
  take(next_job());
}

void Courier::delivery_applied(JobId job) {
  HEADROOM_CHECK(!taken_.empty() && taken_.front().job == job, "deliveries are committed in order");
  if (taken_.front().probe) --taken_probes_;
  taken_.pop_front();
  if (!adopted_.empty()) adopted_.erase(job);
}

}  // namespace headroom::queue
