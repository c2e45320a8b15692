#pragma once

#include <csignal>

/// Ctrl-C (SIGINT), kill (SIGTERM) and a terminal that is closed (SIGHUP, unless it is ignored, as under
/// nohup).
namespace headroom {

/// From now on each of them ends the process at once, with the message on stderr and the status, while no
/// DeferInterrupts lives. For what has nothing to lose: reading input, say.
void end_when_interrupted(const char* message, int status);

/// While one lives, signals are only counted: who has something to clear away or to complete asks
/// `interruptions` and comes to an end by itself. The outermost one begins to count at 0, and puts back what
/// was in force before.
class DeferInterrupts {
 public:
  DeferInterrupts();
  DeferInterrupts(const DeferInterrupts&) = delete;
  DeferInterrupts& operator=(const DeferInterrupts&) = delete;
  ~DeferInterrupts();

 private:
  static constexpr int kSignals = 3;
  bool outermost_;
  struct sigaction before_[kSignals];
};

/// How many signals came since the outermost living DeferInterrupts began; of the last one, if none lives.
int interruptions();

}  // namespace headroom
