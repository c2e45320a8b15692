#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/describe.h"
#include "sim/metrics/result.h"
#include "sim/metrics/series.h"
#include "sim/metrics/time_average.h"
#include "sim/world/world.h"

namespace headroom::study {

/// A group of which so many members must be up for what they do together.
struct WatchConfig {
  Ref group;
  std::int64_t need = 1;
  template <class V>
  static void describe(V& v) {
    v.required("group", &WatchConfig::group, "host group whose members are counted");
    v.required("need", &WatchConfig::need, "how many of them have to be up", at_least(1));
  }
};

/// Counts the members of watched groups that are up: their hosts have power and have booted, whatever runs on
/// them, however slow or cut off they are. Metric `availability.GROUP`, time series `up.GROUP`.
class Availability {
 public:
  Availability(const std::vector<WatchConfig>& watch, world::World& world, const metrics::Window& window,
               metrics::Series& series);
  Availability(const Availability&) = delete;
  Availability& operator=(const Availability&) = delete;
  /// Once, when the run is over.
  void report(metrics::ResultBuilder& results);

 private:
  struct Watched {
    Watched(const WatchConfig& watch, std::int64_t members, const metrics::Window& window,
            metrics::Series& series);
    void change(TimePoint now, bool is_up);
    std::string group;
    std::int64_t need;
    std::int64_t up;
    metrics::TimeAverage enough;  // 0 or 1
    metrics::Series::Level& series;
  };
  world::World& world_;
  std::vector<std::unique_ptr<Watched>> watched_;
};

}  // namespace headroom::study
