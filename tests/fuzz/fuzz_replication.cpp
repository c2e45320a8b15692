// A replication that a sweep has kept, or got from one of its processes.
#include "sim/metrics/result.h"
#include "tests/fuzz/reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  const auto result = metrics::deserialise(fuzz::text_of(data, size));
  if (result) metrics::deserialise(metrics::serialise(*result));
  return 0;
}
