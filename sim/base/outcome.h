#pragma once

#include <optional>
#include <utility>

#include "sim/base/check.h"

namespace headroom {

/// How a call between two components can fail. Values, not exceptions: failing is what the simulation is
/// about.
enum class Failure {
  dns_failed,   ///< the name could not be looked up
  refused,      ///< the host is up, nothing listens (fast)
  unreachable,  ///< no route, or no live server to choose (fast)
  rejected,     ///< the server said no before working: overload, quota, full queue (fast)
  denied,       ///< credentials not accepted
  error,        ///< the server worked and answered with an error
  died,         ///< the server died while working
  timeout,      ///< no answer in time
  lost,         ///< the answer was lost on the way
};

/// A value, or why there is none.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : value_(std::move(value)) {}   // NOLINT(google-explicit-constructor)
  Outcome(Failure failure) : failure_(failure) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return value_.has_value(); }
  bool ok() const { return value_.has_value(); }
  /// The value; only when ok().
  T& operator*() { return checked(), *value_; }
  const T& operator*() const { return checked(), *value_; }
  T* operator->() { return checked(), &*value_; }
  const T* operator->() const { return checked(), &*value_; }
  /// Why there is none; only when not ok().
  Failure failure() const {
    HEADROOM_CHECK(!ok(), "asked why a call failed that did not");
    return failure_;
  }

 private:
  void checked() const { HEADROOM_CHECK(ok(), "used the value of a call that failed"); }
  std::optional<T> value_;
  Failure failure_ = Failure::error;
};

}  // namespace headroom
