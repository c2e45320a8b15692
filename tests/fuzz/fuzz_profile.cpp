// A cost profile as `headroom calibrate` writes it.
#include "tests/fuzz/reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom::fuzz;
  static Folder folder;
  static const std::string scenario = folder.write("scenarios/scenario.yaml", R"(
scenario: fuzz
platform: {network: ideal, hosts: {worker: {count: 2, cores: 8}}}
workload: {arrivals: {poisson: 100/s}, image_bytes: {lognormal: {mean: 256KB, p99: 1MB}}}
deployment: {processing: {hosts: worker, cost: {profile: ../input.yaml}}}
)");
  folder.write("input.yaml", text_of(data, size));
  read_scenario(scenario);
  return 0;
}
