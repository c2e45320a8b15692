#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace headroom::invariants {

/// Watches a replicated log from outside and checks what must hold whatever happens (Ongaro & Ousterhout
/// 2014, figure 3): at most one leader per term, one vote per member and term, logs that match, committed
/// entries that stay, and the same commands in the same order for every state machine. It is told what leaves
/// a member – what is on its disk, what it votes, what it applies – and keeps its own books; it believes
/// nobody's word for what is committed or durable.
///
/// Members are 0 … members − 1, indexes and terms count from 1. `command` names a command: equal for the same
/// one, whoever holds it. A few nanoseconds per entry and member; memory in proportion to what the members'
/// disks keep of their logs, at most `window` entries.
class ConsensusChecker {
 public:
  explicit ConsensusChecker(int members, std::uint64_t window = 1'000'000)
      : window_(window), members_(static_cast<std::size_t>(members)) {}

  struct Entry {
    std::uint64_t term;
    std::uint64_t command;
  };

  /// A vote for `candidate` has left the member.
  void voted(int member, std::uint64_t term, int candidate);
  /// The member leads this term, with a log that goes up to `last`; `term_at(i)` tells the term of its entry
  /// i, 0: it has forgotten it.
  template <class TermAt>
  void elected(int member, std::uint64_t term, std::uint64_t last, TermAt term_at) {
    voted(member, term, member);
    note_leader(member, term);
    // Leader completeness (§5.4.3). As logs match, the last entry stands for all.
    if (committed_.empty()) return;
    const std::uint64_t found = committed() > last ? 0 : term_at(committed());
    if (committed() > last || (found != 0 && found != committed_.back().term))
      fail("the leader of term " + std::to_string(term) + " lacks committed entry " +
           std::to_string(committed()));
  }
  /// The member's disk now holds `entries` from index `first` on, nothing after them, and nothing up to
  /// `base` but a snapshot.
  template <class Entries>
  void stored(int member, std::uint64_t base, std::uint64_t first, const Entries& entries) {
    keep(member, base, first);
    for (const auto& entry : entries) store(member, entry);
    forget();
  }
  /// The member's state machine was given the command at `index`.
  void applied(int member, std::uint64_t index, std::uint64_t term, std::uint64_t command);
  /// The member's state machine now is as if everything up to `index` had been applied: by a snapshot, or by
  /// a restart (0: from nothing).
  void restored(int member, std::uint64_t index) { of(member).applied = index; }

  bool holds() const { return failures_ == 0; }
  /// How many facts were looked at.
  std::int64_t checked() const { return checked_; }
  /// The first violation; empty if there is none.
  const std::string& detail() const { return detail_; }
  /// The highest index that is known to be committed.
  std::uint64_t committed() const { return committed_base_ + committed_.size(); }

 private:
  /// A member's log on disk.
  struct Disk {
    std::uint64_t base = 0;
    std::deque<Entry> entries;
    std::uint64_t applied = 0;
    std::map<std::uint64_t, int> votes;  ///< by term; the recent ones
    std::uint64_t last() const { return base + entries.size(); }
    /// nullptr: not there, or forgotten.
    const Entry* at(std::uint64_t index) const {
      return index > base && index <= last() ? &entries[index - base - 1] : nullptr;
    }
  };
  void note_leader(int member, std::uint64_t term);
  Disk& of(int member) { return members_[static_cast<std::size_t>(member)]; }
  void keep(int member, std::uint64_t base, std::uint64_t first);
  void store(int member, const Entry& entry);
  void forget();
  void fail(std::string what) {
    if (failures_++ == 0) detail_ = std::move(what);
  }

  std::uint64_t window_;
  std::vector<Disk> members_;
  std::map<std::uint64_t, int> leaders_;  ///< by term
  /// What is committed, after `committed_base_`.
  std::deque<Entry> committed_;
  std::uint64_t committed_base_ = 0;
  std::int64_t checked_ = 0;
  std::int64_t failures_ = 0;
  std::string detail_;
};

}  // namespace headroom::invariants
