#include "sim/report/time_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>

#include "sim/report/csv.h"

namespace headroom::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// How much of [begin, end) lies in [from, to), as a share.
double overlap(double begin, double end, double from, double to) {
  return std::max(0.0, std::min(end, to) - std::max(begin, from)) / (end - begin);
}

/// The share of those sent that were answered, of slots of the window.
void add_yield(TimeSeries& series, double window_end, const metrics::SeriesInfo& column,
               const std::string& prefix) {
  const auto* offered = series.find(prefix + "offered");
  const auto* answered = series.find(prefix + "answered");
  if (offered == nullptr || answered == nullptr) return;
  std::vector<double> yield(series.t.size(), kNone);
  for (std::size_t i = 0; i < series.t.size(); ++i)
    if (series.t[i] < window_end && (*offered)[i] > 0) yield[i] = (*answered)[i] / (*offered)[i];
  series.columns.push_back({std::string(column.name), std::move(yield)});
}

void add_harvest(TimeSeries& series, double window_end) {
  const auto* offered = series.find("offered");
  const auto* answered = series.find("answered");
  if (offered == nullptr || answered == nullptr) return;
  const auto* asked = series.find("renditions.asked");
  const auto* delivered = series.find("renditions.delivered");
  std::vector<double> harvest(series.t.size(), kNone);
  for (std::size_t i = 0; i < series.t.size() && asked != nullptr && delivered != nullptr; ++i)
    if (series.t[i] < window_end && (*answered)[i] > 0)
      harvest[i] = (*delivered)[i] * (*offered)[i] / ((*asked)[i] * (*answered)[i]);
  series.columns.push_back({std::string(series::kHarvest.name), std::move(harvest)});
}

/// The names of the faults active in each slot, separated by semicolons, and back.
std::string active(const std::vector<Band>& faults, double begin, double end) {
  std::string names;
  std::set<std::string> seen;
  for (const Band& fault : faults) {
    const double from = fault.begin.since_start().seconds();
    const double to = fault.end.since_start().seconds();
    if (from >= end || (to <= begin && from < begin)) continue;  // one without length has its slot, too
    if (!seen.insert(fault.name).second) continue;
    names += (names.empty() ? "" : "; ") + fault.name;
  }
  return names;
}

/// Bands, from the names that are active in each slot in turn: those of one name in neighbouring slots are
/// one.
class BandReader {
 public:
  void add(std::string_view names, TimePoint begin, TimePoint end) {
    while (!names.empty()) {
      const std::size_t at = std::min(names.find("; "), names.size());
      const std::string name(names.substr(0, at));
      names.remove_prefix(std::min(at + 2, names.size()));
      const auto [latest, first] = latest_.try_emplace(name, bands_.size());
      if (!first && bands_[latest->second].end == begin) {
        bands_[latest->second].end = end;
      } else {
        latest->second = bands_.size();
        bands_.push_back({name, begin, end});
      }
    }
  }
  std::vector<Band> take() { return std::move(bands_); }

 private:
  std::vector<Band> bands_;
  std::map<std::string, std::size_t> latest_;  ///< by name, in `bands_`
};

/// 0 to 90 % in steps of 1 %, then ninety steps for each further nine, to 99.999 %; and the maximum.
std::vector<double> quantile_grid() {
  std::vector<double> grid;
  for (int i = 0; i < 90; ++i) grid.push_back(i / 100.0);
  for (const int nines : {1000, 10'000, 100'000, 1'000'000}) {
    for (int i = 0; i < 90; ++i) grid.push_back(static_cast<double>(nines - 100 + i) / nines);
  }
  grid.push_back(0.99999);
  grid.push_back(1);
  return grid;
}

}  // namespace

const std::vector<double>* TimeSeries::find(std::string_view name) const {
  for (const Column& column : columns) {
    if (column.name == name) return &column.values;
  }
  return nullptr;
}

TimeSeries time_series(const Run& run) {
  const metrics::SeriesTable& table = run.result.series;
  TimeSeries series;
  series.slot_s = table.slot.seconds();
  series.faults = run.faults;
  const double from = run.window.begin().since_start().seconds();
  const double to = run.window.end().since_start().seconds();
  for (std::size_t row = 0; row < table.rows; ++row) {
    const double t = (table.slot * static_cast<std::int64_t>(row)).seconds();
    series.t.push_back(t);
    series.measured.push_back(overlap(t, t + series.slot_s, from, to));
  }
  for (const auto& column : table.columns) series.columns.push_back({column.name, column.values});
  add_yield(series, to, series::kYield, "");
  add_harvest(series, to);
  add_yield(series, to, series::kOthersYield, "others.");
  return series;
}

std::string to_csv(const TimeSeries& series) {
  std::string out = "t_s,measured";
  if (!series.faults.empty()) out += ",faults";
  for (const auto& column : series.columns) out += ',' + csv_cell(column.name);
  out += '\n';
  for (std::size_t row = 0; row < series.t.size(); ++row) {
    out += csv_cell(series.t[row]) + ',' + csv_cell(series.measured[row]);
    if (!series.faults.empty()) {
      out += ',' + csv_cell(active(series.faults, series.t[row], series.t[row] + series.slot_s));
    }
    for (const auto& column : series.columns) out += ',' + csv_cell(column.values[row]);
    out += '\n';
  }
  return out;
}

std::variant<TimeSeries, Problem> parse_time_series(std::string_view text) {
  auto parsed = parse_csv(text);
  if (auto* problem = std::get_if<Problem>(&parsed)) return *problem;
  const Csv& csv = std::get<Csv>(parsed);
  if (csv.header.size() < 2 || csv.header[0] != "t_s" || csv.header[1] != "measured") {
    return Problem{"the header does not begin with t_s,measured"};
  }
  TimeSeries series;
  std::size_t faults = csv.header.size();
  for (std::size_t c = 2; c < csv.header.size(); ++c) {
    if (csv.header[c] == "faults") {
      faults = c;
    } else {
      series.columns.push_back({csv.header[c], {}});
    }
  }
  std::vector<std::string> active_faults;
  for (std::size_t r = 0; r < csv.rows.size(); ++r) {
    std::size_t column = 0;
    for (std::size_t c = 0; c < csv.header.size(); ++c) {
      if (c == faults) {
        active_faults.push_back(csv.rows[r][c]);
        continue;
      }
      double x = 0;
      if (!parse_number(csv.rows[r][c], x)) {
        return Problem{fmt::format("line {}: \"{}\" is not a number", r + 2, csv.rows[r][c])};
      }
      (c == 0 ? series.t : c == 1 ? series.measured : series.columns[column++].values).push_back(x);
    }
  }
  if (series.t.size() > 1) series.slot_s = series.t[1] - series.t[0];
  BandReader bands;
  for (std::size_t r = 0; r < active_faults.size(); ++r) {
    bands.add(active_faults[r], TimePoint::at(Duration::from_seconds(series.t[r])),
              TimePoint::at(Duration::from_seconds(series.t[r] + series.slot_s)));
  }
  series.faults = bands.take();
  return series;
}

LatencyCurves latency_curves(const std::vector<metrics::LatencyClass>& classes) {
  LatencyCurves curves;
  curves.quantiles = quantile_grid();
  for (const auto& latency : classes) {
    TimeSeries::Column column{latency.name, {}};
    const auto n = static_cast<double>(latency.histogram.count());
    for (double q : curves.quantiles) {
      const bool known = n > 0 && (q == 1 || n * (1 - q) >= 1);
      column.values.push_back(known ? *latency.histogram.quantile(q) / 1e6 : kNone);
    }
    curves.classes.push_back(std::move(column));
  }
  return curves;
}

std::string to_csv(const LatencyCurves& curves) {
  std::string out = "quantile";
  for (const auto& column : curves.classes) {
    out += ',' + csv_cell(column.name == "all" ? "latency_ms" : "latency_ms " + column.name);
  }
  out += '\n';
  for (std::size_t row = 0; row < curves.quantiles.size(); ++row) {
    out += csv_cell(curves.quantiles[row]);
    for (const auto& column : curves.classes) out += ',' + csv_cell(column.values[row]);
    out += '\n';
  }
  return out;
}

std::variant<LatencyCurves, Problem> parse_latency_curves(std::string_view text) {
  auto parsed = parse_csv(text);
  if (auto* problem = std::get_if<Problem>(&parsed)) return *problem;
  const Csv& csv = std::get<Csv>(parsed);
  if (csv.header.empty() || csv.header[0] != "quantile")
    return Problem{"the header does not begin with quantile"};
  LatencyCurves curves;
  for (std::size_t c = 1; c < csv.header.size(); ++c) {
    static constexpr std::string_view kPrefix = "latency_ms ";
    const std::string& name = csv.header[c];
    curves.classes.push_back({name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : "all", {}});
  }
  for (std::size_t r = 0; r < csv.rows.size(); ++r) {
    for (std::size_t c = 0; c < csv.header.size(); ++c) {
      double x = 0;
      if (!parse_number(csv.rows[r][c], x)) {
        return Problem{fmt::format("line {}: \"{}\" is not a number", r + 2, csv.rows[r][c])};
      }
      (c == 0 ? curves.quantiles : curves.classes[c - 1].values).push_back(x);
    }
  }
  return curves;
}

}  // namespace headroom::report
