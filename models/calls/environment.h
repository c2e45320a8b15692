#pragma once

#include "sim/metrics/journal.h"
#include "sim/metrics/series.h"
#include "sim/metrics/tracer.h"
#include "sim/metrics/window.h"
#include "sim/world/world.h"

namespace headroom::calls {

/// Where a component is built: the hardware that it runs on, the window that is measured, and where it notes
/// what happens. All of it outlives the component, except that processes die with the world.
struct Environment {
  world::World& world;
  const metrics::Window& window;
  metrics::Series& series;    ///< what figures show over time
  metrics::Journal& journal;  ///< what is rare and explains them: elections, ejections, stale serving …
  metrics::Tracer* tracer = nullptr;  ///< of requests; null: nobody wants to know
};

}  // namespace headroom::calls
