#pragma once

#include <cstdio>
#include <cstdlib>

namespace headroom {

/// What is going on, for the message of a check that fails meanwhile. Of several the one made last speaks. It
/// ends on the thread that it began on.
class Underway {
 public:
  Underway() : before_(last_) { last_ = this; }
  Underway(const Underway&) = delete;
  Underway& operator=(const Underway&) = delete;
  virtual ~Underway() {
    const Underway** place = &last_;
    while (*place != this) place = &(*place)->before_;
    *place = before_;
  }
  /// The last one, or null.
  static const Underway* last() { return last_; }
  /// Writes "at 12.5 s of …", without the end of the line.
  virtual void write(std::FILE*) const = 0;

 private:
  mutable const Underway* before_;
  static inline thread_local const Underway* last_ = nullptr;
};

/// Reports a programmer error, and what was under way, and aborts. Expected failures are values (see
/// outcome.h), never checks.
[[noreturn]] inline void check_failed(const char* condition, const char* message, const char* file,
                                      int line) {
  std::fprintf(stderr, "%s:%d: internal error: %s (%s)", file, line, message, condition);
  if (const Underway* underway = Underway::last()) {
    std::fputs(", ", stderr);
    underway->write(stderr);
  }
  std::fputc('\n', stderr);
  std::abort();
}

}  // namespace headroom

/// States what must hold if the program is right; kept in every build type.
#define HEADROOM_CHECK(condition, message) \
  ((condition) ? void(0) : ::headroom::check_failed(#condition, message, __FILE__, __LINE__))
