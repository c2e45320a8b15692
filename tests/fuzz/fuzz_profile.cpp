// A cost profile as `headroom calibrate` writes it.
#include "tests/fuzz/reading.h"

void headroom::fuzz::profile(std::string_view input) {
  static Folder folder;
  static const std::string scenario = folder.write("scenarios/scenario.yaml", R"(
scenario: fuzz
platform: {network: ideal, hosts: {worker: {count: 2, cores: 8}}}
workload: {arrivals: {poisson: 100/s}, image_bytes: {lognormal: {mean: 256KB, p99: 1MB}}}
deployment: {processing: {hosts: worker, cost: {profile: ../input.yaml}}}
)");
  folder.write("input.yaml", input);
  read_scenario(scenario);
}
