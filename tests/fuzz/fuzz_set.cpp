// What stands on the command line: a line that begins with `vary ` is a --vary, every other one a --set.
#include <algorithm>
#include <string>
#include <vector>

#include "sim/config/vary.h"
#include "sim/study/grid.h"
#include "tests/fuzz/reading.h"

void headroom::fuzz::set(std::string_view input) {
  static Folder folder;
  static const std::string scenario = folder.write("scenarios/scenario.yaml", R"(
scenario: fuzz
platform: {hosts: {worker: {count: 2, cores: 4}, api: {count: 3}, queue: {count: 3}}}
workload: {arrivals: {poisson: 64/s}, image_bytes: 100KB}
deployment:
  api: {hosts: api}
  processing: {hosts: worker, service_time: 100ms}
run: {duration: 10s}
faults: [{at: 1s, crash: {target: host/worker-1}}]
slo: {latency.p99_ms: 500, yield: 99%}
)");
  std::vector<std::string> sets, varies;
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(input.size(), line.size() + 1));
    if (line.starts_with("vary "))
      varies.emplace_back(line.substr(5));
    else
      sets.emplace_back(line);
  }
  read_scenario(scenario, sets);
  if (varies.empty()) return;
  // Thousands of points are no mistake, and take their time.
  config::Diagnostics diagnostics;
  std::size_t points = 1;
  for (const std::string& vary : varies)
    if (const auto axis = config::parse_vary(vary, diagnostics))
      points *= std::min<std::size_t>(axis->alternatives.size(), 100);
  if (points > 16) return;
  config::Diagnostics of_grid;
  const auto grid = study::load_grid(scenario, sets, varies, of_grid);
  must(grid.has_value() == of_grid.text().empty(), "a sweep is valid or has an error");
  if (grid) must(grid->points.size() == points, "a point for each combination");
}
