#pragma once

#include <cstdio>
#include <cstdlib>

namespace headroom {

/// Reports a programmer error and aborts. Expected failures are values (see outcome.h), never checks.
[[noreturn]] inline void check_failed(const char* condition, const char* message, const char* file,
                                      int line) {
  std::fprintf(stderr, "%s:%d: internal error: %s (%s)\n", file, line, message, condition);
  std::abort();
}

}  // namespace headroom

/// States what must hold if the program is right; kept in every build type.
#define HEADROOM_CHECK(condition, message) \
  ((condition) ? void(0) : ::headroom::check_failed(#condition, message, __FILE__, __LINE__))
