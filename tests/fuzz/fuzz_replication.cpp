// A replication that a sweep has kept, or got from one of its processes.
#include "sim/metrics/result.h"
#include "tests/fuzz/reading.h"

void headroom::fuzz::replication(std::string_view input) {
  const auto result = metrics::deserialise(input);
  if (result) metrics::deserialise(metrics::serialise(*result));
}
