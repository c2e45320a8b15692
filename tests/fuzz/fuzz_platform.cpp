// A platform, under a scenario that uses groups of the shipped ones and breaks parts of every kind.
#include "tests/fuzz/reading.h"

void headroom::fuzz::platform(std::string_view input) {
  static Folder folder;
  static const std::string scenario = folder.write("scenarios/scenario.yaml", R"(
scenario: fuzz
platform: ../input.yaml
workload: {arrivals: {poisson: 100/s}}
deployment: {processing: {hosts: worker, service_time: 10ms}}
faults:
  - {at: 1s, crash: {target: host/worker-1}}
  - {at: 2s, outage: {target: rack/a1}}
  - {at: 3s, outage: {target: power/a1-1}}
  - {at: 4s, partition: {between: [zone/a, clients]}}
  - {at: 5s, bandwidth: {target: switch/a1, to: 10%}}
)");
  folder.write("input.yaml", input);
  read_scenario(scenario);
}
