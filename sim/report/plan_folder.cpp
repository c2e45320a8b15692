#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "sim/report/numbers.h"
#include "sim/report/plan.h"
#include "sim/report/sweep_answer.h"

namespace headroom::report {
namespace {

std::string file_name(std::string metric) {
  for (char& c : metric)
    if (c == '.' || c == '_') c = '-';
  return metric;
}

/// As people read it: "%" of a share.
std::string readable_unit(const Plan& plan, const std::string& metric) {
  return readable(0.0, std::nullopt, unit_of(plan.catalogue, metric)).unit;
}

std::string labelled(const std::string& name, const std::string& unit) {
  return name + (unit.empty() ? "" : " [" + unit + "]");
}

/// The value that is nearest to failing, over the variants.
const Plan::Value* worst(const Plan::Point& point, std::size_t objective) {
  const Plan::Value* found = nullptr;
  for (const Plan::Variant& v : point.variants)
    if (v.objectives.size() > objective && v.objectives[objective].value &&
        (found == nullptr || v.objectives[objective].margin < found->margin))
      found = &v.objectives[objective];
  return found;
}

/// Each tested point: what it costs, and the objective where it is worst.
void add_objective(std::vector<Chart>& charts, const Plan& plan, std::size_t o) {
  const Plan::Objective& objective = plan.objectives[o];
  const std::string unit = readable_unit(plan, objective.metric);
  const double scale = unit == "%" ? 100 : 1;
  Chart chart;
  chart.file = "plan-" + file_name(objective.metric);
  chart.title = (plan.maximize ? "How much holds: " : "What holding costs: ") + objective.text;
  chart.x.label = goal_label(plan);
  chart.y.label = labelled(objective.metric, unit);
  Chart::Curve curves[4];
  curves[0].name = "holds";
  curves[1].name = "misses";
  curves[2].name = "undecided";
  curves[3].name = "the answer";
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t p = 0; p < plan.points.size(); ++p) {
    const Plan::Point& point = plan.points[p];
    const Plan::Value* value = worst(point, o);
    if (value == nullptr || !std::isfinite(point.objective)) continue;
    Chart::Curve& curve = plan.answer == p                   ? curves[3]
                          : point.told == Plan::Told::holds  ? curves[0]
                          : point.told == Plan::Told::misses ? curves[1]
                                                             : curves[2];
    curve.bars = true;
    curve.x.push_back(point.objective);
    curve.y.push_back(*value->value * scale);
    curve.low.push_back((value->interval ? value->interval->low : *value->value) * scale);
    curve.high.push_back((value->interval ? value->interval->high : *value->value) * scale);
    low = std::min(low, point.objective);
    high = std::max(high, point.objective);
  }
  for (Chart::Curve& curve : curves)
    if (!curve.x.empty()) chart.curves.push_back(std::move(curve));
  if (chart.curves.empty()) return;
  chart.bounds.push_back({objective.text, objective.bound * scale});
  if (unit == "%") percent_axis(chart);
  const double margin = high > low ? (high - low) * 0.05 : std::max(1.0, std::abs(high) * 0.05);
  chart.x.low = low >= 0 ? std::max(0.0, low - margin) : low - margin;
  chart.x.high = high + margin;
  chart.caption = answer_text(plan) + " Each point that was tested, in the state in which it is worst.";
  charts.push_back(std::move(chart));
}

/// In the plane of two numeric axes: what holds, what misses.
void add_edge(std::vector<Chart>& charts, const Plan& plan) {
  if (plan.axes.size() != 2) return;
  const Scale x = scale_of(plan.axes[0]), y = scale_of(plan.axes[1]);
  if (!x.numeric || !y.numeric) return;
  Chart chart;
  chart.file = "plan-edge";
  chart.title = "Where it holds";
  chart.x.label = labelled(short_name(plan.axes, 0), x.unit);
  chart.y.label = labelled(short_name(plan.axes, 1), y.unit);
  Chart::Curve curves[4];
  curves[0].name = "holds";
  curves[1].name = "misses";
  curves[2].name = "undecided";
  curves[3].name = "the answer";
  for (std::size_t p = 0; p < plan.points.size(); ++p) {
    const Plan::Point& point = plan.points[p];
    Chart::Curve& curve = plan.answer == p                   ? curves[3]
                          : point.told == Plan::Told::holds  ? curves[0]
                          : point.told == Plan::Told::misses ? curves[1]
                                                             : curves[2];
    curve.points = true;
    curve.line = false;
    curve.x.push_back(x.at[point.at[0]]);
    curve.y.push_back(y.at[point.at[1]]);
    curve.labels.push_back(goal_text(plan, point));
  }
  for (Chart::Curve& curve : curves)
    if (!curve.x.empty()) chart.curves.push_back(std::move(curve));
  if (chart.curves.empty()) return;
  const auto range = [](const Scale& scale, Chart::Axis& axis) {
    const auto [low, high] = std::minmax_element(scale.at.begin(), scale.at.end());
    const double margin = std::max((*high - *low) * 0.08, 1e-9);
    axis.low = *low - margin;
    axis.high = *high + margin;
  };
  range(x, chart.x);
  range(y, chart.y);
  chart.caption = answer_text(plan) + " The points that were tested, with " + plan.goal + ".";
  charts.push_back(std::move(chart));
}

/// In how many worlds each choice holds, and is right.
void add_worlds(std::vector<Chart>& charts, const Plan& plan) {
  if (!plan.uncertain || plan.uncertain->choices.empty()) return;
  const Plan::Uncertain& u = *plan.uncertain;
  Chart chart;
  chart.file = "plan-worlds";
  chart.title = "In how many worlds each choice holds";
  chart.x.label = goal_label(plan);
  chart.y.label = fmt::format("of {} worlds", u.worlds);
  chart.y.low = 0;
  chart.y.high = u.worlds * 1.05;
  Chart::Curve holds, right;
  holds.name = "holds";
  right.name = "is the cheapest that does";
  if (plan.maximize) right.name = "is the most that does";
  holds.points = right.points = true;
  for (const auto& one : u.choices) {
    holds.x.push_back(one.objective);
    holds.y.push_back(one.holds_in);
    right.x.push_back(one.objective);
    right.y.push_back(one.right_in);
  }
  chart.curves = {std::move(holds), std::move(right)};
  chart.bounds.push_back(
      {fmt::format("{} % of the worlds", significant(100 * plan.confidence, 3)), plan.confidence * u.worlds});
  chart.caption = answer_text(plan);
  charts.push_back(std::move(chart));
}

}  // namespace

std::string goal_label(const Plan& plan) {
  for (const Sweep::Axis& axis : plan.axes)
    if (axis.label == plan.goal) return labelled(plan.goal, scale_of(axis).unit);
  return labelled(plan.goal, readable_unit(plan, plan.goal));
}

std::vector<Chart> figures(const Plan& plan) {
  std::vector<Chart> charts;
  add_worlds(charts, plan);
  for (std::size_t o = 0; o < plan.objectives.size(); ++o) add_objective(charts, plan, o);
  add_edge(charts, plan);
  return charts;
}

void add_plan(NewFolder& fresh, const std::filesystem::path& below, const PlanFiles& files,
              bool with_drawings, Written& written) {
  const std::vector<Chart> charts = figures(files.plan);
  add_files(
      fresh, below, charts, with_drawings,
      [&](const std::filesystem::path& drawings) {
        Contents all{{"plan.json", to_json(files.plan)},
                     {"points.csv", points_csv(files.plan)},
                     {"scenario.yaml", files.scenario_yaml},
                     {"machine.json", machine_json(files.effort)},
                     {"report.html", html(files.plan, charts, drawings)}};
        if (files.plan.uncertain) all.emplace_back("worlds.csv", worlds_csv(files.plan));
        return all;
      },
      written);
}

Written write_plan(const std::filesystem::path& folder, const PlanFiles& files, bool with_drawings,
                   const std::function<std::optional<Problem>(NewFolder&)>& more) {
  return write_folder(folder, [&](NewFolder& fresh, Written& written) {
    add_plan(fresh, {}, files, with_drawings, written);
    if (!written.error && more) written.error = more(fresh);
  });
}

}  // namespace headroom::report
