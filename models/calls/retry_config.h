#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "sim/base/describe.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// The next attempt comes at once.
struct NoBackoff {
  static constexpr std::string_view tag = "none";
  template <class V>
  static void describe(V&) {}
};
/// Always the same wait.
struct FixedBackoff {
  static constexpr std::string_view tag = "fixed";
  Duration wait;
  template <class V>
  static void describe(V& v) {
    v.value(&FixedBackoff::wait, "from a failure to the next attempt", positive());
  }
};
/// base, 2·base, 4·base … at most `cap`.
struct ExponentialBackoff {
  static constexpr std::string_view tag = "exponential";
  Duration base;
  Duration cap = Duration::s(20);
  template <class V>
  static void describe(V& v) {
    v.required("base", &ExponentialBackoff::base, "before the second attempt; twice as long before each next",
               positive());
    v.optional("cap", &ExponentialBackoff::cap, "the longest", positive());
  }
  static void check(const ExponentialBackoff& b, Complaints& complaints) {
    if (b.cap < b.base)
      complaints.add("cap", "the longest wait is shorter than the first, expected at least base");
  }
};
using Backoff = std::variant<NoBackoff, FixedBackoff, ExponentialBackoff>;

/// How a wait w is spread, so that callers that failed together do not come back together (Brooker,
/// “Exponential Backoff And Jitter”, 2015). none: w. full: uniform in [0, w]. equal: w/2 + uniform in
/// [0, w/2]. decorrelated: min(cap, uniform in [base, 3·the wait before]).
enum class Jitter { none, full, equal, decorrelated };

/// Whether and when a call that failed is tried again.
struct RetryConfig {
  std::int64_t attempts = 3;
  Backoff backoff;
  Jitter jitter = Jitter::none;
  std::optional<Share> budget;
  template <class V>
  static void describe(V& v) {
    v.optional("attempts", &RetryConfig::attempts, "at most, the first included", between(1, 1000));
    v.optional("backoff", &RetryConfig::backoff, "how long to wait before the next attempt");
    v.optional("jitter", &RetryConfig::jitter, "how that wait is spread");
    v.optional("budget", &RetryConfig::budget,
               "retries are at most this share of the requests of the last 10 s, all callers together "
               "(default: no limit)",
               not_negative());
  }
  static void check(const RetryConfig& r, Complaints& complaints) {
    if (r.jitter == Jitter::decorrelated && !std::holds_alternative<ExponentialBackoff>(r.backoff))
      complaints.add("jitter",
                     "decorrelated jitter has a base and a cap, expected backoff: {exponential: …}");
    else if (r.jitter != Jitter::none && std::holds_alternative<NoBackoff>(r.backoff))
      complaints.add("jitter",
                     "without backoff there is no wait to spread, expected backoff: fixed or exponential");
  }
};

}  // namespace headroom::calls

template <>
struct headroom::enum_names<headroom::calls::Jitter> {
  static constexpr std::string_view names[] = {"none", "full", "equal", "decorrelated"};
};
