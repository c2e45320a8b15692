#include "sim/study/grid.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "sim/config/load.h"
#include "sim/study/load.h"

namespace headroom::study {
namespace {

using config::Axis;
using config::Diagnostics;
using config::Node;

/// Indices of the alternatives of the n-th combination.
std::vector<std::size_t> combination(const std::vector<Axis>& axes, std::size_t n) {
  std::vector<std::size_t> at(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    at[i] = n % axes[i].alternatives.size();
    n /= axes[i].alternatives.size();
  }
  return at;
}

std::string assignment(const Axis& axis, std::size_t alternative) {
  return axis.label + "=" + axis.alternatives[alternative].name;
}

/// Whether it is about one of the values that the alternative sets, as a whole.
bool is_about(const Axis::Alternative& alternative, const config::Mark& where) {
  return std::any_of(alternative.settings.begin(), alternative.settings.end(),
                     [&](const Axis::Setting& s) { return config::same_place(s.value.where(), where); });
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
               (axis ? group.axis == axis : config::same_place(group.error.where, error.where));
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
      if (!axes_[i].named && is_about(axes_[i].alternatives[at[i]], where)) return i;
    return std::nullopt;
  }

  /// " (where …)", or nothing if it is all points, or the error stands at the value that causes it.
  std::string which(const Group& group, std::size_t points) const {
    if (group.points.size() == points) return "";
    const auto& first = group.points.front();
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const auto& alternatives = axes_[i].alternatives;
      if (group.points.size() != points / alternatives.size()) continue;
      const bool all = std::all_of(group.points.begin(), group.points.end(),
                                   [&](const auto& at) { return at[i] == first[i]; });
      if (!all) continue;
      // Values of a range all stand at one place.
      const bool alone = std::count_if(alternatives.begin(), alternatives.end(), [&](const auto& other) {
                           return is_about(other, group.error.where);
                         }) == 1;
      if (alone && is_about(alternatives[first[i]], group.error.where)) return "";
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

/// A path that an alternative sets, and who does.
struct Set {
  const Axis* axis;
  const Axis::Alternative* alternative;
  const Axis::Setting* setting;
};

/// "seed", or "the choice rack (a1 down)".
std::string who(const Set& set) {
  return set.axis->named ? "the choice " + config::quote(set.axis->label) + " (" + set.alternative->name + ")"
                         : config::quote(set.axis->label);
}

using Paths = std::map<std::string, Set>;

/// What is set later may refine what was set before, but not undo it.
void check_order(const Paths& before, const Set& later, Diagnostics& diagnostics) {
  const std::string& path = later.setting->path;
  const auto complain = [&](const std::string& what) { diagnostics.error(later.setting->where, what); };
  if (const auto same = before.find(path); same != before.end())
    complain(config::quote(path) + " is set by " + who(same->second) +
             " as well, expected it in one of them");
  if (const auto below = before.lower_bound(path + ".");
      below != before.end() && below->first.starts_with(path + "."))
    complain("this undoes what " + who(below->second) + " sets, " + config::quote(below->first) +
             ", expected it before that");
}

}  // namespace

void check_axes(const std::vector<Axis>& axes, Diagnostics& diagnostics) {
  std::set<std::string> labels;
  Paths before;
  for (const Axis& axis : axes) {
    if (!labels.insert(axis.label).second) {
      diagnostics.error(axis.where,
                        config::quote(axis.label) + " is varied twice, expected all values in one list");
      continue;
    }
    if (axis.named && report::is_column(axis.label))
      diagnostics.error(axis.where, config::quote(axis.label) +
                                        " is the name of a column of points.csv, expected another name");
    Paths own;
    for (const Axis::Alternative& alternative : axis.alternatives) {
      Paths inside;
      for (const Axis::Setting& setting : alternative.settings) {
        const Set set{&axis, &alternative, &setting};
        check_order(inside, set, diagnostics);
        inside.emplace(setting.path, set);
        own.emplace(setting.path, set);
      }
    }
    for (const auto& [path, set] : own) {
      if (is_or_is_below(path, "sweep") || is_or_is_below(path, "plan"))
        diagnostics.error(set.setting->where,
                          "what is varied cannot be varied itself, expected another path");
      check_order(before, set, diagnostics);
    }
    before.merge(own);
  }
}

std::optional<ScenarioConfig> scenario_at(const Node& base, const std::vector<Axis>& axes,
                                          const std::vector<std::size_t>& at, Diagnostics& diagnostics) {
  std::optional<Node> tree = base.without("sweep").without("plan");
  for (std::size_t i = 0; i < axes.size() && tree; ++i)
    tree = config::with_alternative(*tree, axes[i].alternatives[at[i]], diagnostics);
  return tree ? scenario_from(*tree, diagnostics) : std::nullopt;
}

namespace {

std::vector<Axis> axes_of(std::span<const std::string> varies, const Node& tree, const std::string& file,
                          For what, Diagnostics& diagnostics) {
  std::vector<Axis> axes;
  for (const std::string& vary : varies)
    if (auto axis = config::parse_vary(vary, diagnostics)) axes.push_back(std::move(*axis));
  if (!varies.empty()) return axes;
  const Node* section = tree.find(what == For::sweep ? "sweep" : "plan");
  if (section != nullptr && what == For::plan) section = section->find("vary");
  if (section == nullptr) {
    diagnostics.error({}, file + " has no `" + (what == For::sweep ? "sweep:" : "plan: vary:") +
                              "` section and no --vary was given, expected one of them, such as --vary "
                              "platform.hosts.worker.count=28..48:2");
    return axes;
  }
  for (const Node::Entry& entry : section->entries())
    if (auto axis = config::parse_vary(entry, diagnostics)) axes.push_back(std::move(*axis));
  return axes;
}

}  // namespace

report::Sweep::Axis reported_axis(const Axis& axis) {
  report::Sweep::Axis all{axis.label, {}, axis.named};
  for (const Axis::Alternative& alternative : axis.alternatives) all.values.push_back(alternative.name);
  return all;
}

std::string name_of(const Grid& grid, const Grid::Point& point) {
  std::string name;
  for (std::size_t i = 0; i < grid.axes.size(); ++i)
    name += (i == 0 ? "" : ", ") + assignment(grid.axes[i], point.at[i]);
  return name;
}

std::optional<Grid> load_grid(const std::string& file, std::span<const std::string> sets,
                              std::span<const std::string> varies, Diagnostics& diagnostics, For what,
                              const std::string& each) {
  const auto tree = config::load_tree(file, sets, diagnostics);
  if (!tree) return std::nullopt;
  auto base = scenario_from(*tree, diagnostics);
  Grid grid;
  grid.axes = axes_of(varies, *tree, file, what, diagnostics);
  if (!each.empty())
    if (auto axis = config::parse_vary(each, diagnostics, "--each"))
      grid.axes.insert(grid.axes.begin(), std::move(*axis));
  if (!base || !diagnostics.ok()) return std::nullopt;
  check_axes(grid.axes, diagnostics);
  std::size_t count = 1;
  for (const Axis& axis : grid.axes) {
    count *= axis.alternatives.size();
    if (count > kMostPoints) {
      diagnostics.error(axis.where, "this makes more than " + std::to_string(kMostPoints) +
                                        " points, expected fewer values");
      break;
    }
  }
  if (!diagnostics.ok()) return std::nullopt;

  PointErrors errors(grid.axes);
  for (std::size_t n = 0; n < count; ++n) {
    std::vector<std::size_t> at = combination(grid.axes, n);
    Diagnostics found;
    auto scenario = scenario_at(*tree, grid.axes, at, found);
    errors.add(found, at);
    if (scenario) grid.points.push_back({std::move(at), std::move(*scenario)});
  }
  errors.report(count, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;
  grid.base = std::move(*base);
  if (what == For::sweep) grid.base.sweep = VaryConfig{grid.axes};
  return grid;
}

std::vector<Grid> split_by_first(const Grid& grid) {
  std::vector<Grid> all(grid.axes.front().alternatives.size());
  for (const Grid::Point& point : grid.points) {
    Grid& part = all[point.at.front()];
    if (part.points.empty()) {
      part.axes.assign(grid.axes.begin() + 1, grid.axes.end());
      part.base = point.scenario;
      part.base.sweep = grid.base.sweep;
      part.base.plan = grid.base.plan;
    }
    part.points.push_back({{point.at.begin() + 1, point.at.end()}, point.scenario});
  }
  return all;
}

}  // namespace headroom::study
