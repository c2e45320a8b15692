#pragma once

#include <optional>

#include "models/calls/request.h"
#include "sim/base/outcome.h"
#include "sim/world/task.h"

namespace headroom::calls {

/// Checks the credentials of requests where they arrive. Part of the process that asks it.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Whether they are accepted at once, without asking anybody.
  virtual bool known(const Request& request) = 0;
  /// Asks; none: accepted.
  virtual world::Task<std::optional<Failure>> ask(RequestPtr request, TimePoint until) = 0;
};

}  // namespace headroom::calls
