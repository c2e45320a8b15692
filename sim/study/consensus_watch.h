#pragma once

#include <cstdint>
#include <vector>

#include "models/queue/observer.h"
#include "sim/invariants/consensus_checker.h"
#include "sim/metrics/result.h"

namespace headroom::study {

/// Tells the consensus checker what the members of the queue do.
class ConsensusWatch final : public queue::Observer {
 public:
  explicit ConsensusWatch(int members) : checker_(members) {}
  void voted(queue::raft::MemberId member, queue::raft::Term term, queue::raft::MemberId candidate) override {
    checker_.voted(member, term, candidate);
  }
  void elected(queue::raft::MemberId member, const queue::raft::Raft& state) override {
    checker_.elected(member, state.term(), state.log().last_index(),
                     [&](queue::raft::Index i) { return state.log().term_at(i).value_or(0); });
  }
  void stored(queue::raft::MemberId member, const queue::raft::Write& write) override {
    entries_.clear();
    for (const queue::raft::Entry& entry : write.entries) entries_.push_back({entry.term, name(entry)});
    checker_.stored(member, write.base.index, write.first, entries_);
  }
  void applied(queue::raft::MemberId member, queue::raft::Index index,
               const queue::raft::Entry& entry) override {
    checker_.applied(member, index, entry.term, name(entry));
  }
  void restored(queue::raft::MemberId member, queue::raft::Index index) override {
    checker_.restored(member, index);
  }
  const invariants::ConsensusChecker& checker() const { return checker_; }
  void report(metrics::ResultBuilder& results) const {
    results.invariant("one leader per term, logs that match, committed entries stay", checker_.holds(),
                      checker_.checked(), checker_.detail());
  }

 private:
  /// Members share the objects that they replicate, so a command's address names it as long as anybody has
  /// it.
  static std::uint64_t name(const queue::raft::Entry& entry) {
    return reinterpret_cast<std::uintptr_t>(entry.command.get());
  }
  invariants::ConsensusChecker checker_;
  std::vector<invariants::ConsensusChecker::Entry> entries_;
};

}  // namespace headroom::study
