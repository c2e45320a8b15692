#include "sim/study/grid.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sim/config/load.h"
#include "sim/study/load.h"

namespace headroom::study {
namespace {

using config::Axis;
using config::Diagnostics;
using config::Node;

/// Indices of the values of the n-th combination.
std::vector<std::size_t> combination(const std::vector<Axis>& axes, std::size_t n) {
  std::vector<std::size_t> at(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    at[i] = n % axes[i].values.size();
    n /= axes[i].values.size();
  }
  return at;
}

std::string assignment(const Axis& axis, std::size_t value) {
  return axis.path + "=" + one_line(axis.values[value]);
}

bool same_place(const config::Mark& a, const config::Mark& b) {
  return a.source == b.source && a.line == b.line && a.column == b.column;
}

/// The errors of all points, each once, and where not all points have it, with the points that do.
class PointErrors {
 public:
  explicit PointErrors(const std::vector<Axis>& axes) : axes_(axes) {}

  void add(const Diagnostics& found, const std::vector<std::size_t>& at) {
    for (Diagnostics::Error& error : found.sorted()) {
      const std::optional<std::size_t> axis = axis_at(error.where, at);
      const auto known = std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) {
        return group.error.message == error.message &&
               (axis ? group.axis == axis : same_place(group.error.where, error.where));
      });
      if (known != groups_.end()) {
        known->points.push_back(at);
      } else if (groups_.size() < kMost) {
        groups_.push_back({std::move(error), axis, {at}});
      }
    }
  }
  void report(std::size_t points, Diagnostics& diagnostics) const {
    for (const Group& group : groups_)
      diagnostics.error(group.error.where, group.error.message + which(group, points));
  }

 private:
  static constexpr std::size_t kMost = 200;
  struct Group {
    Diagnostics::Error error;
    std::optional<std::size_t> axis;  ///< whose value it is about, whichever: it stands at the first
    std::vector<std::vector<std::size_t>> points;
  };

  std::optional<std::size_t> axis_at(const config::Mark& where, const std::vector<std::size_t>& at) const {
    for (std::size_t i = 0; i < axes_.size(); ++i)
      if (same_place(axes_[i].values[at[i]].where(), where)) return i;
    return std::nullopt;
  }

  /// " (where …)", or nothing if it is all points, or the error stands at the value that causes it.
  std::string which(const Group& group, std::size_t points) const {
    if (group.points.size() == points) return "";
    const auto& first = group.points.front();
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      if (group.points.size() != points / axes_[i].values.size()) continue;
      const bool all = std::all_of(group.points.begin(), group.points.end(),
                                   [&](const auto& at) { return at[i] == first[i]; });
      if (!all) continue;
      const Node& value = axes_[i].values[first[i]];
      // Values of a range all stand at one place.
      const bool alone =
          std::count_if(axes_[i].values.begin(), axes_[i].values.end(),
                        [&](const Node& other) { return same_place(other.where(), value.where()); }) == 1;
      if (alone && same_place(group.error.where, value.where())) return "";
      return " (where " + assignment(axes_[i], first[i]) + ")";
    }
    std::string text = " (at ";
    for (std::size_t i = 0; i < axes_.size(); ++i)
      text += (i == 0 ? "" : ", ") + assignment(axes_[i], first[i]);
    if (const std::size_t others = group.points.size() - 1; others > 0)
      text += ", and " + std::to_string(others) + (others == 1 ? " more point" : " more points");
    return text + ")";
  }

  const std::vector<Axis>& axes_;
  std::vector<Group> groups_;
};

bool is_or_is_below(std::string_view path, std::string_view parent) {
  return path == parent || (path.starts_with(parent) && path[parent.size()] == '.');
}

/// What is wrong with the axes themselves.
void check_axes(const std::vector<Axis>& axes, const ScenarioConfig& base, Diagnostics& diagnostics) {
  bool other_platforms = false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::string& path = axes[i].path;
    other_platforms = other_platforms || path == "platform" || path == "platform.hosts";
    if (is_or_is_below(path, "sweep"))
      diagnostics.error(axes[i].where, "what is varied cannot be varied itself, expected another path");
    for (std::size_t j = 0; j < i; ++j)
      if (axes[j].path == path)
        diagnostics.error(axes[i].where,
                          config::quote(path) + " is varied twice, expected all values in one list");
    // A new group would be made, on which nothing runs.
    constexpr std::string_view kHosts = "platform.hosts.";
    if (!path.starts_with(kHosts) || other_platforms) continue;
    const std::string name = path.substr(kHosts.size(), path.find('.', kHosts.size()) - kHosts.size());
    std::vector<std::string_view> names;
    for (const auto& [known, group] : base.platform.hosts) names.push_back(known);
    if (std::find(names.begin(), names.end(), name) == names.end())
      diagnostics.error(axes[i].where, "there is no host group " + config::quote(name) +
                                           " in the platform, expected " + config::list_of(names) +
                                           config::did_you_mean(name, names));
  }
}

std::vector<Axis> axes_of(std::span<const std::string> varies, const Node& tree, const std::string& file,
                          Diagnostics& diagnostics) {
  std::vector<Axis> axes;
  for (const std::string& vary : varies)
    if (auto axis = config::parse_vary(vary, diagnostics)) axes.push_back(std::move(*axis));
  if (!varies.empty()) return axes;
  const Node* section = tree.find("sweep");
  if (section == nullptr) {
    diagnostics.error({},
                      file +
                          " has no `sweep:` section and no --vary was given, expected one of them, such as "
                          "--vary platform.hosts.worker.count=28..48:2");
    return axes;
  }
  for (const Node::Entry& entry : section->entries())
    if (auto axis = config::parse_vary(entry, diagnostics)) axes.push_back(std::move(*axis));
  return axes;
}

std::optional<ScenarioConfig> scenario_at(const Node& base, const std::vector<Axis>& axes,
                                          const std::vector<std::size_t>& at, Diagnostics& diagnostics) {
  std::optional<Node> tree = base;
  for (std::size_t i = 0; i < axes.size() && tree; ++i)
    tree = config::with_value(*tree, axes[i].path, axes[i].values[at[i]], axes[i].where, diagnostics);
  return tree ? scenario_from(*tree, diagnostics) : std::nullopt;
}

}  // namespace

std::string name_of(const Grid& grid, const Grid::Point& point) {
  std::string name;
  for (std::size_t i = 0; i < grid.axes.size(); ++i)
    name += (i == 0 ? "" : ", ") + assignment(grid.axes[i], point.at[i]);
  return name;
}

std::optional<Grid> load_grid(const std::string& file, std::span<const std::string> sets,
                              std::span<const std::string> varies, Diagnostics& diagnostics) {
  const auto tree = config::load_tree(file, sets, diagnostics);
  if (!tree) return std::nullopt;
  auto base = scenario_from(*tree, diagnostics);
  Grid grid;
  grid.axes = axes_of(varies, *tree, file, diagnostics);
  if (!base || !diagnostics.ok()) return std::nullopt;
  check_axes(grid.axes, *base, diagnostics);
  std::size_t count = 1;
  for (const Axis& axis : grid.axes) {
    count *= axis.values.size();
    if (count > kMostPoints) {
      diagnostics.error(axis.where, "this makes more than " + std::to_string(kMostPoints) +
                                        " points, expected fewer values");
      break;
    }
  }
  if (!diagnostics.ok()) return std::nullopt;

  PointErrors errors(grid.axes);
  const Node alone = tree->without("sweep");
  for (std::size_t n = 0; n < count; ++n) {
    std::vector<std::size_t> at = combination(grid.axes, n);
    Diagnostics found;
    auto scenario = scenario_at(alone, grid.axes, at, found);
    errors.add(found, at);
    if (scenario) grid.points.push_back({std::move(at), std::move(*scenario)});
  }
  errors.report(count, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;
  grid.base = std::move(*base);
  grid.base.sweep = SweepConfig{grid.axes};
  return grid;
}

}  // namespace headroom::study
