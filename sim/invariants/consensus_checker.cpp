#include "sim/invariants/consensus_checker.h"

#include <algorithm>

namespace headroom::invariants {
namespace {

/// Votes of a member that are remembered: a vote in a term so old is no danger any more.
constexpr std::size_t kVotes = 64;

std::string entry(std::uint64_t index) {
  return "entry " + std::to_string(index);
}
std::string by(int member) {
  return " of member " + std::to_string(member);
}

}  // namespace

void ConsensusChecker::voted(int member, std::uint64_t term, int candidate) {
  ++checked_;
  auto& votes = of(member).votes;
  const auto [vote, first] = votes.emplace(term, candidate);
  if (!first && vote->second != candidate)
    fail("member " + std::to_string(member) + " voted twice in term " + std::to_string(term));
  if (votes.size() > kVotes) votes.erase(votes.begin());
}

void ConsensusChecker::note_leader(int member, std::uint64_t term) {
  ++checked_;
  if (!leaders_.emplace(term, member).second) fail("term " + std::to_string(term) + " has two leaders");
}

void ConsensusChecker::keep(int member, std::uint64_t base, std::uint64_t first) {
  Disk& disk = of(member);
  for (std::uint64_t i = std::max(first, committed_base_ + 1); i <= std::min(disk.last(), committed()); ++i) {
    const Entry* removed = disk.at(i);
    if (removed != nullptr && removed->term == committed_[i - committed_base_ - 1].term)
      fail("committed " + entry(i) + " was removed from the disk" + by(member));
  }
  while (disk.base < base && !disk.entries.empty()) {
    disk.entries.pop_front();
    ++disk.base;
  }
  disk.base = std::max(disk.base, base);
  if (first <= disk.base) {  // the window is shorter than the log
    disk.entries.clear();
    disk.base = first - 1;
  } else if (first <= disk.last()) {
    disk.entries.resize(first - disk.base - 1);
  } else if (first > disk.last() + 1) {
    fail("the disk" + by(member) + " has no entries before " + entry(first));
    disk.entries.clear();
    disk.base = first - 1;
  }
}

/// Log matching (§5.3): where two logs have an entry of the same index and term, it is the same one, and so
/// is the one before it.
void ConsensusChecker::store(int member, const Entry& stored) {
  Disk& disk = of(member);
  const std::uint64_t index = disk.last() + 1;
  const Entry* before = disk.at(index - 1);
  if (before != nullptr && before->term > stored.term)
    fail("terms go back at " + entry(index) + " on the disk" + by(member));
  for (const Disk& other : members_) {
    if (&other == &disk) continue;
    const Entry* same = other.at(index);
    if (same == nullptr || same->term != stored.term) continue;
    const Entry* before_same = other.at(index - 1);
    ++checked_;
    if (same->command != stored.command ||
        (before != nullptr && before_same != nullptr && before->term != before_same->term))
      fail("logs differ at or before " + entry(index) + " of term " + std::to_string(stored.term));
  }
  disk.entries.push_back(stored);
}

void ConsensusChecker::applied(int member, std::uint64_t index, std::uint64_t term, std::uint64_t command) {
  ++checked_;
  Disk& disk = of(member);
  if (index != disk.applied + 1) fail(entry(index) + by(member) + " was applied out of order");
  disk.applied = index;
  if (index <= committed_base_) return;
  if (index <= committed()) {  // state machine safety
    const Entry& known = committed_[index - committed_base_ - 1];
    if (known.term != term || known.command != command)
      fail("member " + std::to_string(member) + " applied another " + entry(index) + " than others");
    return;
  }
  const auto has = [&](const Disk& d) {
    const Entry* mine = d.at(index);
    return d.base >= index || (mine != nullptr && mine->term == term && mine->command == command);
  };
  const auto holders = static_cast<std::size_t>(std::count_if(members_.begin(), members_.end(), has));
  if (holders * 2 <= members_.size())
    fail(entry(index) + " was applied when only " + std::to_string(holders) + " of " +
         std::to_string(members_.size()) + " members had it on disk");
  if (index != committed() + 1) {  // what lies between was never seen
    committed_.clear();
    committed_base_ = index - 1;
  }
  committed_.push_back({term, command});
}

/// What no disk keeps will not be applied again.
void ConsensusChecker::forget() {
  std::uint64_t base = committed();
  for (Disk& disk : members_) {
    while (disk.entries.size() > window_) {
      disk.entries.pop_front();
      ++disk.base;
    }
    base = std::min(base, disk.base);
  }
  // The last committed entry stays: the next leader must have it.
  while (committed_.size() > 1 && (committed_base_ < base || committed_.size() > window_)) {
    committed_.pop_front();
    ++committed_base_;
  }
}

}  // namespace headroom::invariants
