#include "models/queue/queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "models/queue/metrics.h"
#include "models/queue/node.h"
#include "models/queue/session.h"

namespace headroom::queue {

Queue::Queue(const QueueConfig& config, const calls::Environment& env, const std::vector<world::Host*>& hosts,
             StreamKey key, JobWatch* watch, Observer* consensus)
    : config_(config),
      world_(env.world),
      window_(env.window),
      journal_(env.journal),
      watch_(watch),
      depth_(env.window),
      depth_series_(env.series.level(series::kDepth)) {
  GroupConfig raft;
  raft.election_timeout = config.election_timeout;
  raft.heartbeat = config.heartbeat;
  raft.pre_vote = config.pre_vote;
  raft.append_window = static_cast<int>(config.append_window);
  raft.report_elections = !alone();
  const std::size_t members = config.replication == Replication::none ? 1 : hosts.size();
  const std::size_t in_group = alone() ? 1 : members;
  for (std::size_t m = 0; m < members; m += in_group) {
    const auto first = hosts.begin() + static_cast<std::ptrdiff_t>(m);
    const std::vector<world::Host*> together(first, first + static_cast<std::ptrdiff_t>(in_group));
    groups_.push_back({std::make_unique<Group>(raft, env, together, key, consensus)});
  }
  for (std::size_t m = 0; m < members; ++m) {
    world::Host& host = *hosts[m];
    if (config.fsync) host.disk().set_fsync(*config.fsync);
    members_.install(host,
                     [this](world::Host& h, int member) { return std::make_unique<Node>(h, *this, member); });
  }
}

Queue::~Queue() = default;

std::unique_ptr<calls::Dispatcher> Queue::session(const calls::Origin& origin) {
  const int first = alone() ? static_cast<int>(origin.host.value) % members_.size() : 0;
  return std::make_unique<Session>(*this, origin, first);
}

Duration Queue::report_every() const {
  return std::min(Duration::s(1), config_.visibility_timeout / 3);
}

calls::QueueContract Queue::contract() {
  calls::QueueContract contract;
  contract.members = &members_;
  contract.every_member = alone();
  contract.payload = config_.payload == Payload::in_line;
  contract.released = config_.delivery == Delivery::exactly_once;
  contract.retention = config_.retention();
  contract.once = config_.delivery == Delivery::at_most_once;
  contract.report_every = report_every();
  contract.watch = this;
  return contract;
}

void Queue::gave_up(const Content& content, int deliveries, bool probe) {
  dead_.add(batch(probe));
  std::vector<metrics::Field> details = {{"deliveries", deliveries}};
  if (content.job) details.emplace_back("request", content.job->request->number);
  journal_.record(now(), "dead letter", "queue", std::move(details));
}

std::vector<world::ProcessSlot*> Queue::leaders() const {
  std::vector<world::ProcessSlot*> slots;
  for (std::size_t g = 0; g < groups_.size(); ++g)
    if (const raft::MemberId leader = groups_[g].group->leader(); leader != raft::kNobody)
      slots.push_back(members_[static_cast<int>(g) + leader].slot);
  return slots;
}

std::vector<world::ProcessSlot*> Queue::followers() const {
  const auto leading = leaders();
  std::vector<world::ProcessSlot*> slots;
  for (world::ProcessSlot* slot : members_.slots())
    if (std::find(leading.begin(), leading.end(), slot) == leading.end()) slots.push_back(slot);
  return slots;
}

const Jobs* Queue::jobs(int group) const {
  const raft::MemberId leader = groups_[static_cast<std::size_t>(group)].group->leader();
  if (leader == raft::kNobody) return nullptr;
  const auto* node = members_[group + leader].slot->as<Node>();
  return node->serves() ? &node->jobs() : nullptr;
}

void Queue::send(int member, calls::Submission submission) {
  const calls::Endpoint& to = members_[member];
  const world::Route way{submission.job.origin.host, to.host};
  Bytes size = calls::kControl;
  if (config_.payload == Payload::in_line) size += submission.job.request->image;
  calls::send_datagram<calls::JobQueue>(
      world_.network(), way, size, *to.slot,
      [submission = std::move(submission)](calls::JobQueue& q) { q.submit(submission); });
}

void Queue::acknowledged(int member, const calls::Origin& origin, std::uint64_t serial) {
  if (watch_ != nullptr) watch_->acknowledged(group_of(member), ticket({origin.host, origin.life}, serial));
}

bool Queue::first(int group, raft::Index index) {
  GroupState& g = groups_[static_cast<std::size_t>(group)];
  if (index <= g.applied) return false;
  g.applied = index;
  return true;
}

void Queue::set_depth(int group, raft::Term term, std::int64_t depth) {
  GroupState& g = groups_[static_cast<std::size_t>(group)];
  if (term < g.depth_term) return;
  g.depth_term = term;
  if (depth == g.depth) return;
  depth_now_ += depth - g.depth;
  g.depth = depth;
  depth_.set(now(), depth_now_);
  held_.set(now(), depth_now_);
  depth_series_.set(now(), depth_now_);
}

void Queue::released(const calls::Job& job) {
  if (watch_ != nullptr) watch_->released(job.key());
}

void Queue::report(metrics::ResultBuilder& results) {
  metrics::TimeAverage depth = depth_;
  depth.finish(now());
  results.time_average(metric::kDepthMean, depth);
  results.maximum(metric::kDepthMax, depth);
  results.mean(metric::kWaitMeanMs, wait_ms_);
  results.total(metric::kRejected, rejected_);
  if (config_.drop_expired) results.total(metric::kExpired, expired_);
  if (config_.when_full == WhenFull::drop_oldest) results.total(metric::kDropped, dropped_);
  results.total(metric::kRedeliveries, redeliveries_);
  results.total(metric::kDeadLettered, dead_);
  if (!alone()) groups_.front().group->report(results);
}

}  // namespace headroom::queue
