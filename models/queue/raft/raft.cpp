#include "models/queue/raft/raft.h"

#include <algorithm>

#include "sim/base/check.h"

namespace headroom::queue::raft {
namespace {

/// What a write takes on disk besides entries and snapshots: term, vote, checksums.
constexpr Bytes kWriteHeader{64};
/// Of the time that followers withhold their votes, what a lease relies on: clocks may differ in speed by the
/// rest (D 6.4.1).
constexpr double kLeaseShare = 0.9;

/// Entries that a batch has room for from the start.
constexpr std::size_t kBatchReserve = 256;

Bytes size_of(const Entry& entry) {
  return entry.command ? entry.command->size() : Bytes();
}

}  // namespace

Batch::Batch(std::vector<Entry> entries) : entries_(std::move(entries)) {
  for (const Entry& entry : entries_) size_ += size_of(entry);
}

Bytes payload_size(const Message& message) {
  if (const auto* append = std::get_if<AppendEntries>(&message.body); append != nullptr && append->batch)
    return append->batch->size();
  if (const auto* install = std::get_if<InstallSnapshot>(&message.body); install != nullptr)
    return install->snapshot.state->size();
  return {};
}

Raft::Raft(Settings settings, const Storage& storage, TimePoint now)
    : settings_(std::move(settings)),
      hard_state_(storage.hard_state),
      snapshot_(storage.snapshot),
      log_(storage.base, storage.entries),
      commit_(snapshot_.last.index),
      applied_(snapshot_.last.index),
      votes_(static_cast<std::size_t>(settings_.members)),
      progress_(static_cast<std::size_t>(settings_.members)),
      hard_state_taken_(storage.hard_state),
      taken_(log_.last_index()),
      durable_(log_.last_index()) {
  // It may have heard from a leader a moment before it crashed, and that leader's lease counts on it.
  if (hard_state_.term > 0) withhold_votes_until_ = now + settings_.least_timeout;
  if (snapshot_.last.index > 0) restore_ = snapshot_;
  restart_election_timer(now);
}

// Inputs

void Raft::tick(TimePoint now) {
  if (!leads()) {
    if (now >= election_at_) campaign(now);
    return;
  }
  if (now >= heartbeat_at_) send_heartbeats(now);
  if (now >= quorum_at_) check_quorum(now);
}

void Raft::campaign(TimePoint now) {
  if (!leads()) stand(settings_.pre_vote, now);
}

void Raft::receive(Message message, TimePoint now) {
  if (!settle_terms(message, now)) return;
  std::visit([&](const auto& body) { on(body, message, now); }, message.body);
}

/// §5.1: whoever sees a higher term joins it; messages of older terms are refused. Returns whether the
/// message is worth looking at.
bool Raft::settle_terms(const Message& message, TimePoint now) {
  const auto* request = std::get_if<RequestVote>(&message.body);
  // Whoever hears a leader is not disturbed by members that do not (D 4.2.3).
  if (request != nullptr && (message.term > term() || request->pre) && now < withhold_votes_until_)
    return false;
  if (message.term > term()) {
    const auto* vote = std::get_if<Vote>(&message.body);
    const bool of_no_term_yet =
        (request != nullptr && request->pre) || (vote != nullptr && vote->pre && vote->granted);
    if (!of_no_term_yet) step_down(message.term, now);
    return true;
  }
  if (message.term == term()) return true;
  // A refusal promises nothing, so it need not wait for the disk.
  if (request != nullptr) {
    send(message.from, term(), Vote{request->last, request->pre, false});
  } else if (!std::holds_alternative<Vote>(message.body) &&
             !std::holds_alternative<AppendReply>(message.body) &&
             !std::holds_alternative<HeartbeatReply>(message.body)) {
    send(message.from, term(), AppendReply{});  // its sender leads no more
  }
  return false;
}

std::optional<Index> Raft::propose(PayloadPtr command) {
  if (!leads()) return std::nullopt;
  log_.append({term(), std::move(command)});
  return log_.last_index();
}

void Raft::persisted(std::uint64_t write, TimePoint now) {
  written_ = std::max(written_, write);
  while (!pending_.empty() && pending_.front().number <= written_) {
    durable_ = std::max(durable_, pending_.front().last);
    pending_.pop_front();
  }
  std::size_t kept = 0;
  for (Held& held : held_) {
    if (held.write <= written_)
      messages_.push_back(std::move(held.message));
    else
      std::swap(held_[kept++], held);
  }
  held_.resize(kept);
  if (leads()) advance_commit();
  if (role_ == Role::candidate && own_vote_on_disk()) {
    votes_[static_cast<std::size_t>(self())] = true;
    count_votes(now);
  }
}

void Raft::compact(PayloadPtr state) {
  snapshot_ = {{applied_, *log_.term_at(applied_)}, std::move(state)};
  snapshot_taken_ = false;
  if (applied_ > settings_.trailing_entries) log_.forget(applied_ - settings_.trailing_entries);
}

// Elections (§5.2)

void Raft::become(Role role) {
  role_ = role;
  role_changes_.push_back({role, term()});
}

void Raft::step_down(Term newer, TimePoint now) {
  if (newer > term()) {
    hard_state_ = {newer, kNobody};
    held_.clear();  // what was promised in older terms is of no use to anybody
  }
  leader_ = kNobody;
  if (role_ == Role::follower) return;
  if (leads()) {
    withhold_votes_until_ = {};
    restart_election_timer(now);
  }
  become(Role::follower);
}

/// A message from the leader of this term has come. False: this member leads the term itself.
bool Raft::follow(MemberId leader, TimePoint now) {
  if (leads()) return false;
  if (role_ != Role::follower) become(Role::follower);
  leader_ = leader;
  withhold_votes_until_ = now + settings_.least_timeout;
  restart_election_timer(now);
  return true;
}

void Raft::stand(bool pre, TimePoint now) {
  if (!pre) {
    hard_state_ = {term() + 1, self()};
    held_.clear();
  }
  leader_ = kNobody;
  become(pre ? Role::pre_candidate : Role::candidate);
  restart_election_timer(now);
  votes_.assign(votes_.size(), false);
  for (MemberId m = 0; m < settings_.members; ++m)
    if (m != self()) send(m, pre ? term() + 1 : term(), RequestVote{log_.last(), pre});
  if (!pre) return;
  votes_[static_cast<std::size_t>(self())] = true;
  count_votes(now);
}

void Raft::on(const RequestVote& request, const Message& message, TimePoint now) {
  const Position last = log_.last();
  const bool up_to_date =  // §5.4.1
      request.last.term > last.term || (request.last.term == last.term && request.last.index >= last.index);
  const bool free = hard_state_.vote == kNobody || hard_state_.vote == message.from;
  if (request.pre) {
    const bool granted = up_to_date && (message.term > term() || free);
    send(message.from, granted ? message.term : term(), Vote{request.last, true, granted});
    return;
  }
  if (!up_to_date || !free) {
    send(message.from, term(), Vote{request.last, false, false});
    return;
  }
  hard_state_.vote = message.from;
  restart_election_timer(now);
  send_after(write_of_hard_state(), message.from, Vote{request.last, false, true});
}

void Raft::on(const Vote& vote, const Message& message, TimePoint now) {
  const bool counts = vote.pre ? role_ == Role::pre_candidate && message.term == term() + 1
                               : role_ == Role::candidate && message.term == term();
  if (!counts || !vote.granted || vote.last != log_.last()) return;
  votes_[static_cast<std::size_t>(message.from)] = true;
  count_votes(now);
}

/// A candidate needs its own vote on disk: otherwise it could crash, forget the term, and lead it again with
/// another log.
void Raft::count_votes(TimePoint now) {
  const auto granted = static_cast<std::size_t>(std::count(votes_.begin(), votes_.end(), true));
  if (granted < majority() || !votes_[static_cast<std::size_t>(self())]) return;
  if (role_ == Role::pre_candidate)
    stand(false, now);
  else
    lead(now);
}

void Raft::lead(TimePoint now) {
  become(Role::leader);
  leader_ = self();
  withhold_votes_until_ = TimePoint::never();
  batch_ = nullptr;
  const Index next = log_.last_index() + 1;
  for (Progress& p : progress_) {
    p = Progress{};
    p.next = next;
    p.heard = now;
  }
  log_.append({term(), nullptr});
  for (MemberId m = 0; m < settings_.members; ++m)
    if (m != self()) send_entries(m, true, now);
  heartbeat_at_ = now + settings_.heartbeat;
  quorum_since_ = now;
  quorum_at_ = now + settings_.election_timeout();
}

/// A leader that a majority does not hear steps down (D 6.2).
void Raft::check_quorum(TimePoint now) {
  if (quorum_heard(now) < quorum_since_) {
    step_down(term(), now);
    return;
  }
  quorum_since_ = now;
  quorum_at_ = now + settings_.election_timeout();
}

// Followers: log replication (§5.3)

void Raft::on(const AppendEntries& append_entries, const Message& message, TimePoint now) {
  if (!follow(message.from, now)) return;
  const Position previous = append_entries.previous;
  // What comes before the base is committed, so it matches.
  if (previous.index >= log_.base().index && log_.term_at(previous.index) != previous.term) {
    send(message.from, term(),
         AppendReply{false, previous.index, log_.may_match(previous.index, previous.term)});
    return;
  }
  append(append_entries);
  const Index last = previous.index + (append_entries.batch ? append_entries.batch->entries().size() : 0);
  commit_ = std::max(commit_, std::min({append_entries.commit, last, log_.last_index()}));
  acknowledge(message.from, last);
}

void Raft::append(const AppendEntries& append_entries) {
  if (!append_entries.batch) return;
  const auto& entries = append_entries.batch->entries();
  Index index = append_entries.previous.index;
  for (const Entry& entry : entries) {
    ++index;
    if (index <= commit_) continue;
    if (index <= log_.last_index()) {
      if (log_.at(index).term == entry.term) continue;
      truncate(index);
    }
    log_.append(entry);
  }
}

void Raft::truncate(Index first) {
  log_.truncate(first);
  taken_ = std::min(taken_, first - 1);
  durable_ = std::min(durable_, first - 1);
  for (Pending& pending : pending_) pending.last = std::min(pending.last, first - 1);
}

void Raft::on(const Heartbeat& heartbeat, const Message& message, TimePoint now) {
  if (!follow(message.from, now)) return;
  commit_ = std::max(commit_, std::min(heartbeat.commit, log_.last_index()));
  send_after(write_of_hard_state(), message.from, HeartbeatReply{heartbeat.sent});
}

void Raft::on(const InstallSnapshot& install, const Message& message, TimePoint now) {
  if (!follow(message.from, now)) return;
  const Position last = install.snapshot.last;
  if (last.index > commit_ && log_.term_at(last.index) != last.term) {
    snapshot_ = install.snapshot;
    snapshot_taken_ = false;
    log_.reset(last);
    taken_ = last.index;
    durable_ = 0;
    for (Pending& pending : pending_) pending.last = 0;
    applied_ = last.index;
    restore_ = snapshot_;
  }
  commit_ = std::max(commit_, last.index);
  acknowledge(message.from, last.index);
}

// The leader

void Raft::on(const AppendReply& reply, const Message& message, TimePoint now) {
  if (!leads()) return;
  Progress& p = of(message.from);
  p.heard = now;
  if (!reply.success) {
    if (p.state == Progress::State::replicate) {
      if (reply.index <= p.match) return;  // an old answer
      p.become_probe(p.match + 1);
    } else {
      if (p.state != Progress::State::probe || reply.index + 1 != p.next) return;  // an old answer
      const Index may_match = log_.may_match(reply.hint.index, reply.hint.term).index;
      p.become_probe(std::max(p.match + 1, std::min(reply.index, may_match + 1)));
    }
    send_entries(message.from, true, now);
    return;
  }
  p.match = std::max(p.match, reply.index);
  p.next = std::max(p.next, p.match + 1);
  const bool waited = p.state != Progress::State::replicate || p.full(settings_.append_window);
  p.free_up_to(reply.index);
  if (p.state == Progress::State::probe ||
      (p.state == Progress::State::snapshot && p.match >= p.pending_snapshot))
    p.become_replicate();
  advance_commit();
  if (waited) send_all_entries(message.from, now);
}

void Raft::on(const HeartbeatReply& reply, const Message& message, TimePoint now) {
  if (!leads()) return;
  Progress& p = of(message.from);
  p.heard = now;
  p.lease = std::max(p.lease, reply.sent);
  p.probing = false;
  if (p.state == Progress::State::snapshot && now >= p.snapshot_sent + settings_.snapshot_retry)
    p.become_probe(p.match + 1);
  // It hears us, so what it did not answer may be lost: one message more finds out.
  if (p.full(settings_.append_window)) p.in_flight.pop_front();
  if (p.match < log_.last_index()) send_entries(message.from, true, now);
}

void Raft::send_heartbeats(TimePoint now) {
  heartbeat_at_ = now + settings_.heartbeat;
  for (MemberId m = 0; m < settings_.members; ++m)
    if (m != self()) send(m, term(), Heartbeat{std::min(commit_, of(m).match), now});
}

/// §5.3 and §5.4.2: by counting, only entries of the current term are committed; older ones with them.
void Raft::advance_commit() {
  std::vector<Index>& match = match_;
  match.clear();
  for (MemberId m = 0; m < settings_.members; ++m) match.push_back(m == self() ? durable_ : of(m).match);
  const auto nth = match.begin() + static_cast<std::ptrdiff_t>(majority() - 1);
  std::nth_element(match.begin(), nth, match.end(), std::greater<>());
  if (*nth > commit_ && log_.term_at(*nth) == term()) commit_ = *nth;
}

/// One AppendEntries, as far as the follower's state allows it; or a snapshot, if the entries that it needs
/// are forgotten. Returns whether something was sent.
bool Raft::send_entries(MemberId to, bool even_if_none, TimePoint now) {
  Progress& p = of(to);
  if (p.state == Progress::State::snapshot || p.probing || p.full(settings_.append_window)) return false;
  if (p.next > log_.last_index() && !even_if_none) return false;
  const Index previous = p.next - 1;
  const std::optional<Term> previous_term = log_.term_at(previous);
  if (!previous_term) {
    p.become_snapshot(snapshot_.last.index, now);
    send(to, term(), InstallSnapshot{snapshot_});
    return true;
  }
  BatchPtr batch = batch_from(p.next);
  if (p.state == Progress::State::probe) {
    p.probing = true;
  } else if (batch) {
    p.next += batch->entries().size();
    p.in_flight.push_back(p.next - 1);
  }
  send(to, term(), AppendEntries{{previous, *previous_term}, commit_, std::move(batch)});
  return true;
}

void Raft::send_all_entries(MemberId to, TimePoint now) {
  while (send_entries(to, false, now)) {
  }
}

BatchPtr Raft::batch_from(Index first) {
  const Index last = log_.last_index();
  if (first > last) return nullptr;
  if (batch_ && batch_first_ == first && batch_log_last_ == last) return batch_;
  std::vector<Entry> entries;
  entries.reserve(std::min<std::size_t>(last - first + 1, kBatchReserve));
  Bytes size;
  for (Index i = first; i <= last; ++i) {
    const Entry& entry = log_.at(i);
    size += size_of(entry);
    if (i > first && size > settings_.append_bytes) break;
    entries.push_back(entry);
  }
  batch_ = BatchPtr(new Batch(std::move(entries)));
  batch_first_ = first;
  batch_log_last_ = last;
  return batch_;
}

/// With the leader itself, a majority of the members had `stamp` at that time or later.
TimePoint Raft::majority_at(TimePoint Progress::* stamp, TimePoint now) const {
  if (majority() == 1) return now;
  std::vector<TimePoint> stamps;
  for (MemberId m = 0; m < settings_.members; ++m)
    if (m != self()) stamps.push_back(progress(m).*stamp);
  const auto nth = stamps.begin() + static_cast<std::ptrdiff_t>(majority() - 2);
  std::nth_element(stamps.begin(), nth, stamps.end(), std::greater<>());
  return *nth;
}

TimePoint Raft::quorum_heard(TimePoint now) const {
  return majority_at(&Progress::heard, now);
}

bool Raft::may_read(TimePoint now) const {
  return leads() && log_.term_at(commit_) == term() &&
         now < majority_at(&Progress::lease, now) + settings_.least_timeout * kLeaseShare;
}

// Messages and writes

void Raft::send(MemberId to, Term term, Body body) {
  messages_.push_back({self(), to, term, std::move(body)});
}

void Raft::send_after(std::uint64_t write, MemberId to, Body body) {
  if (write <= written_)
    send(to, term(), std::move(body));
  else
    held_.push_back({write, {self(), to, term(), std::move(body)}});
}

/// Tells the leader that all up to `index` is on disk, once it is. Of those that wait for the same write the
/// last one says it all.
void Raft::acknowledge(MemberId to, Index index) {
  const std::uint64_t write = std::max(write_of_hard_state(), write_of(index));
  if (write > written_ && !held_.empty() && held_.back().write == write) {
    auto* reply = std::get_if<AppendReply>(&held_.back().message.body);
    if (reply != nullptr && reply->success && held_.back().message.to == to) {
      reply->index = std::max(reply->index, index);
      return;
    }
  }
  send_after(write, to, AppendReply{true, index, {}});
}

/// The write after which the present term and vote are on disk.
std::uint64_t Raft::write_of_hard_state() const {
  return hard_state_ == hard_state_taken_ ? hard_state_write_ : writes_ + 1;
}

/// The write after which the log up to `index` is on disk.
std::uint64_t Raft::write_of(Index index) const {
  if (index <= durable_) return 0;
  if (snapshot_taken_)
    for (const Pending& pending : pending_)
      if (pending.last >= index) return pending.number;
  return writes_ + 1;
}

bool Raft::own_vote_on_disk() const {
  return hard_state_.vote == self() && write_of_hard_state() <= written_;
}

/// A term that was only heard of need not be on disk before something rests on it.
bool Raft::must_write() const {
  if (!snapshot_taken_ || log_.last_index() > taken_) return true;
  if (hard_state_ == hard_state_taken_) return false;
  return hard_state_.vote != kNobody ||
         std::any_of(held_.begin(), held_.end(), [&](const Held& held) { return held.write > writes_; });
}

std::optional<Write> Raft::take_write(TimePoint now) {
  if (leads())
    for (MemberId m = 0; m < settings_.members; ++m)
      if (m != self()) send_all_entries(m, now);
  if (!must_write()) return std::nullopt;
  Write write;
  write.number = ++writes_;
  write.hard_state = hard_state_;
  write.size = kWriteHeader;
  if (hard_state_ != hard_state_taken_) hard_state_write_ = write.number;
  hard_state_taken_ = hard_state_;
  if (!snapshot_taken_) {
    write.snapshot = snapshot_;
    write.size += snapshot_.state->size();
    snapshot_taken_ = true;
  }
  write.base = log_.base();
  write.first = std::max(taken_, log_.base().index) + 1;
  if (log_.last_index() >= write.first) write.entries.reserve(log_.last_index() - write.first + 1);
  for (Index i = write.first; i <= log_.last_index(); ++i) {
    write.entries.push_back(log_.at(i));
    write.size += size_of(log_.at(i));
  }
  taken_ = log_.last_index();
  pending_.push_back({write.number, taken_});
  return write;
}

TimePoint Raft::next_tick() const {
  return leads() ? std::min(heartbeat_at_, quorum_at_) : election_at_;
}

std::optional<Raft::Committed> Raft::next_committed() {
  if (restore_ || applied_ >= commit_) return std::nullopt;
  ++applied_;
  return Committed{applied_, log_.at(applied_)};
}

}  // namespace headroom::queue::raft
