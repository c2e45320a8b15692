#include "models/queue/gossip.h"

#include <algorithm>
#include <limits>

#include "models/queue/node.h"
#include "models/queue/queue.h"

namespace headroom::queue {
namespace {

/// In place of a life: a session that enqueues what another member had.
constexpr std::uint64_t kAdopts = std::numeric_limits<std::uint64_t>::max();

}  // namespace

Gossip::Gossip(Queue& queue, Node& node, int member)
    : queue_(queue), node_(node), member_(member), peers_(static_cast<std::size_t>(queue.members())) {
  for (Peer& peer : peers_) peer.shadow.heard = queue.now();
  node.scope().spawn(tell_regularly(this));
}

Life Gossip::session_for(int owner) const {
  return {queue_.member(owner).host, kAdopts};
}

std::optional<int> Gossip::owner(const Life& session) const {
  if (session.number != kAdopts) return std::nullopt;
  for (int m = 0; m < queue_.members(); ++m)
    if (queue_.member(m).host == session.host) return m;
  return std::nullopt;
}

void Gossip::Untold::add(const Untold& other) {
  for (const JobId job : other.entered)
    if (!ended.contains(job)) entered.insert(job);
  ended.insert(other.ended.begin(), other.ended.end());
  done.insert(other.done.begin(), other.done.end());
}

void Gossip::entered(JobId job, const Enqueue& command) {
  if (const auto from = owner(command.session)) adopted_.emplace(job, std::pair{*from, command.serial});
  for (Peer& peer : peers_) peer.next.entered.insert(job);
}

void Gossip::ended(JobId job) {
  for (Peer& peer : peers_) {
    if (peer.next.entered.erase(job) == 0 || peer.sent.entered.contains(job)) peer.next.ended.insert(job);
  }
  const auto found = adopted_.find(job);
  if (found == adopted_.end()) return;
  peers_[static_cast<std::size_t>(found->second.first)].next.done.insert(found->second.second);
  adopted_.erase(found);
}

world::Task<> Gossip::tell_regularly(Gossip* self) {
  while (true) {
    co_await world::Sleep(self->node_.host().scheduler(), kEvery);
    for (int m = 0; m < self->queue_.members(); ++m)
      if (m != self->member_) self->tell(m);
    self->adopt_silent();
  }
}

void Gossip::tell(int to) {
  Peer& peer = peers_[static_cast<std::size_t>(to)];
  peer.next.add(peer.sent);  // no answer: again, with what has come since
  Message message;
  message.from = member_;
  message.life = queue_.member(member_).slot->starts();
  message.number = ++peer.number;
  message.all = peer.all;
  Bytes size = calls::kControl;
  const Jobs& jobs = node_.jobs();
  const auto add = [&](JobId job) {
    const Jobs::Entry* entry = jobs.find(job);
    if (entry == nullptr || !entry->content->job) return;
    // Its own copy: this member and the other one will not agree on when the job has ended.
    const ContentPtr content(new Content(*entry->content->job, entry->content->size));
    message.entered.push_back({job, entry->key, entry->probe, content});
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
  const calls::Endpoint& at = queue_.member(to);
  calls::send_datagram<Node>(queue_.network(), {node_.host().id(), at.host}, size, *at.slot,
                             [message = std::move(message)](Node& n) { n.gossip().heard(message); });
}

void Gossip::heard(const Message& m) {
  Shadow& shadow = peers_[static_cast<std::size_t>(m.from)].shadow;
  const bool known = m.life == shadow.life && shadow.number > 0;
  const bool usable = m.all || known;
  if (usable && (m.life > shadow.life || m.number > shadow.number)) {
    shadow.heard = queue_.now();
    if (m.all) shadow.jobs.clear();
    for (const News& news : m.entered) shadow.jobs.insert_or_assign(news.job, news);
    for (const JobId job : m.ended) shadow.jobs.erase(job);
    for (const JobId job : m.done) node_.done_elsewhere(job);
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
  peer.all = needs_all;
  if (!needs_all) peer.sent = {};
}

bool Gossip::silent(int member) const {
  return peers_[static_cast<std::size_t>(member)].shadow.heard + queue_.silence() <= queue_.now();
}

void Gossip::adopt_silent() {
  if (!node_.serves()) return;
  const int members = queue_.members();
  // Backwards along the ring, as far as nobody can be heard.
  for (int step = 1; step < members; ++step) {
    const int other = (member_ - step + members) % members;
    if (!silent(other)) return;
    std::map<JobId, News> orphans = std::exchange(peers_[static_cast<std::size_t>(other)].shadow.jobs, {});
    for (const auto& [job, news] : orphans)
      node_.adopt({session_for(other), job, 0, news.key, news.probe, news.content});
  }
}

}  // namespace headroom::queue
