// A CSV file, read as a trace of arrivals and as an empirical law of times and of sizes.
#include "tests/fuzz/reading.h"

void headroom::fuzz::table(std::string_view input) {
  static Folder folder;
  const auto scenario = [](const std::string& workload, const std::string& service_time) {
    return "scenario: fuzz\nplatform: {network: ideal, hosts: {worker: {}}}\n"
           "workload: {users: 1000, " +
           workload + "}\ndeployment: {processing: {hosts: worker, service_time: " + service_time + "}}\n";
  };
  static const std::string trace =
      folder.write("scenarios/trace.yaml", scenario("arrivals: {trace: ../input.csv}", "1ms"));
  static const std::string times =
      folder.write("scenarios/times.yaml", scenario("arrivals: {poisson: 1/s}", "{empirical: ../input.csv}"));
  static const std::string sizes =
      folder.write("scenarios/sizes.yaml",
                   scenario("arrivals: {poisson: 1/s}, image_bytes: {empirical: ../input.csv}", "1ms"));
  folder.write("input.csv", input);
  for (const std::string& file : {trace, times, sizes}) read_scenario(file);
}
