#include <catch2/catch.hpp>
#include <string>

#include "tests/validation/harness.h"

// Transfers of which theory knows every nanosecond. A message carries 512 bytes beside the image, and one of
// at most 1500 bytes takes the latency only.

namespace headroom::validation {
namespace {

constexpr double kMessage = 512;

void same_at_every_seed(const std::string& title, const std::string& scenario, double expected_ms) {
  for (int seed = 1; seed <= seeds(); ++seed) {
    const Summary summary(scenario, {0, 10}, seed);
    INFO("seed " << seed);
    CHECK(summary["requests.failed"].mean == 0);
    for (const char* metric : {"latency.mean_ms", "latency.max_ms"}) {
      const Reported found = summary[metric];
      CHECK(found.mean == Approx(expected_ms).epsilon(1e-6));
      if (seed == 1) print_row(title, metric, expected_ms, found, "-");
    }
  }
}

}  // namespace

TEST_CASE("an idle transfer takes its latency, and its size over the narrowest link", "[network]") {
  const std::string scenario = R"(
platform:
  network:
    nic: {bandwidth: 40MBps, latency: 1ms}
    rack_uplink: {bandwidth: 80MBps, latency: 2ms}
    zone_uplink: {bandwidth: 160MBps, latency: 3ms}
    internet: {bandwidth: 10MBps, latency: 5ms}
  hosts: {worker: {count: 1, cores: 1}}
workload: {arrivals: {trace: [{at: 1s, image_bytes: 1MB}]}, image_bytes: {constant: 1MB}, rendition_bytes: 20%}
deployment: {processing: {hosts: worker, service_time: {constant: 100ms}}}
)";
  const double latency_s = 0.005 + 0.003 + 0.002 + 0.001;
  const double there_s = latency_s + (1'000'000 + kMessage) / 10e6;
  const double back_s = latency_s + (200'000 + kMessage) / 10e6;
  same_at_every_seed("idle transfer", scenario, (there_s + 0.1 + back_s) * 1e3);
}

TEST_CASE("transfers share a link max-min fairly", "[network]") {
  // The link of 10 MB/s is shared by four; the first and the last go to the same worker, whose card lets 4
  // MB/s through. Max-min shares: 2, 3, 3 and 2 MB/s. The sizes are what these move in 2 s, so all four end
  // together if and only if the shares are right.
  const std::string scenario = R"(
platform:
  network: {nic: {bandwidth: 4MBps}, internet: {bandwidth: 10MBps, latency: 5ms}}
  hosts: {worker: {count: 3, cores: 4}}
workload:
  arrivals:
    trace:
      - {at: 1s, image_bytes: 3999488B}
      - {at: 1s, image_bytes: 5999488B}
      - {at: 1s, image_bytes: 5999488B}
      - {at: 1s, image_bytes: 3999488B}
  image_bytes: {constant: 1MB}
  rendition_bytes: 0%
deployment:
  load_balancer: {policy: round_robin}
  processing: {hosts: worker, service_time: {constant: 100ms}}
)";
  static_assert(3'999'488 + kMessage == 4'000'000);
  same_at_every_seed("max-min shares of a link", scenario, (0.005 + 2 + 0.1 + 0.005) * 1e3);
}

}  // namespace headroom::validation
