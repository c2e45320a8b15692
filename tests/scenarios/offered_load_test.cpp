#include "sim/study/offered_load.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/study/load.h"
#include "tests/scenarios/product.h"

// What `headroom check` computes beforehand, against what `headroom run` measures: utilisation of every tier,
// and of the busiest link, of shipped scenarios at a moderate load.

namespace headroom::scenarios {
namespace {

struct Case {
  std::string name;
  std::vector<std::string> sets;  ///< faults are left out; it is made short
  bool caches_are_warm = false;   ///< the run is long enough for edge caches to forget how it began
};

// Long enough for some 20 000 requests, so that the mean of the sizes drawn is within 1 to 2 % of the law's.
const std::vector<Case> kCases = {
    {"baseline", {"run={warmup: 3s, duration: 4s}"}},
    {"seed-design", {"run={warmup: 3s, duration: 4s}"}},
    {"calibrated", {"run={warmup: 3s, duration: 4s}"}},
    {"fleet", {"run={warmup: 2s, duration: 5s}"}},
    {"mmc", {"run={warmup: 20s, duration: 600s}"}},
    {"payload", {"run={warmup: 3s, duration: 40s}"}},
    {"payload", {"run={warmup: 3s, duration: 40s}", "deployment.queue.payload=reference"}},
    {"renditions", {"run={warmup: 3s, duration: 40s}", "workload.arrivals.poisson=200/s"}},
    {"zone-loss", {"run={warmup: 3s, duration: 30s}"}},
    {"slow-worker", {"run={warmup: 3s, duration: 40s}"}},
    {"switch-loss", {"run={warmup: 3s, duration: 40s}"}},
    {"billing-retries",
     {"run={warmup: 3s, duration: 30s}", "workload.attempt_timeout=null", "workload.retry=null"}},
    {"fallacy-3-bandwidth-is-infinite",
     {"run={warmup: 3s, duration: 10min}", "deployment.queue.payload=reference"}},
    {"fallacy-8-network-is-homogeneous", {"run={warmup: 40s, duration: 60s}"}, true},
    {"poison-api", {"run={warmup: 3s, duration: 40s}"}},
};

TEST_CASE("what is computed beforehand is what is measured") {
  for (const Case& c : kCases) {
    std::vector<std::string> sets = c.sets;
    for (const char* more : {"faults=[]", "run.replications=1", "watch=null"}) sets.emplace_back(more);
    const std::string file = std::string(HEADROOM_SCENARIOS) + "/" + c.name + ".yaml";
    std::string label = c.name;
    for (const std::string& set : c.sets) label += " " + set;
    CAPTURE(label);
    config::Diagnostics diagnostics;
    const auto scenario = study::load_scenario(file, sets, diagnostics);
    INFO(diagnostics.text());
    REQUIRE(scenario);
    const auto predicted = study::offered_load(*scenario)[0].resources;

    std::vector<std::string> options = {"--jobs", "1"};
    for (const std::string& set : sets) options.insert(options.end(), {"--set", set});
    const ProductRun run(HEADROOM_EXECUTABLE, file, options);
    REQUIRE(run.status() == 0);
    const auto metrics = nlohmann::json::parse(run.text("summary.json"))["metrics"];
    double busiest_link = 0;
    for (const study::ResourceLoad& load : predicted) {
      if (load.unit == study::ResourceLoad::Unit::bytes_per_s) {
        if (load.name.find("disk") == std::string::npos) busiest_link = std::max(busiest_link, load.busy);
        continue;
      }
      if (load.name == "auth" && !c.caches_are_warm) continue;
      const double measured = metrics.at(load.name + ".utilization")["mean"];
      INFO(load.name << ": computed " << load.busy << ", measured " << measured);
      // With contention the spread of busy cores over hosts is not known beforehand (see steady_busy).
      CHECK(measured == Approx(load.busy).epsilon(c.name == "calibrated" ? .08 : .04).margin(.003));
    }
    if (busiest_link > 0) {
      const double measured = metrics.at("network.utilization_max")["mean"];
      INFO("busiest link: computed " << busiest_link << ", measured " << measured);
      // Of many links that are alike the busiest one is measured, which chance has made busier than the mean.
      CHECK(measured == Approx(busiest_link).epsilon(.06).margin(.003));
    }
  }
}

}  // namespace
}  // namespace headroom::scenarios
