#pragma once

#include <optional>
#include <string>

#include "sim/base/describe.h"
#include "sim/base/units.h"
#include "sim/metrics/result.h"

namespace headroom::study {

/// A run that replicates until a metric is known as precisely as that.
struct UntilConfig {
  std::string metric;
  Share relative_ci{0.05};
  Duration at_most = Duration::s(3600);
  template <class V>
  static void describe(V& v) {
    v.required("metric", &UntilConfig::metric, "of which the 95 % interval has to be narrow");
    v.optional("relative_ci", &UntilConfig::relative_ci, "the interval's wider side, as a share of the mean",
               between(1e-4, 1));
    v.optional("at_most", &UntilConfig::at_most,
               "longest simulated time, warm-up and window of all replications together", positive());
  }
};

/// The interval's wider side as a share of the mean; none: there is no interval, or nothing was observed, or
/// the mean is 0.
std::optional<double> relative_ci(const metrics::StudyMetric* metric);

/// How many replications there should be next, given that `done` are (0: none yet, then it is `first`), of
/// `each` simulated time: as many as the width found asks for (it shrinks with their root), at most twice as
/// many, at least one more, and never more than `at_most` allows (but `first`). `done` if it is precise
/// enough, or there is no time for another one.
int next_replications(const UntilConfig& until, int first, int done, Duration each,
                      const metrics::StudyMetric* metric);

}  // namespace headroom::study
