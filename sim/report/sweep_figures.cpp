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
#include "sim/report/sweep_answer.h"

namespace headroom::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostSeries = 8;  // more cannot be told apart
constexpr std::size_t kMostTicks = 14;
constexpr std::size_t kMostLabels = 12;

const Summary::Metric* metric_of(const Summary& summary, std::string_view name) {
  const auto found = summary.metrics.find(std::string(name));
  return found != summary.metrics.end() && found->second.mean ? &found->second : nullptr;
}

class Curves {
 public:
  explicit Curves(const Sweep& sweep) : sweep_(sweep), view_(view_of(sweep)) {
    while (view_.series.size() > kMostSeries) {
      view_.series.pop_back();
      ++left_out_;
    }
  }

  bool several() const { return view_.series.size() > 1; }

  /// An empty chart over what was varied.
  Chart chart(std::string file, std::string title, std::string y_label) const {
    Chart chart;
    chart.file = std::move(file);
    chart.title = std::move(title);
    const auto& axis = sweep_.axes[view_.x];
    chart.x.label = axis.path + (view_.scale.unit.empty() ? "" : " [" + view_.scale.unit + "]");
    chart.y.label = std::move(y_label);
    const auto [low, high] = std::minmax_element(view_.scale.at.begin(), view_.scale.at.end());
    if (!view_.scale.numeric) {
      chart.x.low = -0.5;
      chart.x.high = static_cast<double>(axis.values.size()) - 0.5;
    } else if (*low > 0 && axis.values.size() >= 4 && *high / *low >= 50) {
      chart.x.logarithmic = true;
    }
    if (axis.values.size() > kMostTicks && view_.scale.numeric) return chart;
    for (std::size_t i = 0; i < axis.values.size(); ++i)
      chart.x.ticks.push_back(
          {view_.scale.at[i], view_.scale.numeric ? shortest(view_.scale.at[i]) : shortened(axis.values[i])});
    return chart;
  }

  /// One curve for each series, named after it (or as `alone` says, if there is but one).
  void add(Chart& chart, std::string_view metric, double scale, const std::string& alone) const {
    std::vector<Chart::Curve> curves;
    for (std::size_t s = 0; s < view_.series.size(); ++s) {
      Chart::Curve curve;
      curve.name = several() ? shortened(view_.series[s].name) : alone;
      curve.points = view_.scale.numeric;
      curve.bars = !view_.scale.numeric;
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
    curve.name = several() ? shortened(view_.series[series].name) : "";
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
  const std::string& x_path() const { return sweep_.axes[view_.x].path; }
  /// What every caption ends with.
  std::string band() const {
    return (view_.scale.numeric ? std::string(" Bands") : std::string(" Bars")) + " are 95 % intervals." +
           (left_out_ > 0 ? fmt::format(" {} more series are in points.csv.", left_out_) : "");
  }

 private:
  static std::string shortened(const std::string& text) {
    constexpr std::size_t kMost = 48;
    if (text.size() <= kMost) return text;
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "…";
  }
  double x_of(std::size_t point) const { return view_.scale.at[sweep_.points[point].at[view_.x]]; }
  /// So that bars of several curves stand beside each other.
  static double beside(std::size_t curve) {
    return 0.08 * static_cast<double>(curve % 2 == 0 ? curve / 2 : -(static_cast<int>(curve) + 1) / 2);
  }

  const Sweep& sweep_;
  View view_;
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
    percent_axis(chart);
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
    percent_axis(chart);
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

/// 1 − y, for a logarithmic axis: where nothing is left there is no point, and a band ends a decade below it.
void complement(Chart::Curve& curve) {
  for (std::size_t i = 0; i < curve.y.size(); ++i) {
    const double rest = 1 - curve.y[i];
    const double most = 1 - curve.low[i];
    const double least = std::max(1 - curve.high[i], rest / 10);
    const bool some = rest > 0;
    curve.y[i] = some ? rest : kNone;
    curve.low[i] = some ? least : kNone;
    curve.high[i] = some ? most : kNone;
  }
}

/// Names are free; files cannot be named after all of them.
std::string part_of_file_name(const std::string& name) {
  constexpr std::size_t kLongest = 60;
  std::string part;
  for (const char c : name.substr(0, kLongest))
    part += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ? c : '_';
  return part;
}

/// Every group's share of time with too few members, on a scale that tells one nine from the next.
void add_availability(std::vector<Chart>& charts, const Sweep& sweep, const Curves& curves) {
  constexpr std::string_view kMetric = "availability.";
  std::set<std::string> groups;
  for (const Sweep::Point& point : sweep.points)
    if (point.summary)
      for (const auto& [name, metric] : point.summary->metrics)
        if (name.starts_with(kMetric)) groups.insert(name.substr(kMetric.size()));
  for (const std::string& group : groups) {
    const std::string metric = std::string(kMetric) + group;
    Chart chart = curves.chart("availability_" + part_of_file_name(group),
                               "Time with too few members of " + group + " up",
                               "share of time with too few members up");
    chart.y.logarithmic = true;
    curves.add(chart, metric, 1, "too few of " + group + " up");
    for (Chart::Curve& curve : chart.curves) complement(curve);
    if (chart.curves.empty()) continue;
    if (const auto o = objective(sweep, metric); o && o->bound < 1)
      chart.bounds.push_back({fmt::format("objective: {} {} %", o->name, percent(o->bound)), 1 - o->bound});
    chart.caption = "Share of time in which fewer members of " + group +
                    " were up than are needed, against what was varied." + curves.band();
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

/// The cheapest points that meet all objectives. What was varied and does not change the price (a load, a
/// seed) is not for sale, but a condition: the cheapest point is said for each of its values.
std::string cheapest(const Sweep& sweep) {
  const auto price_of = [&](std::size_t n) -> std::optional<double> {
    const auto& summary = sweep.points[n].summary;
    const auto* price = summary ? metric_of(*summary, "cost.usd_per_hour") : nullptr;
    return price != nullptr ? price->mean : std::nullopt;
  };
  // Bought is what makes the price differ between two points that differ in nothing else.
  std::vector<bool> bought(sweep.axes.size(), false);
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    std::map<std::vector<std::size_t>, double> price_at;
    for (std::size_t n = 0; n < sweep.points.size() && !bought[i]; ++n) {
      std::vector<std::size_t> others = sweep.points[n].at;
      others[i] = 0;
      if (const auto price = price_of(n))
        bought[i] = std::abs(price_at.emplace(others, *price).first->second - *price) > 1e-9;
    }
  }
  struct Best {
    std::string condition;
    std::optional<double> price;
    std::string bought;
  };
  std::map<std::vector<std::size_t>, Best> best;
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    const auto price = price_of(n);
    if (!price) continue;
    std::vector<std::size_t> condition;
    std::string name, what;
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
      std::string& text = bought[i] ? what : name;
      text += (text.empty() ? "" : ", ") + short_name(sweep, i) + " " + sweep.value(sweep.points[n], i);
      if (!bought[i]) condition.push_back(sweep.points[n].at[i]);
    }
    Best& here = best.try_emplace(std::move(condition), Best{name, std::nullopt, ""}).first->second;
    const auto verdicts = judged(*sweep.points[n].summary);
    const bool good = !verdicts.empty() &&
                      std::all_of(verdicts.begin(), verdicts.end(), [](const Judged& j) { return j.met; });
    if (good && (!here.price || *price < *here.price)) here = {name, price, what};
  }
  const auto cost = [](const Best& b) {
    return fmt::format("{} USD/h{}", significant(*b.price), b.bought.empty() ? "" : " (" + b.bought + ")");
  };
  if (std::none_of(best.begin(), best.end(), [](const auto& b) { return b.second.price.has_value(); }))
    return "No point meets all objectives.";
  if (best.size() == 1)
    return "The cheapest point that meets all objectives costs " + cost(best.begin()->second) + ".";
  constexpr std::size_t kMost = 6;
  std::string text = "The cheapest point that meets all objectives costs";
  std::size_t count = 0;
  for (const auto& [condition, b] : best) {
    if (count++ == kMost) break;
    text += (count == 1 ? " at " : "; at ") + b.condition + ": " + (b.price ? cost(b) : "no point does");
  }
  if (best.size() > kMost) text += fmt::format("; and so on for {} more", best.size() - kMost);
  return text + ".";
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
  percent_axis(chart);
  const double margin = (cost->second - cost->first) * 0.05;
  chart.x.low = std::max(0.0, cost->first - margin);
  chart.x.high = cost->second + margin;
  chart.caption = cheapest(sweep);
  charts.push_back(std::move(chart));
}

}  // namespace

std::vector<Chart> figures(const Sweep& sweep) {
  std::vector<Chart> charts;
  if (sweep.complete() == 0) return charts;
  const Curves curves(sweep);
  add_shares(charts, sweep, curves);
  add_latency(charts, sweep, curves);
  add_availability(charts, sweep, curves);
  add_tradeoff(charts, sweep, curves);
  add_cost(charts, sweep);
  return charts;
}

}  // namespace headroom::report
