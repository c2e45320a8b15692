#include "sim/report/durations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/report/csv.h"
#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

constexpr std::string_view kHeader = "duration,ms,share,published";
constexpr int kPointsPerDecade = 100;
constexpr double kLeastMs = 1e-3;

struct Kind {
  std::string_view name, file, title, x_label, y_label, caption;
};
constexpr std::array<Kind, 2> kKinds = {{
    {"store.consistent_after", "consistency", "When reads see the last write",
     "time from the write’s acknowledgement to the read’s start [ms]", "reads that see it [%]",
     "Probability that a read sees the last write, by how long after the write’s acknowledgement it begins"},
    {"election.took", "election_time", "Time without a leader", "time without a leader [ms]",
     "elections that took no longer [%]",
     "How long there was no leader, from the leader’s loss to the election of the next one"},
}};

DurationCurve curve_of(const metrics::Durations& d) {
  DurationCurve curve{d.name, {}, {}, {}};
  const auto n = static_cast<double>(d.histogram.count());
  const auto add = [&](double ms) {
    curve.ms.push_back(ms);
    curve.share.push_back(static_cast<double>(d.histogram.count_up_to(ms * 1e6)) / n);
  };
  add(0);
  for (int k = 0; curve.share.back() < 1; ++k) {
    add(kLeastMs * std::pow(10, static_cast<double>(k) / kPointsPerDecade));
    // Of a flat beginning only the end is of interest.
    const double risen = (curve.share.back() - curve.share.front()) / (1 - curve.share.front());
    if (curve.ms.size() > 2 && risen < 0.002) {
      curve.ms.erase(curve.ms.end() - 2);
      curve.share.erase(curve.share.end() - 2);
    }
  }
  for (const auto& p : d.published) curve.published.push_back({p.source, p.ms, p.share});
  return curve;
}

}  // namespace

std::vector<DurationCurve> duration_curves(const std::vector<metrics::Durations>& all) {
  std::vector<DurationCurve> curves;
  for (const auto& durations : all)
    if (durations.histogram.count() > 0) curves.push_back(curve_of(durations));
  return curves;
}

std::string to_csv(const std::vector<DurationCurve>& curves) {
  std::string out = std::string(kHeader) + '\n';
  const auto row = [&](const std::string& name, double ms, double share, std::string_view published) {
    out += fmt::format("{},{},{},{}\n", csv_cell(name), csv_cell(ms), csv_cell(share), csv_cell(published));
  };
  for (const DurationCurve& curve : curves) {
    for (std::size_t i = 0; i < curve.ms.size(); ++i) row(curve.name, curve.ms[i], curve.share[i], "");
    for (const auto& p : curve.published) row(curve.name, p.ms, p.share, p.source);
  }
  return out;
}

std::variant<std::vector<DurationCurve>, Problem> parse_duration_curves(std::string_view text) {
  auto parsed = parse_csv(text);
  if (auto* problem = std::get_if<Problem>(&parsed)) return *problem;
  const Csv& csv = std::get<Csv>(parsed);
  if (csv.header != std::vector<std::string>{"duration", "ms", "share", "published"})
    return Problem{fmt::format("the header is not {}", kHeader)};
  std::vector<DurationCurve> curves;
  for (std::size_t r = 0; r < csv.rows.size(); ++r) {
    const auto& row = csv.rows[r];
    double ms = 0, share = 0;
    if (!parse_number(row[1], ms) || !parse_number(row[2], share) || !(ms >= 0) ||
        !(share >= 0 && share <= 1))
      return Problem{
          fmt::format("line {}: expected a time from 0 and a share from 0 to 1, got \"{}\" and \"{}\"", r + 2,
                      row[1], row[2])};
    if (curves.empty() || curves.back().name != row[0]) curves.push_back({row[0], {}, {}, {}});
    if (!row[3].empty()) {
      curves.back().published.push_back({row[3], ms, share});
      continue;
    }
    curves.back().ms.push_back(ms);
    curves.back().share.push_back(share);
  }
  return curves;
}

std::optional<Chart> chart(const std::vector<NamedDurations>& curves) {
  std::vector<NamedDurations> drawn;
  for (const NamedDurations& c : curves)
    if (!c.curve->ms.empty()) drawn.push_back(c);
  if (drawn.empty()) return std::nullopt;
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                 [&](const Kind& k) { return k.name == drawn.front().curve->name; });
  if (kind == kKinds.end()) return std::nullopt;
  Chart chart;
  chart.file = kind->file;
  chart.title = kind->title;
  chart.x.label = kind->x_label;
  chart.y.label = kind->y_label;
  chart.x.logarithmic = true;
  // A logarithmic axis has no 0: what holds there is drawn at its left end.
  double first = std::numeric_limits<double>::infinity(), last = 0, at_0 = 0;
  for (const auto& [name, curve] : drawn) {
    const auto positive = std::find_if(curve->ms.begin(), curve->ms.end(), [](double ms) { return ms > 0; });
    const double begin = positive != curve->ms.end() ? *positive : 1;
    first = std::min(first, begin);
    last = std::max({last, curve->ms.back(), begin * 10});
    at_0 = std::max(at_0, curve->share.front());
  }
  chart.x.low = std::pow(10, std::floor(std::log10(first) + 1e-9));
  chart.x.high = std::pow(10, std::ceil(std::log10(last) - 1e-9));
  const auto x = [&](double ms) { return std::max(ms, *chart.x.low); };
  std::vector<Chart::Curve> published;
  for (const auto& [name, curve] : drawn) {
    Chart::Curve line{name, {}, {}, {}, {}};
    for (std::size_t i = 0; i < curve->ms.size(); ++i) {
      line.x.push_back(x(curve->ms[i]));
      line.y.push_back(curve->share[i] * 100);
    }
    line.x.push_back(*chart.x.high);
    line.y.push_back(line.y.back());
    chart.curves.push_back(std::move(line));
    for (const auto& p : curve->published) {
      auto marks = std::find_if(published.begin(), published.end(),
                                [&](const Chart::Curve& c) { return c.name == p.source; });
      if (marks == published.end()) {
        published.push_back({p.source, {}, {}, {}, {}});
        marks = published.end() - 1;
        marks->points = true;
        marks->line = false;
      }
      marks->x.push_back(x(p.ms));
      marks->y.push_back(p.share * 100);
    }
  }
  chart.curves.insert(chart.curves.end(), published.begin(), published.end());
  percent_axis(chart);
  chart.caption = std::string(kind->caption);
  if (drawn.size() == 1 && at_0 > 0)
    chart.caption += fmt::format(
        "; {} % at 0 ms, which a logarithmic axis does not have: it is drawn at the left end", percent(at_0));
  chart.caption += '.';
  return chart;
}

std::optional<Chart> chart(const DurationCurve& curve) {
  return chart(std::vector<NamedDurations>{{"measured", &curve}});
}

}  // namespace headroom::report
