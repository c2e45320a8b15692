#include "sim/study/sweep.h"

#include <vector>

#include "sim/report/replications.h"
#include "sim/report/summary.h"
#include "sim/study/batch.h"
#include "sim/study/catalogue.h"
#include "sim/study/load.h"
#include "sim/study/run.h"

namespace headroom::study {
namespace {

report::Sweep description(const Grid& grid) {
  report::Sweep sweep;
  sweep.scenario = grid.base.scenario;
  sweep.question = grid.base.question.value_or("");
  sweep.seed = static_cast<std::uint64_t>(grid.base.seed);
  sweep.replications = static_cast<int>(grid.base.run.replications);
  sweep.measured_s = grid.base.run.duration.seconds();
  for (const config::Axis& axis : grid.axes) sweep.axes.push_back(reported_axis(axis));
  for (const Grid::Point& point : grid.points) sweep.points.push_back({point.at, std::nullopt});
  sweep.catalogue = catalogue();
  return sweep;
}

std::vector<Case> cases_of(const Grid& grid) {
  std::vector<Case> cases;
  cases.reserve(grid.points.size());
  for (const Grid::Point& point : grid.points) cases.push_back({name_of(grid, point), &point.scenario});
  return cases;
}

}  // namespace

std::vector<Wanted> all_wanted(const Grid& grid, const KeptReplications& kept) {
  return all_wanted(cases_of(grid), kept, Keeps::numbers);
}

SweepOutcome run_sweep(const Grid& grid, const Executor& executor, KeptReplications& kept,
                       const std::function<void(double)>& progress) {
  SweepOutcome outcome{run_batch(cases_of(grid), executor, kept, Keeps::numbers, progress), {}};
  const BatchOutcome& batch = outcome.batch;
  outcome.files.sweep = description(grid);
  outcome.files.runs.resize(grid.points.size());
  outcome.files.scenario_yaml = resolved_yaml(grid.base);
  outcome.files.sweep.fingerprint = fingerprint(outcome.files.scenario_yaml);
  for (std::size_t p = 0; p < grid.points.size(); ++p) {
    if (!batch.complete(p)) continue;
    const report::Run run = assemble(grid.points[p].scenario, batch.of(p));
    outcome.files.sweep.points[p].summary = report::summary(run);
    outcome.files.runs[p] = {run.scenario_yaml, report::to_csv(report::replications(run))};
  }
  outcome.files.effort = batch.effort;
  return outcome;
}

}  // namespace headroom::study
