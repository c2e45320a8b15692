#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "models/queue/raft/raft.h"
#include "sim/base/distribution.h"
#include "sim/base/random.h"
#include "sim/invariants/consensus_checker.h"

/// A group of pure Raft members on a network, disks and a clock of the test's own, all of them as bad as
/// asked.
namespace headroom::queue::raft::test {

/// A command that knows its number, and a snapshot that is the hash of all applied so far.
class Number final : public Payload {
 public:
  explicit Number(std::uint64_t n, Bytes size = Bytes(100)) : n_(n), size_(size) {}
  std::uint64_t value() const { return n_; }
  Bytes size() const override { return size_; }

 private:
  std::uint64_t n_;
  Bytes size_;
};
inline std::uint64_t number(const PayloadPtr& payload) {
  return payload ? static_cast<const Number&>(*payload).value() : 0;
}

/// Planted bugs, each outside of the product: in the driver, on the network, or on the disk.
struct Bugs {
  bool forge_acks = false;        ///< a member's acknowledgement counts for another one, too
  bool forget_votes = false;      ///< the disk keeps the term but not the vote
  bool ack_before_fsync = false;  ///< a write is called durable when it begins
  bool commit_rule = false;       ///< the driver commits by a rule of its own: right, unless …
  bool count_old_terms = false;   ///< … it takes entries of older terms, too
  bool ignore_log = false;        ///< voters take every candidate's log for up to date
};

struct Chaos {
  int members = 3;
  bool pre_vote = true;
  double loss = 0.05;
  double duplication = 0.05;
  Duration delay_low = Duration::ms(1);
  Duration delay_high = Duration::ms(30);  ///< messages overtake one another
  Duration fsync_low = Duration::ms(1);
  Duration fsync_high = Duration::ms(15);
  Duration crash_every = Duration::ms(800);      ///< mean, of any member; 0: never
  Duration down_for = Duration::ms(400);         ///< mean
  Duration partition_every = Duration::ms(900);  ///< mean; 0: never
  Duration partition_for = Duration::ms(500);    ///< mean
  Duration propose_every = Duration::ms(10);     ///< mean
  Bytes append_bytes{400};                       ///< four commands
  int append_window = 4;
  Index compact_after = 50;
  Bugs bugs{};
};

class Cluster {
 public:
  Cluster(const Chaos& chaos, std::uint64_t seed)
      : chaos_(chaos),
        key_(seed),
        engine_((key_ / "chaos").engine()),
        checker_(chaos.members),
        nodes_(static_cast<std::size_t>(chaos.members)) {
    blocked_.assign(nodes_.size(), std::vector<bool>(nodes_.size()));
    for (MemberId m = 0; m < chaos_.members; ++m) start(m);
    if (chaos_.crash_every > Duration()) after(exponential(chaos_.crash_every), [this] { crash_somebody(); });
    if (chaos_.partition_every > Duration())
      after(exponential(chaos_.partition_every), [this] { partition_somehow(); });
    after(exponential(chaos_.propose_every), [this] { propose_somewhere(); });
  }

  /// Runs until `end`, or as long as nothing is violated.
  void run_until(TimePoint end) {
    while (!agenda_.empty() && checker_.holds()) {
      auto next = agenda_.begin();
      if (next->first.first > end) break;
      now_ = next->first.first;
      const std::function<void()> act = std::move(next->second);
      agenda_.erase(next);
      act();
    }
    if (checker_.holds()) now_ = end;
  }
  void run_for(Duration d) { run_until(now_ + d); }

  /// From now on nothing fails, everybody is up, and there is time to catch up.
  void heal() {
    chaos_.loss = chaos_.duplication = 0;
    chaos_.propose_every = Duration::ms(100);
    chaos_.crash_every = chaos_.partition_every = Duration();
    for (auto& row : blocked_) row.assign(row.size(), false);
    for (MemberId m = 0; m < chaos_.members; ++m)
      if (!node(m).raft) start(m);
  }

  const invariants::ConsensusChecker& checker() const { return checker_; }
  TimePoint now() const { return now_; }
  Raft* member(MemberId m) { return node(m).raft.get(); }
  const Storage& storage(MemberId m) { return node(m).storage; }
  /// The live leader of the highest term; kNobody.
  MemberId leader() {
    MemberId best = kNobody;
    for (MemberId m = 0; m < chaos_.members; ++m)
      if (member(m) != nullptr && member(m)->leads() &&
          (best == kNobody || member(m)->term() > member(best)->term()))
        best = m;
    return best;
  }
  /// A hash of all that the member's state machine was given, in order.
  std::uint64_t state(MemberId m) { return node(m).state; }
  std::uint64_t elections() const { return elections_; }
  std::uint64_t applied() const { return applied_; }
  std::uint64_t proposed() const { return proposed_; }
  std::uint64_t snapshots_sent() const { return snapshots_sent_; }

  void crash(MemberId m) {
    if (!node(m).raft) return;
    node(m).raft.reset();
    ++node(m).life;
    node(m).writing = false;
    node(m).wakes = TimePoint::never();
  }
  void start(MemberId m) {
    Node& n = node(m);
    Settings settings;
    settings.self = m;
    settings.members = chaos_.members;
    settings.heartbeat = Duration::ms(30);
    settings.least_timeout = Duration::ms(100);
    settings.election_timeout = [this] { return uniform(Duration::ms(100), Duration::ms(200)); };
    settings.pre_vote = chaos_.pre_vote;
    settings.append_bytes = chaos_.append_bytes;
    settings.append_window = chaos_.append_window;
    settings.trailing_entries = 10;
    settings.snapshot_retry = Duration::ms(200);
    n.raft = std::make_unique<Raft>(settings, n.storage, now_);
    n.state = 0;
    n.early_applied = n.storage.snapshot.last.index;
    checker_.restored(m, n.storage.snapshot.last.index);
    pump(m);
  }
  void block(MemberId from, MemberId to, bool blocked) {
    blocked_[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)] = blocked;
  }
  std::optional<Index> propose(MemberId m) {
    if (member(m) == nullptr) return std::nullopt;
    const auto index = member(m)->propose(PayloadPtr(new Number(++proposed_)));
    pump(m);
    return index;
  }

 private:
  struct Node {
    Storage storage;
    std::unique_ptr<Raft> raft;
    std::uint64_t life = 0;
    bool writing = false;
    TimePoint wakes = TimePoint::never();
    std::uint64_t state = 0;
    Index early_applied = 0;           ///< with commit_rule
    std::vector<Index> early_match{};  ///< with commit_rule, by member
  };
  Node& node(MemberId m) { return nodes_[static_cast<std::size_t>(m)]; }

  double uniform() { return uniform01(engine_); }
  Duration uniform(Duration low, Duration high) {
    return low + Duration::ns(static_cast<std::int64_t>(
                     uniform_below(engine_, static_cast<std::uint64_t>((high - low).count_ns()) + 1)));
  }
  Duration exponential(Duration mean) { return Distribution<Duration>::exponential(mean).sample(engine_); }
  MemberId anybody() {
    return static_cast<MemberId>(uniform_below(engine_, static_cast<std::uint64_t>(chaos_.members)));
  }
  void after(Duration d, std::function<void()> act) {
    agenda_.emplace(std::pair(now_ + d, ++sequence_), std::move(act));
  }

  // Faults
  void crash_somebody() {
    if (chaos_.crash_every == Duration()) return;
    const MemberId preferred = leader();
    const MemberId m = preferred != kNobody && uniform() < 0.5 ? preferred : anybody();
    crash(m);
    after(exponential(chaos_.down_for), [this, m] {
      if (!node(m).raft) start(m);
    });
    after(exponential(chaos_.crash_every), [this] { crash_somebody(); });
  }
  void partition_somehow() {
    if (chaos_.partition_every == Duration()) return;
    std::vector<bool> side;
    for (MemberId m = 0; m < chaos_.members; ++m) side.push_back(uniform() < 0.5);
    const double direction = uniform();
    const auto set = [this, side, direction](bool blocked) {
      for (MemberId a = 0; a < chaos_.members; ++a) {
        for (MemberId b = 0; b < chaos_.members; ++b) {
          const bool from_a = side[static_cast<std::size_t>(a)];
          if (from_a == side[static_cast<std::size_t>(b)]) continue;
          if (direction < 0.5 || from_a == (direction < 0.75)) block(a, b, blocked);
        }
      }
    };
    set(true);
    after(exponential(chaos_.partition_for), [set] { set(false); });
    after(exponential(chaos_.partition_every), [this] { partition_somehow(); });
  }
  void propose_somewhere() {
    const MemberId m = leader();
    if (m != kNobody) propose(m);
    after(exponential(chaos_.propose_every), [this] { propose_somewhere(); });
  }

  // The network
  void send(Message message) {
    if (std::holds_alternative<InstallSnapshot>(message.body)) ++snapshots_sent_;
    if (const auto* vote = std::get_if<Vote>(&message.body); vote != nullptr && vote->granted && !vote->pre)
      checker_.voted(message.from, message.term, message.to);
    if (chaos_.bugs.forge_acks) {
      if (const auto* reply = std::get_if<AppendReply>(&message.body); reply != nullptr && reply->success) {
        Message forged = message;
        forged.from = (message.from + 1) % chaos_.members;
        if (forged.from != forged.to) post(std::move(forged));
      }
    }
    if (uniform() < chaos_.duplication) post(message);
    post(std::move(message));
  }
  void post(Message message) {
    if (uniform() < chaos_.loss) return;
    after(uniform(chaos_.delay_low, chaos_.delay_high),
          [this, message = std::move(message)]() mutable { deliver(std::move(message)); });
  }
  void deliver(Message message) {
    const MemberId to = message.to;
    if (blocked_[static_cast<std::size_t>(message.from)][static_cast<std::size_t>(to)]) return;
    if (member(to) == nullptr) return;
    std::optional<Position> asked;
    if (chaos_.bugs.ignore_log) {
      if (auto* request = std::get_if<RequestVote>(&message.body)) {
        asked = request->last;
        request->last = {1'000'000'000, 1'000'000'000};
      }
      if (auto* vote = std::get_if<Vote>(&message.body)) vote->last = member(to)->log().last();
    }
    const Message seen = message;
    member(to)->receive(std::move(message), now_);
    if (chaos_.bugs.commit_rule) commit_by_own_rule(to, seen);
    pump(to);
  }

  // The driver
  void pump(MemberId m) {
    Node& n = node(m);
    Raft& raft = *n.raft;
    for (const RoleChange& change : raft.take_role_changes()) {
      if (change.role != Role::leader) continue;
      ++elections_;
      n.early_match.assign(nodes_.size(), 0);
      checker_.elected(m, change.term, raft.log().last_index(),
                       [&](Index i) { return raft.log().term_at(i).value_or(0); });
    }
    for (Message& message : raft.take_messages()) send(std::move(message));
    if (auto snapshot = raft.take_restore()) {
      n.state = number(snapshot->state);
      if (snapshot->last.index > n.early_applied) n.early_applied = snapshot->last.index;
      checker_.restored(m, snapshot->last.index);
    }
    while (auto committed = raft.next_committed()) {
      ++applied_;
      n.state = (n.state ^ number(committed->entry.command)) * 0x100000001b3ULL + 1;
      if (!chaos_.bugs.commit_rule || committed->index > n.early_applied)
        checker_.applied(m, committed->index, committed->entry.term, number(committed->entry.command));
      n.early_applied = std::max(n.early_applied, committed->index);
    }
    if (raft.applied() >= raft.log().base().index + chaos_.compact_after)
      raft.compact(PayloadPtr(new Number(n.state, Bytes(1000))));
    write(m);
    wake(m);
  }
  void write(MemberId m) {
    Node& n = node(m);
    if (n.writing) return;
    auto write = n.raft->take_write(now_);
    for (Message& message : n.raft->take_messages()) send(std::move(message));
    if (!write) return;
    n.writing = true;
    const std::uint64_t number = write->number;
    const std::uint64_t life = n.life;
    if (chaos_.bugs.ack_before_fsync) n.raft->persisted(number, now_);
    after(uniform(chaos_.fsync_low, chaos_.fsync_high),
          [this, m, life, number, write = std::make_shared<Write>(std::move(*write))] {
            Node& mine = node(m);
            if (mine.life != life) return;  // it crashed: what was not durable is lost
            std::vector<invariants::ConsensusChecker::Entry> entries;
            entries.reserve(write->entries.size());
            for (const Entry& e : write->entries) entries.push_back({e.term, test::number(e.command)});
            checker_.stored(m, write->base.index, write->first, entries);
            mine.storage.apply(std::move(*write));
            if (chaos_.bugs.forget_votes) mine.storage.hard_state.vote = kNobody;
            mine.writing = false;
            mine.raft->persisted(number, now_);
            pump(m);
          });
    if (chaos_.bugs.ack_before_fsync) pump(m);
  }
  void wake(MemberId m) {
    Node& n = node(m);
    const TimePoint next = std::max(n.raft->next_tick(), now_);
    if (n.wakes <= next && n.wakes > now_) return;  // wakes early enough, and looks then
    n.wakes = next;
    const std::uint64_t life = n.life;
    agenda_.emplace(std::pair(next, ++sequence_), [this, m, life, next] {
      Node& mine = node(m);
      if (mine.life != life) return;
      if (mine.wakes == next) mine.wakes = TimePoint::never();
      mine.raft->tick(now_);
      pump(m);
    });
  }

  /// Commits what a majority has acknowledged to the leader, on its own disk included.
  void commit_by_own_rule(MemberId m, const Message& message) {
    Node& n = node(m);
    const auto* reply = std::get_if<AppendReply>(&message.body);
    if (reply == nullptr || !reply->success || !n.raft->leads() || message.term != n.raft->term()) return;
    auto& match = n.early_match[static_cast<std::size_t>(message.from)];
    match = std::max(match, reply->index);
    n.early_match[static_cast<std::size_t>(m)] = n.storage.last_index();
    std::vector<Index> sorted = n.early_match;
    std::sort(sorted.begin(), sorted.end());
    const Index commit = std::min(sorted[(sorted.size() - 1) / 2], n.raft->log().last_index());
    if (!chaos_.bugs.count_old_terms && n.raft->log().term_at(commit) != n.raft->term()) return;
    while (n.early_applied < commit && n.early_applied >= n.raft->log().base().index) {
      ++n.early_applied;
      const Entry& e = n.raft->log().at(n.early_applied);
      checker_.applied(m, n.early_applied, e.term, number(e.command));
    }
  }

  Chaos chaos_;
  StreamKey key_;
  Engine engine_;
  invariants::ConsensusChecker checker_;
  TimePoint now_;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<TimePoint, std::uint64_t>, std::function<void()>> agenda_;
  std::vector<Node> nodes_;
  std::vector<std::vector<bool>> blocked_;
  std::uint64_t elections_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t proposed_ = 0;
  std::uint64_t snapshots_sent_ = 0;
};

}  // namespace headroom::queue::raft::test
