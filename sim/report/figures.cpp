#include "sim/report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/report/csv.h"
#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostPoints = 1200;  // more cannot be told apart on paper
/// A fault that is over at once is shown as a line: so much of the axis.
constexpr double kLeastSpan = 0.002;

/// Strikes of one fault that are more than these are not told apart.
constexpr std::size_t kMostBands = 60;

using Values = std::vector<double>;

/// One band in place of all those of a fault that strikes very often (of which the journal may have left some
/// out).
std::vector<Band> drawn_bands(const std::vector<Band>& bands) {
  std::map<std::string, std::size_t> strikes;
  for (const Band& band : bands) ++strikes[band.name];
  std::vector<Band> out;
  std::map<std::string, std::size_t> united;  // by name, in `out`
  for (const Band& band : bands) {
    if (strikes[band.name] <= kMostBands) {
      out.push_back(band);
      continue;
    }
    const auto [at, first] = united.try_emplace(band.name, out.size());
    if (first) out.push_back({band.name + ", again and again", band.begin, band.end});
    out[at->second].end = std::max(out[at->second].end, band.end);
  }
  return out;
}

/// Simulated time as the axis shows it.
struct TimeUnit {
  double seconds = 1;
  std::string_view name = "s";
};

TimeUnit time_unit(double end_s) {
  if (end_s <= 600) return {1, "s"};
  if (end_s <= 3 * 3600) return {60, "min"};
  if (end_s <= 3 * 86'400) return {3600, "h"};
  return {86'400, "days"};
}

/// The rows of a time series as they are drawn: thinned out if there are very many.
class Timeline {
 public:
  explicit Timeline(const TimeSeries& series) : series_(series), rows_(series.t.size()) {
    // The run ends somewhere in its last slot, which therefore says little.
    if (rows_ > 10 && series.measured[rows_ - 1] == 0) --rows_;
    step_ = (rows_ + kMostPoints - 1) / kMostPoints;
    if (step_ == 0) step_ = 1;
    end_s_ = rows_ == 0 ? 0 : series.t[rows_ - 1] + series.slot_s;
    unit_ = time_unit(end_s_);
    const auto& m = series.measured;
    const auto first = std::find_if(m.begin(), m.end(), [](double x) { return x > 0; });
    const auto last = std::find_if(m.rbegin(), m.rend(), [](double x) { return x > 0; });
    if (first == m.end()) return;
    const auto i = static_cast<std::size_t>(first - m.begin());
    const auto j = static_cast<std::size_t>(m.rend() - last) - 1;
    begin_s_ = series.t[i] + (1 - m[i]) * series.slot_s;
    window_end_s_ = i == j ? begin_s_ + m[i] * series.slot_s : series.t[j] + m[j] * series.slot_s;
  }

  bool empty() const { return rows_ == 0; }
  double end() const { return end_s_ / unit_.seconds; }
  TimeUnit unit() const { return unit_; }
  double slot_s() const { return series_.slot_s * static_cast<double>(step_); }
  const Values* column(std::string_view name) const { return series_.find(name); }
  bool after_window(std::size_t row) const { return series_.t[row] >= window_end_s_; }

  /// The middle of each slot.
  Values x() const {
    Values out;
    for (std::size_t row = 0; row < rows_; row += step_) {
      const auto n = static_cast<double>(std::min(step_, rows_ - row));
      out.push_back((series_.t[row] + n * series_.slot_s / 2) / unit_.seconds);
    }
    return out;
  }
  /// The begin and the end of each slot.
  Values edges() const {
    Values out;
    for (std::size_t row = 0; row < rows_; row += step_) {
      const auto n = static_cast<double>(std::min(step_, rows_ - row));
      out.push_back(series_.t[row] / unit_.seconds);
      out.push_back((series_.t[row] + n * series_.slot_s) / unit_.seconds);
    }
    return out;
  }
  /// The begin of the run, and the end of each slot: dates at which sums are known.
  Values ends() const {
    Values out{0};
    const Values both = edges();
    for (std::size_t i = 1; i < both.size(); i += 2) out.push_back(both[i]);
    return out;
  }
  /// Sums at those dates; the last one is that of the whole run, however late it came.
  Values known(const Values& totals, double scale) const {
    Values out{0};
    for (std::size_t row = 0; row < rows_; row += step_)
      out.push_back(totals[std::min(row + step_, rows_) - 1] * scale);
    out.back() = totals.back() * scale;
    return out;
  }
  /// f(first row, row after the last) for each point drawn.
  template <class F>
  Values each(F f) const {
    Values out;
    for (std::size_t row = 0; row < rows_; row += step_) out.push_back(f(row, std::min(row + step_, rows_)));
    return out;
  }
  Values mean(const Values& v, double scale = 1) const {
    return each([&](std::size_t from, std::size_t to) {
      double sum = 0;
      int n = 0;
      for (std::size_t row = from; row < to; ++row) {
        if (std::isnan(v[row])) continue;
        sum += v[row];
        ++n;
      }
      return n == 0 ? kNone : sum / n * scale;
    });
  }
  /// The mean over rows, each counting as much as its weight.
  Values weighted(const Values& v, const Values& weight, double scale) const {
    return each([&](std::size_t from, std::size_t to) {
      double sum = 0, weights = 0;
      for (std::size_t row = from; row < to; ++row) {
        if (std::isnan(v[row])) continue;
        sum += v[row] * weight[row];
        weights += weight[row];
      }
      return weights > 0 ? sum / weights * scale : kNone;
    });
  }
  /// The highest, nothing after the window.
  Values highest(const Values& v) const {
    return each([&](std::size_t from, std::size_t to) {
      double most = kNone;
      for (std::size_t row = from; row < to; ++row) {
        if (!after_window(row)) most = std::fmax(most, v[row]);
      }
      return most;
    });
  }
  /// Per second, nothing after the window.
  Values rate(const Values& v) const {
    return each([&](std::size_t from, std::size_t to) {
      double sum = 0;
      for (std::size_t row = from; row < to; ++row) sum += v[row];
      return after_window(from) ? kNone : sum / (static_cast<double>(to - from) * series_.slot_s);
    });
  }

  /// The time axis, with what is not measured and the faults shaded.
  Chart chart(std::string file, std::string title, std::string y_label) const {
    Chart chart;
    chart.file = std::move(file);
    chart.title = std::move(title);
    chart.x.label = fmt::format("simulated time [{}]", unit_.name);
    chart.x.low = 0;
    chart.x.high = end();
    chart.y.label = std::move(y_label);
    using Kind = Chart::Span::Kind;
    if (begin_s_ > 0) chart.spans.push_back({"warm-up", 0, begin_s_ / unit_.seconds, Kind::unmeasured});
    if (window_end_s_ < end_s_) {
      chart.spans.push_back({"drain", window_end_s_ / unit_.seconds, end(), Kind::unmeasured});
    }
    for (const Band& fault : drawn_bands(series_.faults)) {
      const double begin = fault.begin.since_start().seconds();
      const double end_of_fault = std::max(fault.end.since_start().seconds(), begin + end_s_ * kLeastSpan);
      chart.spans.push_back({fault.name, begin / unit_.seconds, end_of_fault / unit_.seconds, Kind::fault});
    }
    return chart;
  }
  /// Of each slot from the begin of the window on as much as it was without a leader, next to that of its
  /// neighbours. After the window replications end, each at its own time, and what has ended has no leader.
  std::vector<Chart::Span> leaderless(const Values& leader) const {
    const auto without = [&](std::size_t row) {
      const bool before = series_.t[row] + series_.slot_s <= begin_s_;
      return before || after_window(row) || !(leader[row] < 1 - 1e-9) ? 0 : 1 - leader[row];
    };
    std::vector<Chart::Span> spans;
    for (std::size_t row = 0; row < rows_; ++row) {
      const double share = without(row);
      if (share == 0) continue;
      const bool goes_on = row > 0 && without(row - 1) > 0;
      const bool comes = !goes_on && row + 1 < rows_ && without(row + 1) > 0;
      const double begin = (series_.t[row] + (comes ? 1 - share : 0) * series_.slot_s) / unit_.seconds;
      const double end = begin + share * series_.slot_s / unit_.seconds;
      if (!spans.empty() && std::abs(spans.back().end - begin) < 1e-9 * end)
        spans.back().end = end;
      else
        spans.push_back({"no leader", begin, end, Chart::Span::Kind::no_leader});
    }
    return spans;
  }
  std::string resolution() const { return fmt::format("per {} s of simulated time", significant(slot_s())); }

 private:
  const TimeSeries& series_;
  std::size_t rows_;
  std::size_t step_ = 1;
  double begin_s_ = 0;
  double window_end_s_ = 0;
  double end_s_ = 0;
  TimeUnit unit_;
};

bool any(const Values& v) {
  return std::any_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}
bool any_above_zero(const Values& v) {
  return std::any_of(v.begin(), v.end(), [](double x) { return x > 0; });
}

struct Bound {
  double at;
  std::string of;  ///< the requests that it is on; empty: all
};

/// The bound of the objective on that metric, if there is one.
std::optional<Bound> bound(const std::vector<Summary::Objective>& slo, std::string_view metric) {
  for (const auto& objective : slo) {
    const std::string_view text = objective.objective;
    const std::size_t space = text.find(' ');
    double x = 0;
    if (text.substr(0, space) != metric || space == std::string_view::npos || space + 4 > text.size())
      continue;
    if (parse_number(std::string(text.substr(space + 4)), x)) return Bound{x, objective.of};
  }
  return std::nullopt;
}

/// The objective on the 99th percentile, if there is one; it may be on some requests only.
void add_latency_bound(Chart& chart, const std::vector<Summary::Objective>& slo) {
  const auto p99 = bound(slo, "latency.p99_ms");
  if (!p99 || p99->at <= 0) return;
  const std::string of = p99->of.empty() ? "" : " of " + p99->of;
  chart.bounds.push_back({fmt::format("objective: p99{} {} ms", of, significant(p99->at)), p99->at});
}

void add_yield_bound(Chart& chart, const std::vector<Summary::Objective>& slo, std::string_view metric) {
  if (const auto b = bound(slo, metric))
    chart.bounds.push_back({fmt::format("objective: {} {} %", metric, percent(b->at)), b->at * 100});
}

std::optional<Chart> yield_and_harvest(const FigureData& data, const Timeline& time) {
  const auto* yield = time.column("yield");
  const auto* harvest = time.column("harvest");
  if (yield == nullptr || !any(*yield)) return std::nullopt;
  Chart chart = time.chart("yield_harvest", "Yield and harvest", "share [%]");
  const auto* offered = time.column("offered");
  const auto* answered = time.column("answered");
  const Values ones(yield->size(), 1.0);
  chart.curves.push_back({"yield (answered / offered)",
                          time.x(),
                          time.weighted(*yield, offered != nullptr ? *offered : ones, 100),
                          {},
                          {}});
  if (harvest != nullptr && any(*harvest)) {
    chart.curves.push_back({"harvest (answer delivered)",
                            time.x(),
                            time.weighted(*harvest, answered != nullptr ? *answered : ones, 100),
                            {},
                            {}});
  }
  if (const auto* others = time.column("others.yield"); others != nullptr && any(*others)) {
    const auto* sent = time.column("others.offered");
    chart.curves.push_back({"yield of those who are no abusers",
                            time.x(),
                            time.weighted(*others, sent != nullptr ? *sent : ones, 100),
                            {},
                            {}});
  }
  add_yield_bound(chart, data.slo, "yield");
  add_yield_bound(chart, data.slo, "others.yield");
  percent_axis(chart);
  const auto& drawn = chart.curves[0];
  std::size_t worst = 0;
  for (std::size_t i = 0; i < drawn.y.size(); ++i) {
    if (std::isnan(drawn.y[worst]) || drawn.y[i] < drawn.y[worst]) worst = i;
  }
  chart.caption = fmt::format(
      "Share of requests that were answered, and how much of its answer an answered request got, by when the "
      "request "
      "was sent; the lowest yield is {} % at {} {}.",
      percent(drawn.y[worst] / 100), significant(drawn.x[worst], 3), time.unit().name);
  return chart;
}

std::optional<Chart> latency_over_time(const FigureData& data, const Timeline& time) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kColumns = {
      {{"latency.p50_ms", "median"},
       {"latency.p95_ms", "p95"},
       {"latency.p99_ms", "p99"},
       {"latency.p99_9_ms", "p99.9"}}};
  Chart chart = time.chart("latency_over_time", "Latency percentiles over time", "latency [ms]");
  chart.y.logarithmic = true;
  for (const auto& [name, title] : kColumns) {
    const auto* column = time.column(name);
    if (column == nullptr) continue;
    Values y = time.highest(*column);
    if (any_above_zero(y)) chart.curves.push_back({std::string(title), time.x(), std::move(y), {}, {}});
  }
  if (chart.curves.empty()) return std::nullopt;
  add_latency_bound(chart, data.slo);
  chart.caption = fmt::format(
      "Time from the intended send to the last byte of the answer, by when the request was sent, {}{}.",
      time.resolution(), time.slot_s() > data.series.slot_s ? " (the worst slot of each)" : "");
  return chart;
}

/// −log10(1 − q): every further nine takes as much room as the one before it.
Chart distribution_chart() {
  Chart chart;
  chart.file = "latency_distribution";
  chart.title = "Latency distribution";
  chart.x.label = "percentile of answered requests (each nine takes the same room)";
  chart.y.label = "latency [ms]";
  chart.y.logarithmic = true;
  chart.x.low = 0;
  chart.x.ticks = {{0, "0"},     {-std::log10(0.5), "50"},
                   {1, "90"},    {-std::log10(0.05), "95"},
                   {2, "99"},    {3, "99.9"},
                   {4, "99.99"}, {5, "99.999"}};
  chart.caption =
      "How slow the slowest are: a point says that this share of all answered requests took no longer than "
      "this.";
  return chart;
}

/// Cut where the class holds too few observations to go on.
Chart::Curve distribution(std::string name, const Values& quantiles, const Values& latency) {
  Chart::Curve curve;
  curve.name = std::move(name);
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    if (quantiles[i] >= 1 || std::isnan(latency[i])) continue;
    curve.x.push_back(-std::log10(1 - quantiles[i]));
    curve.y.push_back(latency[i]);
  }
  return curve;
}

void fit_distribution(Chart& chart) {
  double end = 1;
  for (const auto& curve : chart.curves) {
    if (!curve.x.empty()) end = std::max(end, curve.x.back());
  }
  chart.x.high = std::min(5.0, end + 0.05);
  std::erase_if(chart.x.ticks, [&](const Chart::Tick& t) { return t.at > *chart.x.high; });
}

std::optional<Chart> latency_distribution(const FigureData& data) {
  Chart chart = distribution_chart();
  for (const auto& column : data.latency.classes) {
    auto curve = distribution(column.name == "all" ? "all images" : column.name, data.latency.quantiles,
                              column.values);
    if (any_above_zero(curve.y)) chart.curves.push_back(std::move(curve));
  }
  if (chart.curves.empty()) return std::nullopt;
  add_latency_bound(chart, data.slo);
  fit_distribution(chart);
  return chart;
}

std::optional<Chart> queue(const Timeline& time) {
  const auto* depth = time.column("queue.depth");
  if (depth == nullptr || !any(*depth)) return std::nullopt;
  Chart chart = time.chart("queue", "Queue depth and leader", "jobs waiting");
  chart.curves.push_back({"jobs waiting", time.x(), time.mean(*depth), {}, {}});
  const Values& drawn = chart.curves.back().y;
  if (std::none_of(drawn.begin(), drawn.end(), [](double y) { return y > 1; })) chart.y.high = 1;
  chart.caption = "Jobs accepted by the queue and not yet handed to a worker.";
  if (const auto* leader = time.column("queue.leader")) {
    const auto spans = time.leaderless(*leader);
    chart.spans.insert(chart.spans.end(), spans.begin(), spans.end());
    chart.caption =
        spans.empty()
            ? "Jobs accepted by the queue and not yet handed to a worker; it had a leader all the time."
            : "Jobs accepted by the queue and not yet handed to a worker; dark: as much of the time as it "
              "was "
              "without a leader.";
  }
  return chart;
}

std::optional<Chart> utilization(const Timeline& time, const TimeSeries& series) {
  static constexpr std::string_view kEnding = ".utilization";
  Chart chart = time.chart("utilization", "Utilisation per tier", "busy share of capacity [%]");
  double most = 0;
  std::string busiest;
  for (const auto& column : series.columns) {
    if (!column.name.ends_with(kEnding) || !any(column.values)) continue;
    const std::string tier = column.name.substr(0, column.name.size() - kEnding.size());
    Values y = time.mean(column.values, 100);
    for (double v : y) {
      if (v > most) {
        most = v;
        busiest = tier;
      }
    }
    chart.curves.push_back({tier, time.x(), std::move(y), {}, {}});
  }
  if (chart.curves.empty()) return std::nullopt;
  // Slots that wait for an image are taken, too; a little of that is always there and says nothing.
  constexpr double kWorthShowing = 1;  // percent
  if (const auto* held = series.find("processing.held_share"); held != nullptr) {
    Values y = time.mean(*held, 100);
    if (std::any_of(y.begin(), y.end(), [](double v) { return v >= kWorthShowing; }))
      chart.curves.push_back({"processing, waiting for images", time.x(), std::move(y), {}, {}});
  }
  chart.y.low = 0;
  chart.y.high = std::max(104.0, most * 1.04);
  chart.caption = busiest.empty()
                      ? "No tier did any work."
                      : fmt::format("How busy each tier was; {} comes closest to its limit, {} % at most.",
                                    busiest, significant(most, 3));
  return chart;
}

std::optional<Chart> members(const Timeline& time, const TimeSeries& series) {
  static constexpr std::string_view kBegin = "up.";
  Chart chart = time.chart("members_up", "Members that were up", "hosts");
  double most = 0;
  for (const auto& column : series.columns) {
    if (!column.name.starts_with(kBegin) || !any_above_zero(column.values)) continue;
    chart.curves.push_back({column.name.substr(kBegin.size()), time.x(), time.mean(column.values), {}, {}});
    most = std::max(most, *std::max_element(column.values.begin(), column.values.end()));
  }
  if (chart.curves.empty()) return std::nullopt;
  chart.y.low = 0;
  chart.y.high = most * 1.05;
  chart.caption = "Hosts of the watched groups that had power and had booted, " + time.resolution() + ".";
  return chart;
}

Values twice(const Values& v) {
  Values out;
  for (double x : v) out.insert(out.end(), 2, x);
  return out;
}

std::optional<Chart> outcomes(const Timeline& time, const TimeSeries& series) {
  static constexpr std::string_view kBegin = "outcome.";
  Chart chart = time.chart("outcomes", "What became of the requests", "requests [1/s]");
  chart.stacked = true;
  for (const auto& column : series.columns) {
    if (!column.name.starts_with(kBegin) || !any_above_zero(column.values)) continue;
    chart.curves.push_back(
        {column.name.substr(kBegin.size()), time.edges(), twice(time.rate(column.values)), {}, {}});
  }
  if (chart.curves.empty()) return std::nullopt;
  // Good answers at the bottom.
  std::stable_sort(chart.curves.begin(), chart.curves.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const std::string& s) { return s == "complete" ? 0 : s == "partial" ? 1 : 2; };
    return rank(a.name) < rank(b.name);
  });
  chart.caption = "Every request has exactly one outcome; the height of the stack is what clients offered.";
  return chart;
}

Values running_total(const Values& v) {
  Values out;
  double sum = 0;
  for (double x : v) out.push_back(sum += std::isnan(x) ? 0 : x);
  return out;
}

std::optional<Chart> bill(const Timeline& time) {
  const auto* actual = time.column("usage.actual_cpu_s");
  const auto* billed = time.column("usage.billed_cpu_s");
  if (actual == nullptr || billed == nullptr) return std::nullopt;
  const Values done = running_total(*actual);
  const bool hours = !done.empty() && done.back() > 7200;
  Chart chart = time.chart("bill", "Bill against actual use",
                           hours ? "CPU time so far [core hours]" : "CPU time so far [core s]");
  const auto add = [&](std::string name, const Values& totals) {
    chart.curves.push_back({std::move(name), time.ends(), time.known(totals, hours ? 1. / 3600 : 1), {}, {}});
  };
  add("actually used", done);
  if (const auto* stored = time.column("usage.stored_cpu_s")) add("in the store", running_total(*stored));
  add("on the bill", running_total(*billed));
  if (!any_above_zero(chart.curves.front().y) && !any_above_zero(chart.curves.back().y)) return std::nullopt;
  chart.caption =
      "CPU time of conversions that were done, CPU time of which the records have reached the store, and CPU "
      "time on the "
      "bill as it stood then; a gap is delay or, at the end, loss.";
  return chart;
}

/// A counter, by what it says of credentials.
struct AuthColumn {
  std::string_view column, title;
};

std::optional<Chart> auth(const Timeline& time) {
  static constexpr std::array<AuthColumn, 4> kColumns = {
      {{"auth.by_cache", "edge cache"},
       {"auth.by_data_plane", "data plane"},
       {"auth.by_stale", "expired entry (data plane out of reach)"},
       {"auth.by_nobody", "could not be checked"}}};
  Chart chart = time.chart("auth", "What credentials were checked by", "requests [1/s]");
  chart.stacked = true;
  for (const auto& [name, title] : kColumns) {
    const auto* column = time.column(name);
    if (column == nullptr || !any_above_zero(*column)) continue;
    chart.curves.push_back({std::string(title), time.edges(), twice(time.rate(*column)), {}, {}});
  }
  if (chart.curves.empty()) return std::nullopt;
  chart.caption = "Every request's credentials, by when they were checked, and by what.";
  return chart;
}

std::optional<Chart> auth_mistakes(const Timeline& time) {
  static constexpr std::array<AuthColumn, 2> kColumns = {
      {{"auth.denied_valid", "denied, though valid (new users)"},
       {"auth.served_revoked", "served, though revoked"}}};
  Chart chart = time.chart("auth_mistakes", "Requests denied or served wrongly", "requests [1/s]");
  for (const auto& [name, title] : kColumns) {
    const auto* column = time.column(name);
    if (column == nullptr || !any_above_zero(*column)) continue;
    chart.curves.push_back({std::string(title), time.x(), time.rate(*column), {}, {}});
  }
  if (chart.curves.empty()) return std::nullopt;
  chart.y.low = 0;
  chart.caption =
      "Requests that were denied or served wrongly because the change of the account had not reached those "
      "who "
      "checked it.";
  return chart;
}

}  // namespace

std::vector<Chart> figures(const FigureData& data) {
  const Timeline time(data.series);
  std::vector<Chart> charts;
  const auto add = [&](std::optional<Chart> chart) {
    if (chart) charts.push_back(std::move(*chart));
  };
  if (!time.empty()) {
    add(yield_and_harvest(data, time));
    add(latency_over_time(data, time));
  }
  add(latency_distribution(data));
  if (!time.empty()) {
    add(queue(time));
    add(utilization(time, data.series));
    add(members(time, data.series));
    add(outcomes(time, data.series));
    add(auth(time));
    add(auth_mistakes(time));
    add(bill(time));
  }
  for (const DurationCurve& curve : data.durations) add(chart(curve));
  return charts;
}

std::vector<Chart> overlay(const std::vector<FigureData>& results) {
  struct Kind {
    std::string_view file, title, y_label, column, caption;
    double scale;
    bool logarithmic, percent;
  };
  static constexpr std::array<Kind, 6> kKinds = {{
      {"yield", "Yield", "yield [%]", "yield", "Share of requests answered, by when they were sent.", 100,
       false, true},
      {"latency_p99", "99th percentile of latency", "latency [ms]", "latency.p99_ms",
       "99 % of the requests sent at that time were answered at least this fast.", 1, true, false},
      {"queue_depth", "Queue depth", "jobs waiting", "queue.depth",
       "Jobs accepted and not yet handed to a worker.", 1, false, false},
      {"processing_utilization", "Utilisation of the workers", "busy share of slots [%]",
       "processing.utilization", "How busy the workers were.", 100, false, false},
      {"harvest", "Harvest", "harvest [%]", "harvest", "How much of its answer an answered request got.", 100,
       false, true},
      {"others_yield", "Yield of those who are no abusers", "yield [%]", "others.yield",
       "Share of requests answered, by when they were sent, of those that are not an abuser's.", 100, false,
       true},
  }};
  std::vector<Chart> charts;
  double end = 0;
  for (const auto& result : results) {
    const auto& t = result.series.t;
    if (!t.empty()) end = std::max(end, t.back() + result.series.slot_s);
  }
  const TimeUnit unit = time_unit(end);
  for (const Kind& kind : kKinds) {
    Chart chart;
    chart.file = kind.file;
    chart.title = kind.title;
    chart.caption = kind.caption;
    chart.x.label = fmt::format("simulated time [{}]", unit.name);
    chart.x.low = 0;
    chart.y.label = kind.y_label;
    chart.y.logarithmic = kind.logarithmic;
    for (const auto& result : results) {
      const Timeline time(result.series);
      const auto* column = time.column(kind.column);
      if (time.empty() || column == nullptr || !any(*column)) continue;
      Values x = time.x();
      for (double& at : x) at *= time.unit().seconds / unit.seconds;
      Values y = kind.logarithmic ? time.highest(*column) : time.mean(*column, kind.scale);
      chart.curves.push_back({result.label, std::move(x), std::move(y), {}, {}});
    }
    if (chart.curves.empty()) continue;
    if (kind.percent) percent_axis(chart);
    charts.push_back(std::move(chart));
  }
  Chart unbilled;
  unbilled.file = "unbilled";
  unbilled.title = "Work that is not on the bill";
  unbilled.caption =
      "CPU time of conversions done so far minus CPU time on the bill as it stood then: delay, and at the "
      "end loss (above "
      "zero) or double billing (below).";
  unbilled.x.label = fmt::format("simulated time [{}]", unit.name);
  unbilled.x.low = 0;
  unbilled.y.label = "CPU time done and not billed [core s]";
  for (const auto& result : results) {
    const Timeline time(result.series);
    const auto* actual = time.column("usage.actual_cpu_s");
    const auto* billed = time.column("usage.billed_cpu_s");
    if (time.empty() || actual == nullptr || billed == nullptr) continue;
    Values missing = running_total(*actual);
    const Values on_bill = running_total(*billed);
    for (std::size_t row = 0; row < missing.size(); ++row) missing[row] -= on_bill[row];
    Values x = time.ends();
    for (double& at : x) at *= time.unit().seconds / unit.seconds;
    unbilled.curves.push_back({result.label, std::move(x), time.known(missing, 1), {}, {}});
  }
  if (!unbilled.curves.empty()) charts.push_back(std::move(unbilled));
  Chart chart = distribution_chart();
  for (const auto& result : results) {
    for (const auto& column : result.latency.classes) {
      if (column.name != "all") continue;
      auto curve = distribution(result.label, result.latency.quantiles, column.values);
      if (any_above_zero(curve.y)) chart.curves.push_back(std::move(curve));
    }
  }
  fit_distribution(chart);
  if (!chart.curves.empty()) charts.push_back(std::move(chart));
  std::map<std::string, std::vector<NamedDurations>> durations;
  for (const auto& result : results)
    for (const DurationCurve& curve : result.durations)
      durations[curve.name].push_back({result.label, &curve});
  for (const auto& [name, curves] : durations)
    if (auto drawn = report::chart(curves)) charts.push_back(std::move(*drawn));
  return charts;
}

}  // namespace headroom::report
