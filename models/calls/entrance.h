#pragma once

#include "models/calls/port.h"
#include "models/calls/request.h"
#include "sim/base/outcome.h"
#include "sim/base/random.h"

namespace headroom::calls {

/// Where clients come in: which server a connection goes to is a decision that costs nothing.
struct Entrance {
  Port* port = nullptr;     ///< outlives it
  StreamKey key;            ///< of the choices
  bool head_first = false;  ///< to proxies: only the head of the request goes there, the body streams through

  /// `attempt`: from 0; another attempt may go elsewhere.
  Outcome<Use> take(const Request& request, int attempt) const {
    Round round{.draw = engine_for_attempt(key, request.number, attempt),
                .number = request.number,
                .user = request.user,
                .retry = attempt};
    return port->take(round);
  }
};

}  // namespace headroom::calls
