#include "sim/study/catalogue.h"

#include <algorithm>
#include <charconv>

#include "models/api/metrics.h"
#include "models/auth/metrics.h"
#include "models/balancer/metrics.h"
#include "models/client/metrics.h"
#include "models/processing/metrics.h"
#include "models/queue/metrics.h"
#include "models/usage/metrics.h"
#include "sim/base/check.h"
#include "sim/report/time_series.h"
#include "sim/study/metrics.h"

namespace headroom::study {
namespace {

using config::Node;

constexpr auto kAllMetrics =
    metrics::list<metrics::MetricInfo>(client::kMetrics, balancer::kMetrics, api::kMetrics, auth::kMetrics,
                                       queue::kMetrics, processing::kMetrics, usage::kMetrics, kMetrics);
constexpr auto kAllSeries = metrics::list<metrics::SeriesInfo>(
    report::kSeries, client::kSeries, balancer::kSeries, api::kSeries, auth::kSeries, queue::kSeries,
    processing::kSeries, usage::kSeries, kSeries);

constexpr std::string_view kOr = " or ";
constexpr std::string_view kAnd = " and ";

std::vector<std::string_view> split(std::string_view text, std::string_view at) {
  std::vector<std::string_view> parts;
  for (std::size_t end = text.find(at); end != std::string_view::npos; end = text.find(at)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + at.size());
  }
  parts.push_back(text);
  return parts;
}

/// Neither left out, null or switched off, nor an empty list, nor zero in any unit.
bool is_there(const Node& node) {
  if (node.is_null()) return false;
  if (node.is_sequence()) return !node.items().empty();
  if (!node.is_scalar()) return true;
  const std::string& text = node.text();
  if (text == "false") return false;
  double number = 1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number != 0;
}

/// Whether something stands on the path, and has the value if one is given.
bool has(const Node& node, std::string_view path, std::string_view value) {
  if (path.empty()) return value.empty() ? is_there(node) : node.is_scalar() && node.text() == value;
  const std::size_t dot = std::min(path.find('.'), path.size());
  const std::string_view rest = path.substr(std::min(dot + 1, path.size()));
  if (path.substr(0, dot) == "*") {
    const auto& items = node.items();
    const auto& entries = node.entries();
    return std::any_of(items.begin(), items.end(), [&](const Node& n) { return has(n, rest, value); }) ||
           std::any_of(entries.begin(), entries.end(),
                       [&](const Node::Entry& e) { return has(e.value, rest, value); });
  }
  const config::Step step = config::step_into(node, path);
  return step.entry != nullptr && has(step.entry->value, step.rest, value);
}

bool has(const Node& scenario, std::string_view need) {
  const std::size_t equals = std::min(need.find('='), need.size());
  return has(scenario, need.substr(0, equals), need.substr(std::min(equals + 1, need.size())));
}

/// A need as a person would say it: "deployment.queue.when_full: drop_oldest", "an entry of watch with group:
/// worker".
std::string in_words(std::string_view need) {
  std::string words;
  if (const std::size_t star = need.find(".*."); star != std::string_view::npos) {
    words = "an entry of " + std::string(need.substr(0, star)) + " with ";
    need.remove_prefix(star + 3);
  }
  words += need;
  if (const std::size_t equals = words.find('='); equals != std::string::npos) words.replace(equals, 1, ": ");
  return words;
}

template <class Info>
std::string unmet_of(std::string_view name, const Info& info, const Node& scenario) {
  if (info.needs.empty()) return {};
  std::string needs(info.needs);
  if (const auto one = metrics::one_of(info.name, name); !one.empty() && needs.find('<') != std::string::npos)
    needs.replace(needs.find('<'), needs.find('>') - needs.find('<') + 1, one);
  std::string lacking, all;
  const auto alternatives = split(needs, kOr);
  for (const std::string_view alternative : alternatives) {
    lacking.clear();
    std::string together;
    for (const std::string_view need : split(alternative, kAnd)) {
      together.append(together.empty() ? "" : kAnd).append(in_words(need));
      if (!has(scenario, need)) lacking.append(lacking.empty() ? "" : kAnd).append(in_words(need));
    }
    if (lacking.empty()) return {};
    all.append(all.empty() ? "" : kOr).append(together);
  }
  return alternatives.size() == 1 ? lacking : all;
}

}  // namespace

std::span<const metrics::MetricInfo> catalogue() {
  return kAllMetrics;
}

std::span<const metrics::SeriesInfo> series_catalogue() {
  return kAllSeries;
}

const metrics::MetricInfo* find_metric(std::string_view name) {
  return metrics::find(catalogue(), name);
}

std::vector<std::string_view> metric_names() {
  std::vector<std::string_view> names;
  for (const metrics::MetricInfo& m : catalogue()) names.push_back(m.name);
  return names;
}

std::string unmet(std::string_view name, const metrics::MetricInfo& info, const Node& scenario) {
  return unmet_of(name, info, scenario);
}

std::string unmet(std::string_view name, const metrics::SeriesInfo& info, const Node& scenario) {
  return unmet_of(name, info, scenario);
}

std::vector<std::string_view> reported_names(const Node& scenario) {
  std::vector<std::string_view> names;
  for (const metrics::MetricInfo& m : catalogue())
    if (unmet(m.name, m, scenario).empty()) names.push_back(m.name);
  return names;
}

void check_catalogued(const metrics::ReplicationResult& result) {
  for (const auto& metric : result.metrics)
    HEADROOM_CHECK(find_metric(metric.name) != nullptr, "a metric that is reported is in the catalogue");
  for (const auto& column : result.series.columns)
    HEADROOM_CHECK(metrics::find(series_catalogue(), column.name) != nullptr,
                   "a column of the time series is in the catalogue");
}

}  // namespace headroom::study
