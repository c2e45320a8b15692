#include "models/processing/puller.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace headroom::processing {
namespace {

/// Of a delivery in a report.
constexpr Bytes kDeliveryBytes{16};

}  // namespace

Puller::Puller(const calls::QueueContract& contract, world::Network& network, world::Process& process,
               const calls::Endpoint& me, std::int64_t slots)
    : contract_(contract),
      network_(network),
      process_(process),
      me_(me),
      slots_(slots),
      newest_(static_cast<std::size_t>(contract.members->size())) {
  process.scope().spawn(report_regularly(this));
}

bool Puller::take(const calls::Delivery& delivery) {
  if (!contract_.every_member) {
    if (delivery.term < term_) return false;
    term_ = delivery.term;
    leader_ = delivery.member;
  }
  // First deliveries come in the order of the jobs: one that is newer than all before is no second copy.
  std::uint64_t& newest = newest_[contract_.every_member ? static_cast<std::size_t>(delivery.member) : 0];
  if (delivery.job <= newest) {
    const auto is_it = [&](const calls::Delivery& d) { return same(d, delivery.job, delivery.member); };
    if (std::any_of(held_.begin(), held_.end(), is_it)) return false;
    if (std::any_of(done_.begin(), done_.end(), is_it)) return false;
  }
  newest = std::max(newest, delivery.job);
  held_.push_back(delivery);
  return true;
}

bool Puller::same(const calls::Delivery& d, std::uint64_t job, int member) const {
  return d.job == job && (!contract_.every_member || d.member == member);
}

calls::WorkerName Puller::name(int member) const {
  std::int64_t limit = slots_;
  if (contract_.every_member)  // what others have given it is not free for this one
    limit -= std::count_if(held_.begin(), held_.end(), [&](const auto& d) { return d.member != member; });
  return {me_, me_.slot->starts(), std::max<std::int64_t>(limit, 0)};
}

void Puller::ended(const calls::Delivery& delivery, bool done) {
  const auto place = std::find_if(held_.begin(), held_.end(),
                                  [&](const auto& d) { return same(d, delivery.job, delivery.member); });
  if (place != held_.end()) {
    *place = held_.back();
    held_.pop_back();
  }
  if (done) done_.push_back(delivery);
  const int to = contract_.every_member ? delivery.member : leader_;
  const calls::Endpoint& queue = (*contract_.members)[to];
  calls::send_datagram<calls::JobQueue>(
      network_, {me_.host, queue.host}, calls::kControl, *queue.slot,
      [worker = name(to), delivery, done](calls::JobQueue& q) { q.ended(worker, delivery, done); });
  if (!contract_.every_member) return;
  for (int m = 0; m < contract_.members->size(); ++m)
    if (m != to) report_to(m);
}

void Puller::report_to(int member) {
  calls::WorkerReport report{name(member), term_, {}, {}};
  const auto mine = [&](const calls::Delivery& d) { return !contract_.every_member || d.member == member; };
  std::copy_if(held_.begin(), held_.end(), std::back_inserter(report.held), mine);
  std::copy_if(done_.begin(), done_.end(), std::back_inserter(report.done), mine);
  const calls::Endpoint& queue = (*contract_.members)[member];
  const auto deliveries = static_cast<std::int64_t>(report.held.size() + report.done.size());
  calls::send_datagram<calls::JobQueue>(
      network_, {me_.host, queue.host}, calls::kControl + Bytes(deliveries * kDeliveryBytes.count()),
      *queue.slot, [report = std::move(report)](calls::JobQueue& q) { q.report(report); });
}

void Puller::report() {
  told_term_ = term_;
  if (!contract_.every_member) {
    report_to(leader_);
    return;
  }
  for (int m = 0; m < contract_.members->size(); ++m) report_to(m);
}

world::Task<> Puller::report_regularly(Puller* self) {
  while (true) {
    if (!std::exchange(self->heard_, false))
      self->leader_ = (self->leader_ + 1) % self->contract_.members->size();
    self->redirected_ = false;
    self->report();
    co_await world::Sleep(self->process_.host().scheduler(), self->contract_.report_every);
  }
}

void Puller::informed(const calls::QueueState& state) {
  if (!state.settled.empty()) {
    auto settled = state.settled;
    std::sort(settled.begin(), settled.end());
    const auto is_settled = [&](const calls::Delivery& d) {
      return same(d, d.job, state.member) && std::binary_search(settled.begin(), settled.end(), d.job);
    };
    done_.erase(std::remove_if(done_.begin(), done_.end(), is_settled), done_.end());
  }
  if (contract_.every_member || state.term < term_) return;
  heard_ = heard_ || state.member == leader_;
  term_ = state.term;
  if (state.leader < 0 || (state.leader == leader_ && told_term_ == term_)) return;
  // A member that is behind may point back: one redirection per report is followed, and a leader's own word.
  if (state.leader != state.member && std::exchange(redirected_, true)) return;
  leader_ = state.leader;
  heard_ = true;
  report();
}

void Puller::judged(const calls::Delivery& delivery) {
  const auto is_it = [&](const calls::Delivery& d) { return same(d, delivery.job, delivery.member); };
  done_.erase(std::remove_if(done_.begin(), done_.end(), is_it), done_.end());
}

}  // namespace headroom::processing
