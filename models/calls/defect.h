#pragma once

#include <coroutine>
#include <cstdint>

#include "models/calls/request.h"
#include "sim/base/units.h"
#include "sim/world/host.h"

/// What is wrong with a process's software, as the components feel it (sim/faults: bad_config, bug, poison).
/// A process first spends its CPU on what it is asked for, and then answers with an error, or dies.
namespace headroom::calls {

/// The CPU that `work` takes on a process, which may be slower than it should be.
inline Duration effort(const world::Process& process, Duration work) {
  const double speed = process.defect().speed;
  return speed == 1 ? work : work * (1 / speed);
}

/// Whether a process gets the request (or job) of this number wrong, at this attempt (from 0). Drawn by
/// these, so it is the same whichever process of the component it is.
inline bool errs(const world::Process& process, std::uint64_t number, int attempt) {
  const world::Defect& defect = process.defect();
  if (!defect.errs()) return false;
  Engine draw = engine_for_attempt(defect.stream, number, attempt);
  return uniform01(draw) < defect.error_rate;
}

/// `co_await Death(killer, process, number)`: the request of that number kills the process that works on it.
/// Does not return.
class [[nodiscard]] Death {
 public:
  Death(world::Killer& killer, world::Process& process, std::uint64_t request)
      : killer_(killer), process_(process), request_(request) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<>) const { killer_.kill(*process_.slot(), request_); }
  void await_resume() const {}

 private:
  world::Killer& killer_;
  world::Process& process_;
  std::uint64_t request_;
};

}  // namespace headroom::calls
