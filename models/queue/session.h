#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "models/calls/job.h"
#include "models/calls/queue_protocol.h"
#include "models/calls/span.h"
#include "sim/base/units.h"
#include "sim/world/network.h"
#include "sim/world/scheduler.h"

namespace headroom::queue {

class Queue;

/// Who asks a queue to keep jobs: part of the asking process, and dies with it. It sends each job to the
/// member that it takes for the leader, and sends it again, with the same serial number, until there is an
/// answer or the job's deadline has passed. While it looks for the leader it sends nothing but its oldest
/// job, to one member after the other, with growing pauses.
class Session final : public calls::Dispatcher, world::Event {
 public:
  /// `first`: the member to begin with.
  Session(Queue& queue, const calls::Origin& origin, int first);
  ~Session() override;
  void dispatch(calls::Job job) override;
  void answered(const calls::QueueAnswer& answer) override;

 private:
  /// Without an answer for so long a session begins to look for the leader.
  static constexpr Duration kPatience = Duration::ms(100);
  /// … or, if the leader said that the answer will take its time, for so long.
  static constexpr Duration kLongPatience = Duration::s(1);
  static constexpr Duration kFirstPause = Duration::ms(25);
  static constexpr Duration kLongestPause = Duration::ms(200);
  struct Sent {
    std::optional<calls::Job> job;  ///< none: it has its answer
    TimePoint at;
    calls::Span span;   ///< until then
    bool held = false;  ///< the leader has it, and will answer
    Duration patience() const { return held ? kLongPatience : kPatience; }
  };

  void fire() override;
  void send(std::uint64_t serial);
  void close(Sent& sent);
  void accepted(const calls::QueueAnswer& answer);
  void forget_answered();
  void found(int member);

  Queue& queue_;
  calls::Origin origin_;
  int member_;
  bool searching_ = false;
  bool redirected_ = false;  ///< since the last pause
  Duration pause_ = kFirstPause;
  std::uint64_t first_ = 0;  ///< serial number of the front
  std::deque<Sent> sent_;    // the front still wants an answer
};

}  // namespace headroom::queue
