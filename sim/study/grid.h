#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/config/diagnostics.h"
#include "sim/config/vary.h"
#include "sim/report/sweep.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// The most points that one sweep may have.
inline constexpr std::size_t kMostPoints = 10'000;

/// A scenario and what is varied of it.
struct Grid {
  struct Point {
    std::vector<std::size_t> at;  ///< for each axis, the index of its alternative
    ScenarioConfig scenario;
  };
  ScenarioConfig base;  ///< with the axes in its `sweep`
  std::vector<config::Axis> axes;
  std::vector<Point> points;  ///< every combination; the last axis changes fastest
};

/// The axis as results have it.
report::Sweep::Axis reported_axis(const config::Axis& axis);

/// "platform.hosts.worker.count=28, rack=a1 down"
std::string name_of(const Grid& grid, const Grid::Point& point);

/// What is wrong with axes beside each other: labels that collide with each other or with columns of
/// points.csv, paths that two of them set or that a later one undoes.
void check_axes(const std::vector<config::Axis>& axes, config::Diagnostics& diagnostics);

/// One point: the scenario's tree (load_tree), then in the order of the axes what their alternatives set.
/// `at` has the index of an alternative for each axis. Nothing, and errors, if it is not valid.
std::optional<ScenarioConfig> scenario_at(const config::Node& tree, const std::vector<config::Axis>& axes,
                                          const std::vector<std::size_t>& at,
                                          config::Diagnostics& diagnostics);

/// Whose section says what is varied: `sweep`, or `plan: {vary: …}`.
enum class For { sweep, plan };

/// Reads a scenario and builds every point: the `--set`s are applied, then what the alternatives of the point
/// set, in the order of the axes. The axes are those of `varies` (`--vary`) if there are any, else those of
/// the scenario's section; `each` (`--each`), if it is not empty, comes before them. Nothing, and every error
/// of the scenario and of all points, if not all are valid: an error that only some points have names them.
std::optional<Grid> load_grid(const std::string& file, std::span<const std::string> sets,
                              std::span<const std::string> varies, config::Diagnostics& diagnostics,
                              For what = For::sweep, const std::string& each = {});
/// A grid for each alternative of the first axis, of the others; its base is that of its first point.
std::vector<Grid> split_by_first(const Grid& grid);

}  // namespace headroom::study
