#include "sim/report/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "sim/report/sweep_answer.h"

namespace headroom::report {
namespace {

namespace fs = std::filesystem;
using Values = std::vector<std::optional<double>>;
using Verdict = Comparison::Verdict;

constexpr double kLevel = 0.05;
/// What is looked at first beside the objectives.
constexpr std::array<std::string_view, 5> kAlwaysFirst = {"yield", "harvest", "only.latency.p99_ms",
                                                          "latency.p99_ms", "cost.usd_per_hour"};

/// The values of those replications (numbers ascending), one each; none where the file has no column of that
/// name.
Values of(const Replications& all, const std::string& metric, const std::vector<int>& numbers) {
  Values chosen(numbers.size());
  const auto found = all.values.find(metric);
  if (found == all.values.end()) return chosen;
  for (std::size_t r = 0; r < all.numbers.size(); ++r) {
    const auto place = std::lower_bound(numbers.begin(), numbers.end(), all.numbers[r]);
    if (place != numbers.end() && *place == all.numbers[r])
      chosen[static_cast<std::size_t>(place - numbers.begin())] = found->second[r];
  }
  return chosen;
}

std::vector<int> sorted(std::vector<int> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// The replications that both have.
std::vector<int> shared(const Side& a, const Side& b) {
  const std::vector<int> of_a = sorted(a.replications.numbers);
  const std::vector<int> of_b = sorted(b.replications.numbers);
  std::vector<int> both;
  std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), std::back_inserter(both));
  return both;
}

metrics::Difference differ(const Side& a, const Side& b, const std::string& metric,
                           Comparison::Method method) {
  switch (method) {
    case Comparison::Method::pairs: {
      const auto numbers = shared(a, b);
      return metrics::paired_difference(of(a.replications, metric, numbers),
                                        of(b.replications, metric, numbers));
    }
    case Comparison::Method::samples:
      return metrics::sample_difference(of(a.replications, metric, sorted(a.replications.numbers)),
                                        of(b.replications, metric, sorted(b.replications.numbers)));
    case Comparison::Method::intervals:
      break;
  }
  const Summary::Metric& of_a = a.summary.metrics.at(metric);
  const Summary::Metric& of_b = b.summary.metrics.at(metric);
  if (!of_a.mean || !of_b.mean) return {};
  // Maxima and the like have no interval, but equal is equal.
  if (*of_a.mean == *of_b.mean && a.summary.seed == b.summary.seed && (!of_a.ci95 || !of_b.ci95))
    return {0.0, std::nullopt, std::nullopt};
  return metrics::interval_difference(*of_a.mean, of_a.ci95, *of_b.mean, of_b.ci95);
}

bool same(const metrics::Difference& d) {
  return d.mean && *d.mean == 0 && (!d.ci95 || (d.ci95->low == 0 && d.ci95->high == 0));
}

/// How far apart two values of a metric may be that still count as the same.
double alike(const Comparison::Row& row, std::span<const metrics::MetricInfo> catalogue) {
  if (!row.a || !row.b) return 0;
  const auto* info = metrics::find(catalogue, row.metric);
  const double middle = (*row.a + *row.b) / 2;
  if (info != nullptr && info->unit == "share" && middle >= 0 && middle <= 1)
    return std::max(1e-4, 0.1 * std::min(middle, 1 - middle));
  return 0.05 * std::abs(*row.a);
}

/// How many replications it takes until a difference like this one is told from none, or is seen to be small.
double enough(const metrics::Difference& d, double small, int replications) {
  const double half = (d.ci95->high - d.ci95->low) / 2;
  const double tells = std::max(std::abs(*d.mean), small - std::abs(*d.mean));
  if (tells <= 0 || replications < 1) return 0;
  return std::max(replications + 1.0, std::ceil(replications * half / tells * half / tells));
}

bool is_headline(const Comparison& comparison, const std::string& metric) {
  return std::find(comparison.headline.begin(), comparison.headline.end(), metric) !=
         comparison.headline.end();
}

/// Marks latencies that moved against yield.
void mark_others(Comparison& comparison) {
  const auto yield = std::find_if(comparison.rows.begin(), comparison.rows.end(),
                                  [](const auto& row) { return row.metric == "yield"; });
  if (yield == comparison.rows.end() || yield->identical || yield->verdict == Verdict::same ||
      !yield->difference.mean)
    return;
  for (Comparison::Row& row : comparison.rows) {
    if (!row.metric.starts_with("latency.") && !row.metric.starts_with("only.latency.")) continue;
    const bool answered_fewer = *yield->difference.mean < 0;
    if (row.verdict != (answered_fewer ? Verdict::better : Verdict::worse)) continue;
    row.verdict = Verdict::different;
    row.of_others = true;
  }
}

Verdict direction(double difference, std::string_view metric,
                  std::span<const metrics::MetricInfo> catalogue) {
  const auto* info = metrics::find(catalogue, metric);
  if (info == nullptr || info->better == metrics::Better::neither) return Verdict::different;
  return (difference > 0) == (info->better == metrics::Better::higher) ? Verdict::better : Verdict::worse;
}

}  // namespace

std::variant<Side, Problem> load_side(const fs::path& folder) {
  auto summary = load_summary(folder);
  if (auto* problem = std::get_if<Problem>(&summary)) return *problem;
  auto replications = load_replications(folder);
  if (auto* problem = std::get_if<Problem>(&replications)) return *problem;
  return Side{folder.string(), std::move(std::get<Summary>(summary)),
              std::move(std::get<Replications>(replications))};
}

Comparison difference(const Side& a, const Side& b) {
  Comparison all;
  const std::size_t pairs = a.summary.seed == b.summary.seed ? shared(a, b).size() : 0;
  const std::size_t fewest = std::min(a.replications.numbers.size(), b.replications.numbers.size());
  all.method = pairs >= 2    ? Comparison::Method::pairs
               : fewest >= 2 ? Comparison::Method::samples
                             : Comparison::Method::intervals;
  const bool paired = all.method == Comparison::Method::pairs;
  all.samples_a = paired ? static_cast<int>(pairs) : a.summary.replications;
  all.samples_b = paired ? static_cast<int>(pairs) : b.summary.replications;
  for (const auto& [name, metric] : a.summary.metrics) {
    const auto other = b.summary.metrics.find(name);
    if (other == b.summary.metrics.end()) {
      all.only_a.push_back(name);
      continue;
    }
    Comparison::Row row;
    row.metric = name;
    row.a = metric.mean;
    row.b = other->second.mean;
    row.difference = differ(a, b, name, all.method);
    row.identical = same(row.difference) || (!row.a && !row.b);
    all.rows.push_back(std::move(row));
  }
  for (const auto& [name, metric] : b.summary.metrics)
    if (!a.summary.metrics.contains(name)) all.only_b.push_back(name);
  for (const Side* side : {&a, &b})
    for (const Judged& verdict : judged(side->summary)) all.headline.push_back(verdict.metric);
  for (const auto name : kAlwaysFirst)
    if (std::find(all.headline.begin(), all.headline.end(), name) == all.headline.end())
      all.headline.emplace_back(name);
  return all;
}

Judgement judge(std::span<Comparison> comparisons, std::span<const metrics::MetricInfo> catalogue) {
  std::vector<double> p;
  for (const Comparison& comparison : comparisons)
    for (const Comparison::Row& row : comparison.rows)
      if (!row.identical && row.difference.p && row.difference.ci95 && is_headline(comparison, row.metric))
        p.push_back(*row.difference.p);
  const std::vector<bool> certain = metrics::holm(p, kLevel);
  Judgement judgement;
  for (Comparison& comparison : comparisons) {
    for (Comparison::Row& row : comparison.rows) {
      if (row.identical) row.verdict = Verdict::same;
      const metrics::Difference& d = row.difference;
      if (row.identical || !d.p || !d.ci95) continue;
      const bool first = is_headline(comparison, row.metric);
      const bool different = first ? certain[judgement.headline] : *d.p <= kLevel;
      ++(first ? judgement.headline : judgement.others);
      const double small = alike(row, catalogue);
      row.within = std::max(std::abs(d.ci95->low), std::abs(d.ci95->high));
      if (different) {
        row.verdict = direction(*d.mean, row.metric, catalogue);
      } else if (row.within <= small) {
        row.verdict = Verdict::same;
      } else {
        row.verdict = Verdict::cannot_tell;
        row.replications = enough(d, small, std::max(comparison.samples_a, comparison.samples_b));
      }
    }
    mark_others(comparison);
  }
  return judgement;
}

namespace {

/// Where a point is on its grid, whatever the order of axes and values.
using Place = std::map<std::string, std::string>;
Place place(const Sweep& sweep, const Sweep::Point& point) {
  Place place;
  for (std::size_t i = 0; i < sweep.axes.size(); ++i)
    place.emplace(sweep.axes[i].label, sweep.value(point, i));
  return place;
}

std::set<std::string> labels(const Sweep& sweep) {
  std::set<std::string> labels;
  for (const auto& axis : sweep.axes) labels.insert(axis.label);
  return labels;
}

bool holds(const Summary& summary) {
  return !judged(summary).empty() && met_at(summary).holds();
}

}  // namespace

std::variant<SweepComparison, Problem> compare_sweeps(const fs::path& a, const fs::path& b,
                                                      std::span<const metrics::MetricInfo> catalogue) {
  auto loaded_a = load_sweep(a);
  if (auto* problem = std::get_if<Problem>(&loaded_a)) return *problem;
  auto loaded_b = load_sweep(b);
  if (auto* problem = std::get_if<Problem>(&loaded_b)) return *problem;
  const Sweep& of_a = std::get<Sweep>(loaded_a);
  const Sweep& of_b = std::get<Sweep>(loaded_b);
  const std::set<std::string> labels_a = labels(of_a), labels_b = labels(of_b);
  if (labels_a != labels_b)
    return Problem{fmt::format("{} varies {} and {} varies {}, expected two sweeps of the same things",
                               a.string(), fmt::join(labels_a, ", "), b.string(), fmt::join(labels_b, ", "))};

  SweepComparison all;
  std::map<Place, std::size_t> in_b;
  for (std::size_t m = 0; m < of_b.points.size(); ++m)
    if (of_b.points[m].summary) in_b.emplace(place(of_b, of_b.points[m]), m);
  std::set<std::size_t> matched;
  for (std::size_t n = 0; n < of_a.points.size(); ++n) {
    if (!of_a.points[n].summary) continue;
    const std::string name = point_name(of_a, of_a.points[n]);
    const auto same = in_b.find(place(of_a, of_a.points[n]));
    if (same == in_b.end()) {
      all.only_a.push_back(name);
      continue;
    }
    matched.insert(same->second);
    auto side_a = load_side(a / run_folder(of_a, n));
    auto side_b = load_side(b / run_folder(of_b, same->second));
    for (const auto* side : {&side_a, &side_b})
      if (const auto* problem = std::get_if<Problem>(side)) return *problem;
    const bool holds_a = holds(*of_a.points[n].summary);
    const bool holds_b = holds(*of_b.points[same->second].summary);
    if (holds_a && !holds_b) all.holds_in_a.push_back(name);
    if (holds_b && !holds_a) all.holds_in_b.push_back(name);
    all.points.push_back({name, difference(std::get<Side>(side_a), std::get<Side>(side_b))});
  }
  for (std::size_t m = 0; m < of_b.points.size(); ++m)
    if (of_b.points[m].summary && !matched.contains(m))
      all.only_b.push_back(point_name(of_b, of_b.points[m]));
  std::vector<Comparison> comparisons;
  for (auto& point : all.points) {
    std::erase_if(point.comparison.rows,
                  [&](const Comparison::Row& row) { return !is_headline(point.comparison, row.metric); });
    for (const std::string& metric : point.comparison.headline)
      if (std::find(all.metrics.begin(), all.metrics.end(), metric) == all.metrics.end())
        all.metrics.push_back(metric);
    comparisons.push_back(std::move(point.comparison));
  }
  all.judged = judge(comparisons, catalogue);
  for (std::size_t i = 0; i < comparisons.size(); ++i) all.points[i].comparison = std::move(comparisons[i]);
  return all;
}

}  // namespace headroom::report
