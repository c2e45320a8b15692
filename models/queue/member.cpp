#include "models/queue/member.h"

#include <algorithm>
#include <utility>

#include "models/calls/call.h"
#include "sim/world/network.h"

namespace headroom::queue {
namespace {

/// A snapshot is due when the log since the last one is this many times as large (D 5.1.3: writing snapshots
/// then costs at most this share of the disk), and not before it is this large.
constexpr std::int64_t kLogPerSnapshot = 4;
constexpr Bytes kShortestLog{4'000'000};
/// A law may give 0; a member that stands for election again and again at one instant would stop the clock.
constexpr Duration kShortestTimeout = Duration::us(1);

}  // namespace

/// A Raft message on its way. A member that is down hears nothing.
class Group::Parcel final : public world::Message {
 public:
  /// `number`: in the stream of AppendEntries from its sender to its receiver; none: it is of no stream.
  Parcel(Group& group, raft::Message&& message, std::optional<std::uint64_t> number)
      : group_(group), message_(std::move(message)), number_(number) {}
  void deliver() override {
    if (!number_) {
      group_.deliver(std::move(message_));
      return;
    }
    const raft::MemberId from = message_.from;
    const raft::MemberId to = message_.to;
    group_.arrived(*number_, std::move(message_), from, to);
  }
  void lost(world::Lost) override {
    if (number_) group_.arrived(*number_, std::nullopt, message_.from, message_.to);
  }
  std::unique_ptr<Message> copy() const override {
    raft::Message same = message_;
    return std::make_unique<Parcel>(group_, std::move(same), number_);
  }

 private:
  Group& group_;
  raft::Message message_;
  std::optional<std::uint64_t> number_;
};

Group::Group(const GroupConfig& config, const calls::Environment& env, const std::vector<world::Host*>& hosts,
             StreamKey key, Observer* observer)
    : config_(config), world_(env.world), observer_(observer) {
  if (config.report_elections) elections_.emplace(env);
  for (world::Host* host : hosts) {
    nodes_.emplace_back(host, (key / "election" / host->name()).engine());
    nodes_.back().streams.resize(hosts.size());
  }
}

Group::~Group() = default;

raft::MemberId Group::leader() const {
  const Member* best = nullptr;
  for (const Node& n : nodes_)
    if (n.live != nullptr && n.live->leads() && (best == nullptr || n.live->term() > best->term()))
      best = n.live;
  return best == nullptr ? raft::kNobody : best->id();
}

raft::Settings Group::settings(raft::MemberId m) {
  raft::Settings settings;
  settings.self = m;
  settings.members = members();
  settings.heartbeat = config_.heartbeat;
  settings.election_timeout = [&law = config_.election_timeout, &engine = node(m).engine] {
    return std::max(law.sample(engine), kShortestTimeout);
  };
  settings.least_timeout = config_.election_timeout.least();
  settings.pre_vote = config_.pre_vote;
  settings.append_window = config_.append_window;
  return settings;
}

void Group::send(raft::Message&& message) {
  const world::Route way{host(message.from).id(), host(message.to).id()};
  const Bytes size = calls::kControl + raft::payload_size(message);
  std::optional<std::uint64_t> number;
  if (std::holds_alternative<raft::AppendEntries>(message.body))
    number = node(message.to).streams[static_cast<std::size_t>(message.from)].sent++;
  world_.network().send(way, size, std::make_unique<Parcel>(*this, std::move(message), number));
}

void Group::deliver(raft::Message&& message) {
  if (Member* member = live(message.to)) member->receive(std::move(message));
}

void Group::arrived(std::uint64_t number, std::optional<raft::Message> message, raft::MemberId from,
                    raft::MemberId to) {
  Stream& stream = node(to).streams[static_cast<std::size_t>(from)];
  if (number < stream.passed) {  // a second copy
    if (message) deliver(std::move(*message));
    return;
  }
  stream.early.emplace(number, std::move(message));
  while (!stream.early.empty() && stream.early.begin()->first == stream.passed) {
    std::optional<raft::Message> next = std::move(stream.early.begin()->second);
    stream.early.erase(stream.early.begin());
    ++stream.passed;
    if (next) deliver(std::move(*next));
  }
}

void Group::elected(raft::MemberId m) {
  const TimePoint now = world_.now();
  TimePoint useful_until = now;
  for (const Node& n : nodes_)  // an older leader that does not know yet
    if (n.live != nullptr && n.live->led_ && n.live->id() != m)
      useful_until = std::min(useful_until, n.live->raft_.quorum_heard(now));
  if (elections_) elections_->elected(now, node(m).live->term(), host(m).name(), useful_until);
  if (observer_ != nullptr) observer_->elected(m, node(m).live->raft_);
}

void Group::report(metrics::ResultBuilder& results) {
  if (!elections_) return;
  elections_->finish(world_.now());
  elections_->report(results, published_elections(config_.election_timeout));
}

Member::Member(Group& group, raft::MemberId id, world::Process& process, StateMachine& machine)
    : group_(group),
      process_(process),
      scheduler_(process.host().scheduler()),
      machine_(machine),
      raft_(group.settings(id), group.storage(id), scheduler_.now()) {
  Group::Node& node = group_.node(id);
  HEADROOM_CHECK(node.live == nullptr, "a member lives once");
  node.live = this;
  snapshot_size_ = node.storage.snapshot.state ? node.storage.snapshot.state->size() : Bytes();
  if (group_.observer_ != nullptr) group_.observer_->restored(id, node.storage.snapshot.last.index);
  process_.scope().spawn(write(this));
  scheduler_.post(timer_);
}

Member::~Member() {
  if (led_ && group_.elections_) group_.elections_->lost(led_term_, scheduler_.now());
  group_.node(id()).live = nullptr;
}

std::optional<raft::Index> Member::propose(raft::PayloadPtr command) {
  const auto index = raft_.propose(std::move(command));
  if (index) unwritten_.notify_one();
  return index;
}

void Member::receive(raft::Message&& message) {
  raft_.receive(std::move(message), scheduler_.now());
  settle();
}

void Member::wake() {
  if (!std::exchange(started_, true) && id() == 0 && raft_.term() == 0)
    raft_.campaign(scheduler_.now());
  else
    raft_.tick(scheduler_.now());
  settle();
}

world::Task<> Member::write(Member* self) {
  world::Disk& disk = self->process_.host().disk();
  while (true) {
    std::optional<raft::Write> write = self->raft_.take_write(self->scheduler_.now());
    self->send_messages();
    if (!write) {
      co_await self->unwritten_.wait(self->scheduler_);
      continue;
    }
    co_await disk.write(write->size);
    co_await disk.fsync();
    Group& group = self->group_;
    if (group.observer_ != nullptr) group.observer_->stored(self->id(), *write);
    const std::uint64_t number = write->number;
    group.node(self->id()).storage.apply(std::move(*write));
    self->raft_.persisted(number, self->scheduler_.now());
    self->settle();
  }
}

/// Carries out what the core decided.
void Member::settle() {
  for (const raft::RoleChange& change : raft_.take_role_changes()) note_role(change);
  send_messages();
  apply_committed();
  compact_if_long();
  if (raft_.must_write()) unwritten_.notify_one();
  arm_timer();
}

void Member::note_role(const raft::RoleChange& change) {
  if (change.role == raft::Role::leader) {
    led_ = true;
    led_term_ = change.term;
    group_.elected(id());
    return;
  }
  if (!std::exchange(led_, false)) return;
  // In a newer term somebody made it step down; else it found that no majority hears it.
  const TimePoint now = scheduler_.now();
  if (group_.elections_)
    group_.elections_->lost(led_term_, change.term > led_term_ ? now : raft_.quorum_heard(now));
  serving_ = false;
  machine_.stepped_down();
}

void Member::send_messages() {
  for (raft::Message& message : raft_.take_messages()) {
    if (group_.observer_ != nullptr) {
      const auto* vote = std::get_if<raft::Vote>(&message.body);
      if (vote != nullptr && vote->granted && !vote->pre)
        group_.observer_->voted(id(), message.term, message.to);
    }
    group_.send(std::move(message));
  }
}

void Member::apply_committed() {
  if (const auto snapshot = raft_.take_restore()) {
    if (group_.observer_ != nullptr) group_.observer_->restored(id(), snapshot->last.index);
    snapshot_size_ = snapshot->state->size();
    log_size_ = {};
    machine_.restore(*snapshot->state);
  }
  bool applied = false;
  while (const auto committed = raft_.next_committed()) {
    if (group_.observer_ != nullptr) group_.observer_->applied(id(), committed->index, committed->entry);
    if (committed->entry.command) {
      log_size_ += committed->entry.command->size();
      machine_.apply(committed->index, *committed->entry.command);
      applied = true;
    } else if (leads() && committed->entry.term == term() && !std::exchange(serving_, true)) {
      machine_.became_leader(term());
    }
  }
  if (applied) machine_.caught_up();
}

void Member::compact_if_long() {
  if (log_size_ < kShortestLog || log_size_.count() < kLogPerSnapshot * snapshot_size_.count()) return;
  raft::PayloadPtr state = machine_.take_snapshot();
  snapshot_size_ = state->size();
  log_size_ = {};
  raft_.compact(std::move(state));
}

/// The timer is set when it has to fire earlier, not each time that it may fire later: every message from a
/// leader puts an election off.
void Member::arm_timer() {
  const TimePoint next = raft_.next_tick();
  if (timer_.pending() && timer_at_ <= next) return;
  timer_at_ = next;
  scheduler_.schedule(timer_, next);
}

}  // namespace headroom::queue
