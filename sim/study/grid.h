#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/config/diagnostics.h"
#include "sim/config/vary.h"
#include "sim/study/scenario.h"

namespace headroom::study {

/// The most points that one sweep may have.
inline constexpr std::size_t kMostPoints = 10'000;

/// A scenario and what is varied of it.
struct Grid {
  struct Point {
    std::vector<std::size_t> at;  ///< for each axis, the index of its value
    ScenarioConfig scenario;
  };
  ScenarioConfig base;  ///< with the axes in its `sweep`
  std::vector<config::Axis> axes;
  std::vector<Point> points;  ///< every combination; the last axis changes fastest
};

/// "platform.hosts.worker.count=28, seed=2"
std::string name_of(const Grid& grid, const Grid::Point& point);

/// Reads a scenario and builds every point: the `--set`s are applied, then the values of the point in the
/// order of the axes. The axes are those of `varies` (`--vary`) if there are any, else those of the
/// scenario's `sweep`. Nothing, and every error of the scenario and of all points, if not all are valid: an
/// error that only some points have names them.
std::optional<Grid> load_grid(const std::string& file, std::span<const std::string> sets,
                              std::span<const std::string> varies, config::Diagnostics& diagnostics);

}  // namespace headroom::study
