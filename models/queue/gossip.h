#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "models/queue/command.h"
#include "sim/base/units.h"
#include "sim/world/task.h"

namespace headroom::queue {

class Node;
class Queue;

/// `availability_first`: each member has a log of its own, takes jobs in on its own word, and hands out what
/// it has taken in. Later it tells the others, so that somebody does its jobs while it is silent: the first
/// one after it (in a ring) that can still be heard. Nobody asks whether a silent member is dead or only cut
/// off, so that what it had is done twice. Part of a member's process; forgotten when that dies.
class Gossip {
 public:
  Gossip(Queue& queue, Node& node, int member);

  /// One of this member's own jobs; `session` tells whether it was adopted, and from whom.
  void entered(JobId job, const Enqueue& command);
  void ended(JobId job);

  struct News {
    JobId job;
    std::uint64_t key;
    bool probe;
    ContentPtr content;
  };
  struct Message {
    int from = 0;
    std::uint64_t life = 0;    ///< of the sender
    std::uint64_t number = 0;  ///< counts from 1 in each life
    bool all = false;          ///< `entered` is all that there is
    std::vector<News> entered{};
    std::vector<JobId> ended{};
    std::vector<JobId> done{};  ///< the addressee's jobs, done by others
  };
  void heard(const Message& message);
  void answered(int peer, std::uint64_t number, bool needs_all);

 private:
  static constexpr Duration kEvery = Duration::ms(100);
  /// A peer's jobs, as it told.
  struct Shadow {
    std::uint64_t life = 0;
    std::uint64_t number = 0;
    TimePoint heard{};
    std::map<JobId, News> jobs{};
  };
  /// What a peer must be told.
  struct Untold {
    std::set<JobId> entered{};
    std::set<JobId> ended{};
    std::set<JobId> done{};
    void add(const Untold& other);
  };
  struct Peer {
    Untold next{};
    Untold sent{};  ///< and not answered yet
    std::uint64_t number = 0;
    bool all = true;
    Shadow shadow{};
  };
  static world::Task<> tell_regularly(Gossip* self);
  void tell(int to);
  void adopt_silent();
  bool silent(int member) const;
  Life session_for(int owner) const;
  std::optional<int> owner(const Life& session) const;

  Queue& queue_;
  Node& node_;
  int member_;
  std::vector<Peer> peers_;
  std::map<JobId, std::pair<int, JobId>> adopted_;  // this member's → whose, and which of its jobs
};

}  // namespace headroom::queue
