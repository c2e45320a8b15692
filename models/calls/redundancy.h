#pragma once

#include <optional>
#include <string_view>

#include "sim/base/describe.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// Which of several hosts of a service answer.
enum class Redundancy {
  active_active,   ///< all
  active_passive,  ///< one; when it falls silent another one takes over
};

/// What a passive host is ready for.
enum class Standby {
  cold,  ///< nothing runs there: it has to be started and filled
  warm,  ///< its processes run: it has to load what is recent
  hot,   ///< it has everything, and only has to notice
};

/// How long a standby takes from noticing to answering: what the scenario says, or what is usual.
inline Duration take_over_time(const std::optional<Duration>& said, Standby standby) {
  if (said) return *said;
  switch (standby) {
    case Standby::cold:
      return Duration::s(120);
    case Standby::warm:
      return Duration::s(10);
    case Standby::hot:
      return Duration();
  }
  return Duration();
}

}  // namespace headroom::calls

namespace headroom {
template <>
struct enum_names<calls::Redundancy> {
  static constexpr std::string_view names[] = {"active_active", "active_passive"};
};
template <>
struct enum_names<calls::Standby> {
  static constexpr std::string_view names[] = {"cold", "warm", "hot"};
};
}  // namespace headroom
