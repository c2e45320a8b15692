#include "models/queue/gossip.h"

#include <algorithm>
#include <utility>

#include "models/queue/node.h"
#include "models/queue/queue.h"

namespace headroom::queue {
namespace {

/// In place of a host's number: the first of the sessions that enqueue what other members took in, one for
/// each of them.
constexpr std::uint32_t kAdopts = 0x8000'0000;

Life session_for(int owner) {
  return {world::HostId{kAdopts + static_cast<std::uint32_t>(owner)}, 1};
}

/// Who took in what the session enqueues; none: this member.
std::optional<int> owner_by(const Life& session) {
  if (session.host.value < kAdopts) return std::nullopt;
  return static_cast<int>(session.host.value - kAdopts);
}

}  // namespace

Gossip::Gossip(Queue& queue, Node& node, int member)
    : queue_(queue),
      node_(node),
      member_(member),
      every_(std::min(kEvery, queue.silence() / kPerSilence)),
      peers_(static_cast<std::size_t>(queue.members().size())) {
  for (Peer& peer : peers_) peer.shadow.heard = queue.now();
  node.scope().spawn(tell_regularly(this));
}

JobId Gossip::mine(const Work& work) const {
  if (work.owner == member_) return work.job;
  const auto found = mine_.find(work);
  return found == mine_.end() ? 0 : found->second;
}

Gossip::Work Gossip::work_of(JobId job) const {
  const auto found = adopted_.find(job);
  return found == adopted_.end() ? Work{member_, job} : found->second;
}

void Gossip::Untold::add(const Untold& other) {
  for (const JobId job : other.entered)
    if (!ended.contains(job)) entered.insert(job);
  ended.insert(other.ended.begin(), other.ended.end());
  done.insert(other.done.begin(), other.done.end());
}

void Gossip::entered(JobId job, const Enqueue& command) {
  if (const auto owner = owner_by(command.session)) {
    adopted_.emplace(job, Work{*owner, command.serial});
    mine_.emplace(Work{*owner, command.serial}, job);
  }
  for (Peer& peer : peers_) peer.next.entered.insert(job);
}

void Gossip::ended(JobId job) {
  for (Peer& peer : peers_) {
    if (peer.next.entered.erase(job) == 0 || peer.sent.entered.contains(job)) peer.next.ended.insert(job);
  }
  const auto found = adopted_.find(job);
  if (found == adopted_.end()) return;
  for (Peer& peer : peers_) peer.next.done.insert(found->second);  // whoever else has it
  mine_.erase(found->second);
  adopted_.erase(found);
}

world::Task<> Gossip::tell_regularly(Gossip* self) {
  while (true) {
    co_await world::Sleep(self->node_.host().scheduler(), self->every_);
    for (int m = 0; m < self->queue_.members().size(); ++m)
      if (m != self->member_) self->tell(m);
    self->adopt_silent();
  }
}

void Gossip::tell(int to) {
  Peer& peer = peers_[static_cast<std::size_t>(to)];
  Message message;
  message.from = member_;
  message.life = queue_.member(member_).slot->starts();
  if (peer.unanswered && queue_.now() < peer.again) {
    send(to, std::move(message), calls::kControl);
    return;
  }
  peer.patience = peer.unanswered ? peer.patience * 2 : every_;
  peer.again = queue_.now() + peer.patience;
  peer.unanswered = true;
  peer.next.add(peer.sent);  // no answer: again, with what has come since
  message.number = ++peer.number;
  message.all = peer.all;
  Bytes size = calls::kControl;
  const Jobs& jobs = node_.jobs();
  const auto add = [&](JobId job) {
    const Jobs::Entry* entry = jobs.find(job);
    if (entry == nullptr || !entry->content->job) return;
    // Its own copy: this member and the other one will not agree on when the job has ended.
    const ContentPtr content(new Content(*entry->content->job, entry->content->size));
    message.entered.push_back({job, work_of(job), entry->key, entry->probe, content});
    size += content->size;
  };
  if (peer.all) {
    peer.next.entered.clear();
    peer.next.ended.clear();
    for (JobId job = jobs.first(); job <= jobs.last(); ++job) add(job);
  } else {
    for (const JobId job : peer.next.entered) add(job);
  }
  message.ended.assign(peer.next.ended.begin(), peer.next.ended.end());
  message.done.assign(peer.next.done.begin(), peer.next.done.end());
  peer.sent = std::exchange(peer.next, {});
  send(to, std::move(message), size);
}

void Gossip::send(int to, Message message, Bytes size) {
  const calls::Endpoint& at = queue_.member(to);
  calls::send_datagram<Node>(queue_.network(), {node_.host().id(), at.host}, size, *at.slot,
                             [message = std::move(message)](Node& n) { n.gossip().heard(message); });
}

void Gossip::heard(const Message& m) {
  Shadow& shadow = peers_[static_cast<std::size_t>(m.from)].shadow;
  const bool known = m.life == shadow.life && shadow.number > 0;
  if (m.number == 0) {
    if (known) shadow.heard = queue_.now();
    return;
  }
  const bool usable = m.all || known;
  if (usable && (m.life > shadow.life || m.number > shadow.number)) {
    shadow.heard = queue_.now();
    if (m.all) shadow.jobs.clear();
    for (const News& news : m.entered) shadow.jobs.insert_or_assign(news.job, news);
    for (const JobId job : m.ended) shadow.jobs.erase(job);
    for (const Work& work : m.done)
      if (const JobId job = mine(work); job != 0) node_.done_elsewhere(job);
    shadow.life = m.life;
    shadow.number = m.number;
  }
  const calls::Endpoint& at = queue_.member(m.from);
  calls::send_datagram<Node>(queue_.network(), {node_.host().id(), at.host}, calls::kControl, *at.slot,
                             [from = member_, number = m.number, needs_all = !usable](Node& n) {
                               n.gossip().answered(from, number, needs_all);
                             });
}

void Gossip::answered(int from, std::uint64_t number, bool needs_all) {
  Peer& peer = peers_[static_cast<std::size_t>(from)];
  if (number != peer.number) return;
  peer.unanswered = false;
  peer.all = needs_all;
  if (!needs_all) peer.sent = {};
}

bool Gossip::silent(int member) const {
  return peers_[static_cast<std::size_t>(member)].shadow.heard + queue_.silence() <= queue_.now();
}

void Gossip::adopt_silent() {
  if (!node_.serves()) return;
  const int members = queue_.members().size();
  // Backwards along the ring, as far as nobody can be heard.
  for (int step = 1; step < members; ++step) {
    const int other = (member_ - step + members) % members;
    if (!silent(other)) return;
    std::map<JobId, News> orphans = std::exchange(peers_[static_cast<std::size_t>(other)].shadow.jobs, {});
    for (const auto& [job, news] : orphans)
      if (news.work.owner != member_)  // what this member took in it has, or has seen to
        node_.adopt({session_for(news.work.owner), news.work.job, 0, news.key, news.probe, news.content});
  }
}

}  // namespace headroom::queue
