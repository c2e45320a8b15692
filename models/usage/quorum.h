#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/units.h"

/// What the coordinator of one operation decides: whom to ask, when it has enough, who stands in for whom.
/// Plain classes; hosts are numbers.
namespace headroom::usage {

/// A write with N homes that is acknowledged when W hosts have it. The quorum is sloppy: a home that does not
/// answer is replaced by the next host of the preference list, which keeps the copy for it with a hint and
/// counts towards W (Dynamo, section 4.6).
class WriteQuorum {
 public:
  /// A copy to be sent.
  struct Copy {
    int host;
    int stands_in_for;  ///< the home that it is a hint for; −1: the host is a home itself
    friend bool operator==(const Copy&, const Copy&) = default;
  };
  /// `preference`: all hosts; the first `homes` are the homes. It must outlive the quorum.
  WriteQuorum(std::span<const int> preference, int homes, int quorum, bool sloppy)
      : preference_(preference), homes_(homes), quorum_(quorum), sloppy_(sloppy) {}

  /// Who gets a copy at first: homes believed up, and stand-ins for the others.
  template <class Up>
  std::vector<Copy> begin(Up up) {
    next_ = sloppy_ ? static_cast<std::size_t>(homes_) : preference_.size();
    std::vector<Copy> copies;
    for (int i = 0; i < homes_; ++i) {
      const int home = preference_[static_cast<std::size_t>(i)];
      if (up(home))
        ask({home, -1}, copies);
      else
        replace(home, up, copies);
    }
    return copies;
  }
  /// Who has not answered will not: their stand-ins, which get a copy now. Should it answer later after all,
  /// it counts.
  template <class Up>
  std::vector<Copy> give_up(Up up) {
    std::vector<Copy> copies;
    const std::size_t asked = asked_.size();
    for (std::size_t i = 0; i < asked; ++i) {
      if (asked_[i].state != State::waiting) continue;
      asked_[i].state = State::silent;
      --waiting_;
      const Copy lost = asked_[i].copy;
      replace(lost.stands_in_for < 0 ? lost.host : lost.stands_in_for, up, copies);
    }
    return copies;
  }
  void acknowledged(int host) {
    for (Asked& a : asked_) {
      if (a.copy.host != host || a.state == State::acknowledged) continue;
      if (a.state == State::waiting) --waiting_;
      a.state = State::acknowledged;
      ++acknowledged_;
    }
  }

  bool reached() const { return acknowledged_ >= quorum_; }
  bool impossible() const { return acknowledged_ + waiting_ < quorum_; }
  /// Nobody is waited for.
  bool settled() const { return waiting_ == 0; }
  /// Hosts that are waited for.
  std::vector<int> waiting() const {
    std::vector<int> hosts;
    for (const Asked& a : asked_)
      if (a.state == State::waiting) hosts.push_back(a.copy.host);
    return hosts;
  }
  /// Homes that nobody stands in for: the coordinator keeps a hint for them, which does not count towards W.
  std::vector<int> take_unserved() { return std::exchange(unserved_, {}); }

 private:
  enum class State { waiting, silent, acknowledged };
  struct Asked {
    Copy copy;
    State state;
  };
  void ask(Copy copy, std::vector<Copy>& copies) {
    asked_.push_back({copy, State::waiting});
    ++waiting_;
    copies.push_back(copy);
  }
  template <class Up>
  void replace(int home, Up up, std::vector<Copy>& copies) {
    while (next_ < preference_.size()) {
      const int host = preference_[next_++];
      if (up(host)) return ask({host, home}, copies);
    }
    unserved_.push_back(home);
  }
  std::span<const int> preference_;
  int homes_;
  int quorum_;
  bool sloppy_;
  std::size_t next_ = 0;
  std::vector<Asked> asked_;
  std::vector<int> unserved_;
  int waiting_ = 0;
  int acknowledged_ = 0;
};

/// A read that is answered when R of the homes have answered. Only homes count: a stand-in knows what was
/// written while a home was away and nothing else, and a bill made from that would be wrong without anybody
/// noticing.
class ReadQuorum {
 public:
  ReadQuorum(std::span<const int> homes, int quorum) : homes_(homes), quorum_(quorum) {}
  /// Whom to ask: the homes believed up, or all if those are too few.
  template <class Up>
  std::vector<int> begin(Up up) {
    std::vector<int> hosts;
    std::copy_if(homes_.begin(), homes_.end(), std::back_inserter(hosts), up);
    if (static_cast<int>(hosts.size()) < quorum_) hosts.assign(homes_.begin(), homes_.end());
    waiting_ = hosts;
    return hosts;
  }
  /// False: it was not waited for (given up, or answered before).
  bool answered(int host) {
    if (std::erase(waiting_, host) == 0) return false;
    answered_.push_back(host);
    return true;
  }
  void give_up() { waiting_.clear(); }
  bool reached() const { return static_cast<int>(answered_.size()) >= quorum_; }
  bool impossible() const { return static_cast<int>(answered_.size() + waiting_.size()) < quorum_; }
  bool settled() const { return waiting_.empty(); }
  const std::vector<int>& waiting() const { return waiting_; }
  /// In the order of their answers.
  const std::vector<int>& who_answered() const { return answered_; }

 private:
  std::span<const int> homes_;
  int quorum_;
  std::vector<int> waiting_;
  std::vector<int> answered_;
};

/// Which other hosts are believed to be up, by one host that judges from what it hears: a host is suspected
/// when it left a request unanswered and nothing else was heard from it since, and until it is heard again.
class Suspicion {
 public:
  explicit Suspicion(std::size_t hosts) : last_heard_(hosts, TimePoint()), suspected_(hosts) {}
  bool up(int host) const { return !suspected_[static_cast<std::size_t>(host)]; }
  bool any() const { return count_ > 0; }
  /// True: it was suspected.
  bool heard(int host, TimePoint now) {
    last_heard_[static_cast<std::size_t>(host)] = now;
    if (up(host)) return false;
    suspected_[static_cast<std::size_t>(host)] = false;
    --count_;
    return true;
  }
  /// A request sent at `since` is still unanswered. True: so it is suspected, and was not before.
  bool silent(int host, TimePoint since) {
    if (!up(host) || last_heard_[static_cast<std::size_t>(host)] >= since) return false;
    suspected_[static_cast<std::size_t>(host)] = true;
    ++count_;
    return true;
  }

 private:
  std::vector<TimePoint> last_heard_;
  std::vector<bool> suspected_;
  int count_ = 0;
};

}  // namespace headroom::usage
