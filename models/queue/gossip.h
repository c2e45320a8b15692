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
/// off, so that what it had is done twice: by each member at most once, because a job that was adopted keeps
/// the name that it had where it was taken in. Part of a member's process; forgotten when that dies.
class Gossip {
 public:
  Gossip(Queue& queue, Node& node, int member);

  /// One of the jobs that this member has; `session` tells whether it was adopted.
  void entered(JobId job, const Enqueue& command);
  void ended(JobId job);

  /// A job, by the member that took it in, and that member's number for it.
  struct Work {
    int owner = 0;
    JobId job = 0;
    friend auto operator<=>(const Work&, const Work&) = default;
  };
  struct News {
    JobId job;  ///< the sender's number for it
    Work work;
    std::uint64_t key;
    bool probe;
    ContentPtr content;
  };
  struct Message {
    int from = 0;
    std::uint64_t life = 0;    ///< of the sender
    std::uint64_t number = 0;  ///< counts from 1 in each life; 0: no news, only that it lives
    bool all = false;          ///< `entered` is all that there is
    std::vector<News> entered{};
    std::vector<JobId> ended{};
    std::vector<Work> done{};  ///< by the sender, in place of others
  };
  void heard(const Message& message);
  void answered(int peer, std::uint64_t number, bool needs_all);

 private:
  /// News go out so often at most; and often enough that who is not silent is not taken for it.
  static constexpr Duration kEvery = Duration::ms(100);
  static constexpr int kPerSilence = 3;
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
    std::set<Work> done{};
    void add(const Untold& other);
  };
  struct Peer {
    Untold next{};
    Untold sent{};  ///< and not answered yet
    bool unanswered = false;
    TimePoint again{};    ///< when what was not answered is sent again
    Duration patience{};  ///< until then; it doubles, as the way may be long
    std::uint64_t number = 0;
    bool all = true;
    Shadow shadow{};
  };
  static world::Task<> tell_regularly(Gossip* self);
  void tell(int to);
  void send(int to, Message message, Bytes size);
  void adopt_silent();
  bool silent(int member) const;
  /// This member's number for it; 0: it does not have it.
  JobId mine(const Work& work) const;
  Work work_of(JobId job) const;

  Queue& queue_;
  Node& node_;
  int member_;
  Duration every_;
  std::vector<Peer> peers_;
  std::map<JobId, Work> adopted_;  // by this member's number, and the other way round
  std::map<Work, JobId> mine_;
};

}  // namespace headroom::queue
