#pragma once

#include <cstdint>
#include <vector>

#include "sim/world/host.h"

namespace headroom::calls {

/// Where a process can be reached: the host, and the place on it that holds the process while it lives.
struct Endpoint {
  world::HostId host;
  world::ProcessSlot* slot = nullptr;
};

/// The instances of a component that can be called: API servers, workers, the members of a queue. Each keeps
/// its number, whatever becomes of it and of the others, so that who calls them can keep what it knows of
/// each in an array. Being a member says what an instance is meant for; whether its process lives at the
/// moment, and whether callers believe that, is something else (world::ProcessSlot, Port).
class Members {
 public:
  enum class State {
    reserved,  ///< its place is there, and nothing else
    joining,   ///< it starts, and serves nobody yet
    serving,   ///< it may be called
    draining,  ///< it ends what it has begun, and is given nothing new
    left,      ///< it may join again
  };
  /// Is told of changes, for as long as it lives; it must not outlive what it listens to.
  class Listener {
   public:
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    virtual ~Listener() { std::erase(members_.listeners_, this); }

   protected:
    explicit Listener(const Members& members) : members_(members) { members_.listeners_.push_back(this); }

   private:
    friend class Members;
    /// The state of a member has changed, or there is one more of them.
    virtual void changed(int member) = 0;
    const Members& members_;
  };

  Members() = default;
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  /// One more; returns its number: the first one is 0.
  int add(Endpoint at, State state = State::serving);
  /// One more, which serves: a process on that host, made by `make(host, number)` whenever it starts.
  template <class Make>
  void install(world::Host& host, Make make) {
    const int number = size();
    add({host.id(), &host.install([make, number](world::Host& h) { return make(h, number); })});
  }
  /// Moves it to the next state, or back from draining to serving; a member that has left may join again.
  /// Any other change is a defect of the caller.
  void move(int member, State to);

  /// All that there ever were, in whatever state.
  int size() const { return static_cast<int>(all_.size()); }
  bool empty() const { return all_.empty(); }
  State state(int member) const { return all_[static_cast<std::size_t>(member)].state; }
  bool serves(int member) const { return state(member) == State::serving; }
  const Endpoint& operator[](int member) const { return all_[static_cast<std::size_t>(member)].at; }
  /// The places of all processes, by number.
  std::vector<world::ProcessSlot*> slots() const;

 private:
  struct Member {
    Endpoint at;
    State state;
  };
  void tell(int member) const;
  std::vector<Member> all_;
  mutable std::vector<Listener*> listeners_;  // in the order in which they came
};

}  // namespace headroom::calls
