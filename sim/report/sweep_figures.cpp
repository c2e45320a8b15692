#include "sim/report/sweep_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "sim/report/figures.h"
#include "sim/report/numbers.h"
#include "sim/report/paint.h"
#include "sim/report/sweep_answer.h"

namespace headroom::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostSeries = 8;  // more cannot be told apart
constexpr std::size_t kMostTicks = 14;
constexpr std::size_t kMostLabels = 12;
constexpr std::size_t kLongestName = 48;  // of a name, in characters

const Summary::Metric* metric_of(const Summary& summary, std::string_view name) {
  const auto found = summary.metrics.find(std::string(name));
  return found != summary.metrics.end() && found->second.mean ? &found->second : nullptr;
}

class Curves {
 public:
  explicit Curves(const Sweep& sweep) : sweep_(sweep), view_(view_of(sweep)) {
    for (std::size_t i = 0; i < sweep.axes.size(); ++i)
      if (i != view_.x && sweep.axes[i].named && sweep.axes[i].values.size() > 1)
        by_ += (by_.empty() ? ", by " : " and ") + shortened(sweep.axes[i].label, kLongestName);
    const std::size_t count = view_.series.size();
    if (count <= kMostSeries) return;
    left_out_ = count - kMostSeries;
    std::vector<Series> some;  // the first, the last, and what lies evenly between
    for (std::size_t i = 0; i < kMostSeries; ++i)
      some.push_back(view_.series[(i * (count - 1) + (kMostSeries - 1) / 2) / (kMostSeries - 1)]);
    view_.series = std::move(some);
  }

  bool several() const { return view_.series.size() > 1; }

  /// Whether the values are about the same multiple of each other, over an order of magnitude or nearly so.
  bool is_geometric() const {
    std::vector<double> sorted = view_.scale.at;
    std::sort(sorted.begin(), sorted.end());
    double least = sorted[1] / sorted[0], most = least;
    for (std::size_t i = 1; i + 1 < sorted.size(); ++i) {
      least = std::min(least, sorted[i + 1] / sorted[i]);
      most = std::max(most, sorted[i + 1] / sorted[i]);
    }
    return sorted.back() >= 8 * sorted.front() && most <= 1.5 * least;
  }

  /// An empty chart over what was varied.
  Chart chart(std::string file, std::string title, std::string y_label) const {
    Chart chart;
    chart.file = std::move(file);
    chart.title = std::move(title) + by_;
    const auto& axis = sweep_.axes[view_.x];
    chart.x.label = axis.label + (view_.scale.unit.empty() ? "" : " [" + view_.scale.unit + "]");
    chart.y.label = std::move(y_label);
    const auto [low, high] = std::minmax_element(view_.scale.at.begin(), view_.scale.at.end());
    if (!view_.scale.numeric) {
      chart.x.low = -0.5;
      chart.x.high = static_cast<double>(axis.values.size()) - 0.5;
    } else if (axis.values.size() == 1) {
      chart.x.low = *low - 0.5;
      chart.x.high = *low + 0.5;
    } else if (*low > 0 && axis.values.size() >= 4 && (*high / *low >= 50 || is_geometric())) {
      chart.x.logarithmic = true;
    }
    if (axis.values.size() > kMostTicks && view_.scale.numeric) return chart;
    for (std::size_t i = 0; i < axis.values.size(); ++i)
      chart.x.ticks.push_back({view_.scale.at[i], view_.scale.numeric
                                                      ? shortest(view_.scale.at[i])
                                                      : shortened(axis.values[i], kLongestName)});
    return chart;
  }

  /// One curve for each series, named after it (or as `alone` says, if there is but one).
  void add(Chart& chart, std::string_view metric, double scale, const std::string& alone) const {
    std::vector<Chart::Curve> curves;
    for (std::size_t s = 0; s < view_.series.size(); ++s) {
      Chart::Curve curve;
      curve.name = several() ? shortened(view_.series[s].name, kLongestName) : alone;
      curve.bars = !view_.scale.numeric || view_.scale.at.size() == 1;
      curve.points = !curve.bars;
      for (const std::size_t n : view_.series[s].points) {
        const auto* found = metric_of(*sweep_.points[n].summary, metric);
        curve.x.push_back(x_of(n) + (curve.bars ? beside(chart.curves.size() + s) : 0));
        curve.y.push_back(found != nullptr ? *found->mean * scale : kNone);
        curve.low.push_back(found != nullptr && found->ci95 ? found->ci95->low * scale : curve.y.back());
        curve.high.push_back(found != nullptr && found->ci95 ? found->ci95->high * scale : curve.y.back());
      }
      if (std::any_of(curve.y.begin(), curve.y.end(), [](double y) { return std::isfinite(y); }))
        curves.push_back(std::move(curve));
    }
    std::move(curves.begin(), curves.end(), std::back_inserter(chart.curves));
  }

  /// One metric against another, series by series, the points named after x.
  Chart::Curve against(std::size_t series, std::string_view x, std::string_view y) const {
    Chart::Curve curve;
    curve.name = several() ? shortened(view_.series[series].name, kLongestName) : "";
    curve.points = true;
    const auto& points = view_.series[series].points;
    const std::size_t step = (points.size() + kMostLabels - 1) / kMostLabels;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto* a = metric_of(*sweep_.points[points[i]].summary, x);
      const auto* b = metric_of(*sweep_.points[points[i]].summary, y);
      curve.x.push_back(a != nullptr ? *a->mean * 100 : kNone);
      curve.y.push_back(b != nullptr ? *b->mean * 100 : kNone);
      curve.labels.push_back(
          i % step == 0 || i + 1 == points.size() ? sweep_.value(sweep_.points[points[i]], view_.x) : "");
    }
    return curve;
  }

  std::size_t series() const { return view_.series.size(); }
  const std::string& x_path() const { return sweep_.axes[view_.x].label; }
  /// What every caption ends with.
  std::string band() const {
    return std::string(view_.scale.numeric && view_.scale.at.size() > 1 ? " Bands" : " Bars") +
           " are 95 % intervals." +
           (left_out_ > 0 ? fmt::format(" {} more series are in points.csv.", left_out_) : "");
  }

 private:
  double x_of(std::size_t point) const { return view_.scale.at[sweep_.points[point].at[view_.x]]; }
  /// So that bars of several curves stand beside each other.
  static double beside(std::size_t curve) {
    const std::size_t pair = (curve + 1) / 2;
    const auto steps = static_cast<double>(pair);
    return 0.08 * (curve % 2 == 0 ? steps : -steps);
  }

  const Sweep& sweep_;
  View view_;
  std::string by_;  ///< ", by rack": the choices that make series
  std::size_t left_out_ = 0;
};

/// Lowest and highest mean over all points; nothing if the metric is nowhere.
std::optional<std::pair<double, double>> range_of(const Sweep& sweep, std::string_view metric) {
  std::optional<std::pair<double, double>> range;
  for (const auto& point : sweep.points) {
    const auto* found = point.summary ? metric_of(*point.summary, metric) : nullptr;
    if (found == nullptr) continue;
    if (!range) range.emplace(*found->mean, *found->mean);
    range->first = std::min(range->first, *found->mean);
    range->second = std::max(range->second, *found->mean);
  }
  return range;
}

/// Takes away labels of points that lie on one that has a label.
void thin_out_labels(Chart& chart, double width, double height) {
  std::vector<std::pair<double, double>> taken;
  for (Chart::Curve& curve : chart.curves)
    for (std::size_t i = 0; i < curve.labels.size(); ++i) {
      const bool near = std::any_of(taken.begin(), taken.end(), [&](const auto& other) {
        return std::abs(other.first - curve.x[i]) < 0.05 * width &&
               std::abs(other.second - curve.y[i]) < 0.05 * height;
      });
      if (near)
        curve.labels[i].clear();
      else if (!curve.labels[i].empty())
        taken.emplace_back(curve.x[i], curve.y[i]);
    }
}

/// The objective on that metric, if all points have it with the same bound.
std::optional<Judged> objective(const Sweep& sweep, std::string_view metric) {
  std::optional<Judged> found;
  for (const auto& point : sweep.points) {
    if (!point.summary) continue;
    const auto all = judged(*point.summary);
    const auto one =
        std::find_if(all.begin(), all.end(), [&](const Judged& j) { return j.metric == metric; });
    if (one == all.end() || (found && found->bound != one->bound)) return std::nullopt;
    found = *one;
  }
  return found;
}

void add_share_bound(Chart& chart, const Sweep& sweep, std::string_view metric) {
  if (const auto o = objective(sweep, metric))
    chart.bounds.push_back({fmt::format("objective: {} {} %", o->name, percent(o->bound)), o->bound * 100});
}

void add_shares(std::vector<Chart>& charts, const Sweep& sweep, const Curves& curves) {
  const std::string what = " against what was varied";
  if (!curves.several()) {
    Chart chart = curves.chart("yield_harvest", "Yield and harvest", "share [%]");
    curves.add(chart, "yield", 100, "yield (answered / offered)");
    curves.add(chart, "harvest", 100, "harvest (answer delivered)");
    if (chart.curves.empty()) return;
    add_share_bound(chart, sweep, "yield");
    add_share_bound(chart, sweep, "harvest");
    share_axis(chart);
    chart.caption =
        "Share of requests that were answered, and how much of its answer an answered request got," + what +
        "." + curves.band();
    charts.push_back(std::move(chart));
    return;
  }
  struct Kind {
    const char* metric;
    const char* title;
    const char* caption;
  };
  for (const Kind& kind : {Kind{"yield", "Yield", "Share of requests that were answered,"},
                           Kind{"harvest", "Harvest", "How much of its answer an answered request got,"}}) {
    Chart chart = curves.chart(kind.metric, kind.title, std::string(kind.metric) + " [%]");
    curves.add(chart, kind.metric, 100, "");
    if (chart.curves.empty()) continue;
    add_share_bound(chart, sweep, kind.metric);
    share_axis(chart);
    chart.caption = kind.caption + what + "." + curves.band();
    charts.push_back(std::move(chart));
  }
}

void add_latency(std::vector<Chart>& charts, const Sweep& sweep, const Curves& curves) {
  // The one that was promised, if any was.
  const auto narrowed = objective(sweep, "only.latency.p99_ms");
  const auto promised = narrowed ? narrowed : objective(sweep, "latency.p99_ms");
  const std::string metric = promised ? promised->metric : "latency.p99_ms";
  const std::string of = promised && promised->name.find(" of ") != std::string::npos
                             ? promised->name.substr(promised->name.find(" of "))
                             : "";
  Chart chart = curves.chart("latency_p99", "99th percentile of latency" + of, "latency [ms]");
  chart.y.logarithmic = true;
  curves.add(chart, metric, 1, "p99" + of);
  if (chart.curves.empty()) return;
  if (promised && promised->bound > 0)
    chart.bounds.push_back({fmt::format("objective: {} ms", significant(promised->bound)), promised->bound});
  chart.caption = "99 % of the answered requests" + of + " took no longer than this." + curves.band();
  charts.push_back(std::move(chart));
}

/// Names are free; files cannot be named after all of them.
std::string part_of_file_name(const std::string& name) {
  constexpr std::size_t kLongest = 60;
  std::string part;
  for (const char c : name.substr(0, kLongest))
    part += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ? c : '_';
  return part;
}

/// Every watched group's share of time with enough members.
void add_availability(std::vector<Chart>& charts, const Sweep& sweep, const Curves& curves) {
  constexpr std::string_view kMetric = "availability.";
  std::set<std::string> groups;
  for (const Sweep::Point& point : sweep.points)
    if (point.summary)
      for (const auto& [name, metric] : point.summary->metrics)
        if (name.starts_with(kMetric)) groups.insert(name.substr(kMetric.size()));
  for (const std::string& group : groups) {
    const std::string metric = std::string(kMetric) + group;
    Chart chart = curves.chart("availability_" + part_of_file_name(group), "Availability of " + group,
                               "time with enough members up [%]");
    curves.add(chart, metric, 100, "enough of " + group + " up");
    if (chart.curves.empty()) continue;
    add_share_bound(chart, sweep, metric);
    share_axis(chart);
    chart.caption = "Share of time in which as many members of " + group +
                    " were up as are needed, against what was varied." + curves.band();
    charts.push_back(std::move(chart));
  }
}

void add_tradeoff(std::vector<Chart>& charts, const Sweep& sweep, const Curves& curves) {
  const auto yield = range_of(sweep, "yield");
  const auto harvest = range_of(sweep, "harvest");
  constexpr double kNothing = 5e-4;  // what nobody would trade for
  if (!yield || !harvest || harvest->second - harvest->first < kNothing) return;
  Chart chart;
  chart.file = "tradeoff";
  chart.title = "Yield against harvest";
  chart.x.label = "harvest [%]";
  chart.y.label = "yield [%]";
  for (std::size_t s = 0; s < curves.series(); ++s)
    chart.curves.push_back(curves.against(s, "harvest", "yield"));
  percent_axis(chart);
  const double margin = (harvest->second - harvest->first) * 5;
  chart.x.low = std::max(0.0, harvest->first * 100 - margin);
  chart.x.high = harvest->second * 100 + margin;
  thin_out_labels(chart, *chart.x.high - *chart.x.low, chart.y.high.value_or(100) - chart.y.low.value_or(0));
  chart.caption = "What can be had of both, each point named after " + curves.x_path() +
                  "; the upper right corner is where every request gets all of its answer.";
  charts.push_back(std::move(chart));
}

/// Each point by its cost and by how many answers it lost, those that meet all objectives apart.
void add_cost(std::vector<Chart>& charts, const Sweep& sweep) {
  const auto cost = range_of(sweep, "cost.usd_per_hour");
  if (!cost || cost->second - cost->first < 1e-9 || !range_of(sweep, "yield")) return;
  Chart chart;
  chart.file = "cost";
  chart.title = "What the objectives cost";
  chart.x.label = "price of all hosts [USD/h]";
  chart.y.label = "yield [%]";
  Chart::Curve met, missed;
  met.name = "all objectives met";
  missed.name = "an objective missed";
  for (const auto& point : sweep.points) {
    if (!point.summary) continue;
    const auto* price = metric_of(*point.summary, "cost.usd_per_hour");
    const auto* yield = metric_of(*point.summary, "yield");
    const auto verdicts = judged(*point.summary);
    if (price == nullptr || yield == nullptr || verdicts.empty()) continue;
    const bool good = met_at(*point.summary).holds();
    Chart::Curve& curve = good ? met : missed;
    curve.bars = true;
    curve.x.push_back(*price->mean);
    curve.y.push_back(*yield->mean * 100);
    curve.low.push_back((yield->ci95 ? yield->ci95->low : *yield->mean) * 100);
    curve.high.push_back((yield->ci95 ? yield->ci95->high : *yield->mean) * 100);
  }
  for (Chart::Curve* curve : {&met, &missed})
    if (!curve->x.empty()) chart.curves.push_back(std::move(*curve));
  if (chart.curves.empty()) return;
  add_share_bound(chart, sweep, "yield");
  share_axis(chart);
  const double margin = (cost->second - cost->first) * 0.05;
  chart.x.low = std::max(0.0, cost->first - margin);
  chart.x.high = cost->second + margin;
  chart.caption = cheapest(sweep);
  charts.push_back(std::move(chart));
}

/// A map's columns or rows: an axis with several numbers.
struct Side {
  std::size_t axis = 0;
  Scale scale;
  std::vector<std::size_t> place;  ///< by value: which column or row, from low to high
  explicit Side(const Sweep& sweep, std::size_t which)
      : axis(which), scale(scale_of(sweep.axes[which])), place(scale.ascending.size()) {
    for (std::size_t i = 0; i < place.size(); ++i) place[scale.ascending[i]] = i;
  }
  std::size_t count() const { return place.size(); }
  Chart::Axis drawn(const Sweep& sweep, std::size_t most_ticks) const {
    Chart::Axis drawn;
    drawn.label = sweep.axes[axis].label + (scale.unit.empty() ? "" : " [" + scale.unit + "]");
    const std::size_t step = (count() + most_ticks - 1) / most_ticks;
    for (std::size_t i = 0; i < count(); i += step)
      drawn.ticks.push_back({static_cast<double>(i), shortest(scale.at[scale.ascending[i]])});
    return drawn;
  }
};

/// What a map shows: an objective's metric, or yield.
struct Shown {
  std::string metric, name, unit;
  bool more_is_better = true;
  std::optional<double> bound;
};
std::vector<Shown> shown_on_maps(const Sweep& sweep) {
  std::vector<Shown> all;
  for (const auto& point : sweep.points) {
    if (!point.summary) continue;
    for (const Judged& j : judged(*point.summary))
      all.push_back({j.metric, j.name, std::string(unit_of(sweep.catalogue, j.metric)), j.at_least, j.bound});
    if (all.empty()) all.push_back({"yield", "yield", "share", true, std::nullopt});
    return all;
  }
  return all;
}

/// One map: the points with one combination of all that is not on it.
Chart map_of(const Sweep& sweep, const Shown& shown, const Side& x, const Side& y,
             const std::vector<std::size_t>& points) {
  const bool share = shown.unit == "share";
  Chart chart;
  chart.x = x.drawn(sweep, kMostTicks);
  chart.y = y.drawn(sweep, kMostTicks);
  Chart::Cells& cells = chart.cells.emplace(Chart::Cells{});
  cells.columns = x.count();
  cells.value.assign(x.count() * y.count(), kNone);
  cells.texts.assign(cells.value.size(), "");
  cells.holds.assign(cells.value.size(), std::nullopt);
  cells.dark_is_low = !shown.more_is_better;
  cells.scale.label = shown.name + (share                                         ? " [%]"
                                    : shown.unit.empty() || shown.unit == "count" ? ""
                                                                                  : " [" + shown.unit + "]");
  std::size_t longest = 0;
  for (const std::size_t n : points) {
    const auto& point = sweep.points[n];
    const std::size_t cell = y.place[point.at[y.axis]] * x.count() + x.place[point.at[x.axis]];
    const auto* found = metric_of(*point.summary, shown.metric);
    const auto verdicts = judged(*point.summary);
    const Met met = met_at(*point.summary);
    if (!verdicts.empty()) cells.holds[cell] = met.holds();
    if (found != nullptr) cells.value[cell] = share ? *found->mean * 100 : *found->mean;
    cells.texts[cell] = found == nullptr ? "–"
                        : share          ? percent(*found->mean, 3)
                                         : significant(*found->mean, 3);
    if (!verdicts.empty() && !met.sure) cells.texts[cell] += " ?";
    longest = std::max(longest, columns(cells.texts[cell]));
  }
  constexpr double kWidth = 690, kLetter = 8.5;  // as drawn in the SVG
  constexpr std::size_t kMostRows = 14;
  if (kLetter * static_cast<double>((longest + 1) * x.count()) > kWidth || y.count() > kMostRows)
    cells.texts.clear();
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const double value : cells.value) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  constexpr double kWide = 5;
  cells.scale.logarithmic = !share && low > 0 && high / low > kWide;
  if (share) {
    if (shown.bound) chart.bounds.push_back({"", *shown.bound * 100});
    share_axis(chart);
    chart.bounds.clear();
  }
  return chart;
}

/// Two varied numbers: a map with the edge of what meets the objectives.
void add_maps(std::vector<Chart>& charts, const Sweep& sweep) {
  constexpr std::size_t kMostMaps = 4;  // of one metric
  const View view = view_of(sweep);
  std::optional<std::size_t> second;
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    if (i == view.x || sweep.axes[i].values.size() < 2 || !scale_of(sweep.axes[i]).numeric) continue;
    if (!second || sweep.axes[i].values.size() > sweep.axes[*second].values.size()) second = i;
  }
  if (!view.scale.numeric || !second) return;
  const Side x(sweep, view.x), y(sweep, *second);
  std::map<std::vector<std::size_t>, std::vector<std::size_t>> groups;
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    if (!sweep.points[n].summary) continue;
    std::vector<std::size_t> rest = sweep.points[n].at;
    rest[x.axis] = rest[y.axis] = 0;
    groups[rest].push_back(n);
  }
  for (const Shown& shown : shown_on_maps(sweep)) {
    std::size_t number = 0;
    for (const auto& [rest, points] : groups) {
      if (++number > kMostMaps) break;
      Chart chart = map_of(sweep, shown, x, y, points);
      std::string name;
      for (std::size_t i = 0; i < rest.size(); ++i)
        if (i != x.axis && i != y.axis && sweep.axes[i].values.size() > 1)
          name += (name.empty() ? "" : ", ") + shortened(alternative_name(sweep, i, rest[i]), kLongestName);
      chart.file =
          "map_" + part_of_file_name(shown.metric) + (groups.size() > 1 ? "_" + std::to_string(number) : "");
      chart.title = (shown.bound ? "Where the objectives hold: " : "") + shown.name +
                    (name.empty() ? "" : " (" + name + ")");
      const auto& holds = chart.cells->holds;
      const auto count = [&](bool wanted) {
        return std::count(holds.begin(), holds.end(), std::optional(wanted));
      };
      chart.caption = "Each cell is a point. ";
      if (count(true) + count(false) == 0)
        chart.caption += "No objectives were set.";
      else if (count(false) == 0)
        chart.caption += "All meet all objectives.";
      else if (count(true) == 0)
        chart.caption += "None meets all objectives.";
      else
        chart.caption += "The line parts those that meet all objectives from those that miss one (hatched).";
      if (groups.size() > kMostMaps)
        chart.caption += fmt::format(" {} more combinations are in points.csv.", groups.size() - kMostMaps);
      charts.push_back(std::move(chart));
    }
  }
}

}  // namespace

std::vector<Chart> figures(const Sweep& sweep) {
  std::vector<Chart> charts;
  if (sweep.complete() == 0) return charts;
  const Curves curves(sweep);
  add_shares(charts, sweep, curves);
  add_latency(charts, sweep, curves);
  add_availability(charts, sweep, curves);
  add_maps(charts, sweep);
  add_tradeoff(charts, sweep, curves);
  add_cost(charts, sweep);
  return charts;
}

}  // namespace headroom::report
