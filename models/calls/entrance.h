#pragma once

#include "models/calls/request.h"
#include "models/calls/service.h"
#include "models/calls/sign.h"
#include "sim/base/units.h"

namespace headroom::calls {

/// Which server a client's connection goes to: a decision that costs nothing.
class Entrance {
 public:
  virtual ~Entrance() = default;
  struct Way {
    Endpoint server;
    int index = 0;
    bool head_first = false;  ///< a proxy: only the head of the request goes there, the body streams through
  };
  /// `attempt`: from 0; another attempt may go elsewhere.
  virtual Way choose(const Request& request, int attempt) = 0;
  virtual void started(const Way&) {}
  virtual void finished(const Way&, Duration, Sign) {}
};

}  // namespace headroom::calls
