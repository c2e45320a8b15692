#include "models/queue/raft/raft.h"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <vector>

/// Sections (§) are those of the Raft paper (extended version), with a D those of Ongaro's dissertation.
namespace headroom::queue::raft {
namespace {

class Text final : public Payload {
 public:
  Bytes size() const override { return Bytes(100); }
};

TimePoint at(std::int64_t ms) {
  return TimePoint::at(Duration::ms(ms));
}

const Storage kEmpty;

/// A member with a disk that writes when told to. Elections are due 100 ms after the last reason to wait.
struct Member {
  explicit Member(int members, const Storage& disk = kEmpty, bool pre_vote = false, MemberId self = 0)
      : storage(disk) {
    Settings s;
    s.self = self;
    s.members = members;
    s.heartbeat = Duration::ms(20);
    s.election_timeout = [] { return Duration::ms(100); };
    s.least_timeout = Duration::ms(100);
    s.pre_vote = pre_vote;
    s.append_window = 3;
    s.append_bytes = Bytes(200);
    s.trailing_entries = 0;
    raft = std::make_unique<Raft>(s, storage, TimePoint());
  }
  /// Writes all that has to be written; returns whether there was anything.
  bool fsync(TimePoint now) {
    auto write = raft->take_write(now);
    if (!write) return false;
    const std::uint64_t number = write->number;
    storage.apply(std::move(*write));
    raft->persisted(number, now);
    return true;
  }
  /// What it has to say, to whom.
  template <class Body>
  std::map<MemberId, Message> said() {
    std::map<MemberId, Message> found;
    for (Message& m : raft->take_messages())
      if (std::holds_alternative<Body>(m.body)) found[m.to] = std::move(m);
    return found;
  }
  void hear(MemberId from, Term term, decltype(Message::body) body, TimePoint now) {
    raft->receive({from, raft->self(), term, std::move(body)}, now);
  }
  /// Makes it the leader of the next term, which members 1 … votes vote for.
  void win(TimePoint now, int votes) {
    raft->campaign(now);
    fsync(now);
    for (MemberId m = 1; m <= votes; ++m) hear(m, raft->term(), Vote{raft->log().last(), false, true}, now);
    REQUIRE(raft->leads());
  }
  std::vector<Term> terms() const {
    std::vector<Term> out;
    for (Index i = raft->log().first_index(); i <= raft->log().last_index(); ++i)
      out.push_back(raft->log().at(i).term);
    return out;
  }
  int commits() {
    int n = 0;
    while (raft->next_committed()) ++n;
    return n;
  }

  Storage storage;
  std::unique_ptr<Raft> raft;
};

BatchPtr batch(const std::vector<Term>& terms) {
  std::vector<Entry> entries;
  for (Term t : terms) entries.push_back({t, PayloadPtr(new Text)});
  return BatchPtr(new Batch(std::move(entries)));
}
Storage disk(Term term, const std::vector<Term>& log) {
  Storage s;
  s.hard_state.term = term;
  for (Term t : log) s.entries.push_back({t, PayloadPtr(new Text)});
  return s;
}
template <class Body>
const Body& body(const Message& m) {
  return std::get<Body>(m.body);
}

TEST_CASE("raft §5.1: a higher term is joined at once, a lower one refused") {
  Member m(3);
  m.win(at(0), 1);
  m.raft->take_messages();
  m.hear(2, 5, Heartbeat{}, at(1));
  CHECK(m.raft->role() == Role::follower);
  CHECK(m.raft->term() == 5);
  CHECK(m.raft->leader() == 2);
  m.hear(1, 4, AppendEntries{{0, 0}, 0, batch({4})}, at(2));
  const auto refusal = m.said<AppendReply>();
  REQUIRE(refusal.count(1) == 1);
  CHECK(refusal.at(1).term == 5);
  CHECK_FALSE(body<AppendReply>(refusal.at(1)).success);
  CHECK(m.raft->leader() == 2);
}

TEST_CASE("raft §5.2: who hears no leader for an election timeout stands for election") {
  Member m(5);
  m.raft->tick(at(99));
  CHECK(m.raft->role() == Role::follower);
  m.raft->tick(at(100));
  CHECK(m.raft->role() == Role::candidate);
  CHECK(m.raft->term() == 1);
  CHECK(m.raft->hard_state().vote == 0);
  CHECK(m.said<RequestVote>().size() == 4);  // at once, in parallel with its own fsync
  m.raft->tick(at(200));                     // no majority: the next term
  CHECK(m.raft->term() == 2);
}

TEST_CASE("raft §5.2: a majority elects, and the candidate's own vote counts once it is on disk") {
  Member m(5);
  m.raft->campaign(at(0));
  m.hear(1, 1, Vote{{}, false, true}, at(1));
  m.hear(1, 1, Vote{{}, false, true}, at(1));  // a duplicate is one vote
  m.hear(2, 1, Vote{{}, false, false}, at(1));
  CHECK_FALSE(m.raft->leads());
  m.hear(3, 1, Vote{{}, false, true}, at(1));
  m.hear(4, 1, Vote{{}, false, true}, at(1));
  CHECK_FALSE(m.raft->leads());
  m.fsync(at(2));
  CHECK(m.raft->leads());
}

TEST_CASE("raft §5.2: one vote per term, first come first served, and on disk before it is given") {
  Member m(3);
  m.hear(1, 1, RequestVote{}, at(0));
  CHECK(m.said<Vote>().empty());
  m.fsync(at(1));
  CHECK(body<Vote>(m.said<Vote>().at(1)).granted);
  CHECK(m.storage.hard_state == HardState{1, 1});
  m.hear(2, 1, RequestVote{}, at(2));
  CHECK_FALSE(body<Vote>(m.said<Vote>().at(2)).granted);
  m.hear(1, 1, RequestVote{}, at(3));  // its answer was lost
  CHECK(body<Vote>(m.said<Vote>().at(1)).granted);
  Member again(3, m.storage);  // a crash does not make it forget
  again.hear(2, 1, RequestVote{}, at(4));
  CHECK_FALSE(body<Vote>(again.said<Vote>().at(2)).granted);
}

TEST_CASE("raft §5.2: a candidate follows whoever leads its term") {
  Member m(3);
  m.raft->campaign(at(0));
  m.hear(2, 1, AppendEntries{{0, 0}, 0, batch({1})}, at(1));
  CHECK(m.raft->role() == Role::follower);
  CHECK(m.raft->leader() == 2);
  m.fsync(at(1));
  m.hear(1, 1, Vote{{}, false, true}, at(2));
  CHECK_FALSE(m.raft->leads());
}

TEST_CASE("raft §5.2: votes for a log that a crash cut short do not count") {
  // Its log goes out with the RequestVote, but neither the log nor the term is on disk yet when it crashes;
  // it stands in the same term again.
  Member m(5);
  m.hear(1, 1, AppendEntries{{0, 0}, 0, batch({1, 1})}, at(0));
  m.raft->campaign(at(100));
  const Position longer = body<RequestVote>(m.said<RequestVote>().at(2)).last;
  CHECK(longer == Position{2, 1});
  Member again(5, m.storage);
  again.raft->campaign(at(200));
  again.raft->campaign(at(300));
  REQUIRE(again.raft->term() == m.raft->term());
  again.fsync(at(301));
  for (MemberId v = 1; v < 5; ++v) again.hear(v, again.raft->term(), Vote{longer, false, true}, at(302));
  CHECK_FALSE(again.raft->leads());
}

TEST_CASE("raft §5.2: a leader lets everybody hear from it, and begins with a no-op (§8)") {
  Member m(3);
  m.win(at(0), 1);
  CHECK(m.terms() == std::vector<Term>{1});
  CHECK_FALSE(m.raft->log().at(1).command);
  CHECK(m.said<AppendEntries>().size() == 2);
  CHECK(m.raft->next_tick() == at(20));
  m.raft->tick(at(20));
  CHECK(m.said<Heartbeat>().size() == 2);
}

TEST_CASE("raft §5.3: an acknowledgement waits for the disk") {
  Member m(3);
  m.hear(1, 1, AppendEntries{{0, 0}, 1, batch({1, 1})}, at(0));
  CHECK(m.said<AppendReply>().empty());
  m.fsync(at(1));
  const auto reply = m.said<AppendReply>();
  CHECK(body<AppendReply>(reply.at(1)).success);
  CHECK(body<AppendReply>(reply.at(1)).index == 2);
  CHECK(m.storage.last_index() == 2);
  CHECK(m.commits() == 1);
  m.hear(1, 1, AppendEntries{{0, 0}, 1, batch({1})}, at(2));  // an old one, once more
  CHECK(body<AppendReply>(m.said<AppendReply>().at(1)).index == 1);
  CHECK(m.raft->log().last_index() == 2);
}

TEST_CASE("raft §5.3: figure 7, a leader makes every follower's log its own") {
  const std::vector<Term> leader_log = {1, 1, 1, 4, 4, 5, 5, 6, 6, 6};
  const std::vector<std::vector<Term>> followers = {
      {1, 1, 1, 4, 4, 5, 5, 6, 6},          {1, 1, 1, 4},          {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6},
      {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7}, {1, 1, 1, 4, 4, 4, 4}, {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3}};
  for (const auto& log : followers) {
    Member leader(3, disk(7, leader_log));
    Member follower(3, disk(7, log), false, 1);
    leader.raft->campaign(at(0));
    leader.fsync(at(0));
    leader.hear(2, 8, Vote{leader.raft->log().last(), false, true}, at(0));
    REQUIRE(leader.raft->leads());
    std::vector<Term> expected = leader_log;
    expected.push_back(8);
    int messages = 0;
    for (bool more = true; more;) {
      more = leader.fsync(at(1));
      for (Message& m : leader.raft->take_messages())
        if (m.to == 1) follower.raft->receive(std::move(m), at(1)), more = true;
      more |= follower.fsync(at(1));
      for (Message& m : follower.raft->take_messages())
        leader.raft->receive(std::move(m), at(1)), more = true;
      REQUIRE(++messages < 50);
    }
    CHECK(follower.terms() == expected);
    CHECK(follower.storage.last_index() == expected.size());
    CHECK(leader.raft->commit() == expected.size());
    CHECK(messages < 15);  // terms, not entries, are gone back over
  }
}

TEST_CASE("raft §5.4.1: no vote for a candidate whose log is less up to date") {
  struct Case {
    std::vector<Term> mine;
    Position candidate;
    bool granted;
  };
  for (const Case& c : {Case{{1}, {1, 1}, true}, Case{{1}, {2, 1}, true}, Case{{1, 1}, {1, 1}, false},
                        Case{{1}, {1, 2}, true}, Case{{1, 1}, {1, 2}, true}, Case{{2}, {1, 1}, false},
                        Case{{2}, {2, 1}, false}, Case{{}, {0, 0}, true}}) {
    Member m(3, disk(2, c.mine));
    m.hear(1, 3, RequestVote{c.candidate, false}, at(100));
    m.fsync(at(100));
    CHECK(body<Vote>(m.said<Vote>().at(1)).granted == c.granted);
  }
}

TEST_CASE("raft §5.4.2: figure 8, an entry of an older term is not committed by counting") {
  Member m(5, disk(3, {1, 2}));
  m.win(at(100), 2);
  REQUIRE(m.raft->term() == 4);
  m.fsync(at(101));
  for (MemberId f = 1; f <= 2; ++f) m.hear(f, 4, AppendReply{true, 2, {}}, at(102));
  CHECK(m.raft->commit() == 0);  // (c): a majority has entry 2, and it may still be lost
  m.hear(1, 4, AppendReply{true, 3, {}}, at(103));
  CHECK(m.raft->commit() == 0);
  m.hear(2, 4, AppendReply{true, 3, {}}, at(103));
  CHECK(m.raft->commit() == 3);  // (e)
}

TEST_CASE("raft: a leader does not count itself before its own disk has the entry (D 10.2.1)") {
  Member m(3);
  m.win(at(0), 1);
  m.fsync(at(0));
  m.hear(1, 1, AppendReply{true, 1, {}}, at(1));
  REQUIRE(m.raft->commit() == 1);
  m.raft->propose(PayloadPtr(new Text));
  auto write = m.raft->take_write(at(2));
  REQUIRE(write);
  CHECK(m.said<AppendEntries>().count(1) == 1);  // the follower is told in parallel
  m.hear(1, 1, AppendReply{true, 2, {}}, at(3));
  CHECK(m.raft->commit() == 1);
  m.raft->persisted(write->number, at(4));
  CHECK(m.raft->commit() == 2);
}

TEST_CASE("raft §7: a follower that needs what is forgotten gets the snapshot") {
  Member m(3);
  m.win(at(0), 1);
  m.fsync(at(0));
  for (int i = 0; i < 10; ++i) m.raft->propose(PayloadPtr(new Text));
  m.fsync(at(1));
  m.hear(1, 1, AppendReply{true, 11, {}}, at(2));
  CHECK(m.commits() == 11);
  m.raft->compact(PayloadPtr(new Text));
  CHECK(m.raft->log().first_index() == 12);
  m.fsync(at(3));
  CHECK(m.storage.snapshot.last == Position{11, 1});
  CHECK(m.storage.entries.empty());
  m.raft->take_messages();
  m.hear(2, 1, AppendReply{false, 0, {}}, at(4));
  const auto sent = m.said<InstallSnapshot>();
  REQUIRE(sent.count(2) == 1);

  Member behind(3, disk(1, {1, 1}), false, 2);
  behind.hear(0, 1, body<InstallSnapshot>(sent.at(2)), at(5));
  CHECK(behind.raft->take_restore()->last == Position{11, 1});
  CHECK(behind.said<AppendReply>().empty());
  behind.fsync(at(6));
  CHECK(behind.storage.snapshot.last == Position{11, 1});
  const auto reply = behind.said<AppendReply>();
  m.hear(2, 1, body<AppendReply>(reply.at(0)), at(7));
  CHECK(m.raft->progress(2).state == Progress::State::replicate);
  Member restarted(3, behind.storage, false, 2);
  CHECK(restarted.raft->applied() == 11);
  CHECK(restarted.raft->take_restore().has_value());
}

TEST_CASE("raft: at most a window of messages is on its way to a follower; heartbeats go on") {
  Member m(3);
  m.win(at(0), 1);
  m.fsync(at(0));
  m.raft->take_messages();
  m.hear(1, 1, AppendReply{true, 1, {}}, at(1));
  for (int i = 0; i < 20; ++i) m.raft->propose(PayloadPtr(new Text));
  m.raft->take_write(at(2));
  int sent = 0;
  for (const Message& message : m.raft->take_messages()) sent += message.to == 1 ? 1 : 0;
  CHECK(sent == 3);
  CHECK(m.raft->progress(1).next == 8);  // two entries of 100 B in each
  m.raft->tick(at(20));
  CHECK(m.said<Heartbeat>().count(1) == 1);
  m.hear(1, 1, AppendReply{true, 3, {}}, at(21));
  CHECK(m.said<AppendEntries>().count(1) == 1);
  CHECK(m.raft->progress(1).next == 10);
}

TEST_CASE("raft: what was lost on the way is sent again when the follower is heard") {
  Member leader(3);
  Member follower(3, kEmpty, false, 1);
  leader.win(at(0), 2);
  leader.fsync(at(0));
  leader.raft->take_messages();  // the no-op is lost
  leader.raft->tick(at(20));
  for (int round = 0; round < 5; ++round) {
    for (Message& m : leader.raft->take_messages())
      if (m.to == 1) follower.raft->receive(std::move(m), at(21));
    follower.fsync(at(21));
    for (Message& m : follower.raft->take_messages()) leader.raft->receive(std::move(m), at(21));
  }
  CHECK(leader.raft->progress(1).match == 1);
  CHECK(leader.raft->commit() == 1);
}

TEST_CASE("raft D 9.6: with pre-vote, a member that nobody hears does not raise the term") {
  Member m(3, disk(4, {1, 4}), true);
  for (int i = 1; i <= 5; ++i) m.raft->tick(at(100 * i));
  CHECK(m.raft->role() == Role::pre_candidate);
  CHECK(m.raft->term() == 4);
  const auto asked = m.said<RequestVote>();
  CHECK(asked.at(1).term == 5);
  CHECK(body<RequestVote>(asked.at(1)).pre);
  m.hear(1, 5, Vote{{2, 4}, true, true}, at(501));
  CHECK(m.raft->role() == Role::candidate);
  CHECK(m.raft->term() == 5);
  CHECK_FALSE(m.raft->leads());
}

TEST_CASE("raft D 4.2.3: whoever hears a leader neither votes for another one nor joins its term") {
  for (const bool pre : {false, true}) {
    Member m(3);
    m.hear(1, 1, Heartbeat{}, at(0));
    m.hear(2, 7, RequestVote{{9, 1}, pre}, at(99));
    CHECK(m.raft->term() == 1);
    CHECK(m.said<Vote>().empty());
    m.hear(2, 7, RequestVote{{9, 1}, pre}, at(100));
    m.fsync(at(100));
    CHECK(body<Vote>(m.said<Vote>().at(2)).granted);
    CHECK(m.raft->term() == (pre ? 1 : 7));
  }
  Member restarted(3, disk(1, {1}));  // it may have heard one just before it crashed
  restarted.hear(2, 7, RequestVote{{9, 1}, false}, at(50));
  CHECK(restarted.raft->term() == 1);
}

TEST_CASE("raft D 6.2: a leader that no majority hears steps down") {
  Member m(5);
  m.win(at(0), 2);
  for (int ms = 20; ms <= 90; ms += 10) {
    m.raft->tick(at(ms));
    m.hear(1, 1, HeartbeatReply{at(ms)}, at(ms));
  }
  m.raft->tick(at(100));
  CHECK(m.raft->leads());  // it was elected within this timeout
  for (int ms = 110; ms <= 190; ms += 10) {
    m.raft->tick(at(ms));
    m.hear(1, 1, HeartbeatReply{at(ms)}, at(ms));
  }
  m.raft->tick(at(200));
  CHECK_FALSE(m.raft->leads());  // two of five is no majority
  CHECK(m.raft->term() == 1);
}

TEST_CASE("raft D 6.4: a lease runs from when the heartbeat was sent, and needs an entry of the term") {
  Member m(3);
  m.win(at(0), 1);
  m.fsync(at(0));
  m.raft->tick(at(20));
  m.hear(1, 1, HeartbeatReply{at(20)}, at(30));
  CHECK_FALSE(m.raft->may_read(at(30)));
  m.hear(1, 1, AppendReply{true, 1, {}}, at(31));
  CHECK(m.raft->may_read(at(31)));
  CHECK(m.raft->may_read(at(109)));
  CHECK_FALSE(m.raft->may_read(at(110)));  // nine tenths of the time for which votes are withheld
}

TEST_CASE("raft: a group of one commits what is on its own disk") {
  Member m(1);
  m.raft->tick(at(100));
  CHECK_FALSE(m.raft->leads());
  m.fsync(at(101));
  REQUIRE(m.raft->leads());
  m.raft->propose(PayloadPtr(new Text));
  CHECK(m.raft->commit() == 0);
  m.fsync(at(102));
  CHECK(m.commits() == 2);
  CHECK(m.raft->may_read(at(103)));
}

}  // namespace
}  // namespace headroom::queue::raft
