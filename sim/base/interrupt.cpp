#include "sim/base/interrupt.h"

#include <unistd.h>

#include <cstring>

namespace headroom {
namespace {

constexpr int kNumbers[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t count = 0;
int living = 0;
const char* last_words = "";
int last_status = 0;

void on_signal_counted(int) {
  count = count + 1;
}

/// Only calls that are safe in a handler.
void on_signal_ended(int) {
  [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, last_words, std::strlen(last_words));
  _exit(last_status);
}

void install(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

bool left_alone(int signal, const struct sigaction& before) {
  return signal == SIGHUP && before.sa_handler == SIG_IGN;
}

}  // namespace

void end_when_interrupted(const char* message, int status) {
  last_words = message;
  last_status = status;
  for (const int signal : kNumbers) {
    struct sigaction before{};
    sigaction(signal, nullptr, &before);
    if (!left_alone(signal, before)) install(signal, on_signal_ended);
  }
}

DeferInterrupts::DeferInterrupts() : outermost_(living++ == 0), before_{} {
  if (!outermost_) return;
  count = 0;
  for (int i = 0; i < kSignals; ++i) {
    sigaction(kNumbers[i], nullptr, &before_[i]);
    if (!left_alone(kNumbers[i], before_[i])) install(kNumbers[i], on_signal_counted);
  }
}

DeferInterrupts::~DeferInterrupts() {
  --living;
  if (!outermost_) return;
  for (int i = 0; i < kSignals; ++i) sigaction(kNumbers[i], &before_[i], nullptr);
}

int interruptions() {
  return count;
}

}  // namespace headroom
