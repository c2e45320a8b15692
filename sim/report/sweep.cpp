#include "sim/report/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "sim/metrics/slo.h"
#include "sim/metrics/whole.h"
#include "sim/report/csv.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "headroom/sweep/1";
constexpr std::array<std::string_view, 3> kParts = {".mean", ".lo", ".hi"};
constexpr std::array<std::string_view, 7> kVerdicts = {
    "bottleneck",   "bottleneck.share",   "bottleneck.alive", "bottleneck.at_s",
    "busiest_link", "busiest_link.share", "settled"};
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::variant<Sweep, Problem> parse_sweep(const std::string& text) {
  const auto j = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (j.is_discarded()) return Problem{"not complete JSON"};
  try {
    if (!j.is_object() || j.value("schema", std::string()) != kSchema)
      return Problem{"not a sweep of this version (expected \"schema\": \"" + std::string(kSchema) + "\")"};
    Sweep sweep;
    sweep.scenario = j.at("scenario").get<std::string>();
    sweep.question = j.at("question").get<std::string>();
    sweep.seed = metrics::whole<std::uint64_t>(j.at("seed"));
    sweep.replications = metrics::whole(j.at("replications"), 0);
    sweep.measured_s = j.at("measured_s").get<double>();
    sweep.fingerprint = j.at("fingerprint").get<std::string>();
    for (const auto& axis : j.at("vary")) {
      const bool named = axis.contains("choice");
      sweep.axes.push_back({axis.at(named ? "choice" : "path").get<std::string>(),
                            axis.at("values").get<std::vector<std::string>>(), named});
    }
    for (const auto& point : j.at("points")) {
      Sweep::Point& p = sweep.points.emplace_back();
      for (const auto& index : point.at("at")) p.at.push_back(metrics::whole<std::size_t>(index));
      bool good = p.at.size() == sweep.axes.size() && !p.at.empty();
      for (std::size_t i = 0; good && i < p.at.size(); ++i) good = p.at[i] < sweep.axes[i].values.size();
      if (!good) return Problem{"a point that is not on the grid"};
      if (point.contains("run")) p.summary.emplace();
    }
    return sweep;
  } catch (const ordered_json::exception& e) {
    return Problem{e.what()};
  }
}

/// The cells of points.csv that say what limits a point, and whether it has settled.
std::string verdict_cells(const Summary& summary) {
  const auto& limit = summary.bottleneck;
  const auto& link = summary.busiest_link;
  const auto& settled = summary.settled;
  return "," + csv_cell(limit ? limit->name : "") + "," + csv_cell(limit ? limit->share : kNone) + "," +
         csv_cell(limit ? limit->alive : "") + "," + csv_cell(limit ? limit->at_s : kNone) + "," +
         csv_cell(link ? link->name : "") + "," + csv_cell(link ? link->share : kNone) + "," +
         (settled ? *settled ? "true" : "false" : "");
}

}  // namespace

std::size_t Sweep::complete() const {
  return static_cast<std::size_t>(
      std::count_if(points.begin(), points.end(), [](const Point& p) { return p.summary.has_value(); }));
}

const std::string& Sweep::value(const Point& point, std::size_t axis) const {
  return axes[axis].values[point.at[axis]];
}

std::string run_folder(const Sweep& sweep, std::size_t n) {
  const std::string number = std::to_string(n + 1);
  const std::size_t width = std::to_string(sweep.points.size()).size();
  return "runs/" + std::string(width - number.size(), '0') + number;
}

bool is_column(std::string_view name) {
  return std::find(kVerdicts.begin(), kVerdicts.end(), name) != kVerdicts.end() ||
         std::any_of(kParts.begin(), kParts.end(), [&](auto part) { return name.ends_with(part); });
}

std::string points_csv(const Sweep& sweep) {
  std::set<std::string> names;
  for (const auto& point : sweep.points)
    if (point.summary)
      for (const auto& [name, metric] : point.summary->metrics) names.insert(name);
  std::string csv;
  for (const auto& axis : sweep.axes) csv += (csv.empty() ? "" : ",") + csv_cell(axis.label);
  for (const auto& name : names)
    for (const auto part : kParts) csv += "," + csv_cell(name + std::string(part));
  const bool verdicts = std::any_of(sweep.points.begin(), sweep.points.end(), [](const Sweep::Point& p) {
    return p.summary && (p.summary->bottleneck || p.summary->settled);
  });
  if (verdicts) csv += fmt::format(",{}", fmt::join(kVerdicts, ","));
  csv += "\n";
  for (const auto& point : sweep.points) {
    if (!point.summary) continue;
    for (std::size_t i = 0; i < sweep.axes.size(); ++i)
      csv += (i == 0 ? "" : ",") + csv_cell(sweep.value(point, i));
    for (const auto& name : names) {
      const auto metric = point.summary->metrics.find(name);
      double mean = kNone, low = kNone, high = kNone;
      if (metric != point.summary->metrics.end()) {
        mean = metric->second.mean.value_or(kNone);
        if (metric->second.ci95) {
          low = metric->second.ci95->low;
          high = metric->second.ci95->high;
        }
      }
      csv += "," + csv_cell(mean) + "," + csv_cell(low) + "," + csv_cell(high);
    }
    if (verdicts) csv += verdict_cells(*point.summary);
    csv += "\n";
  }
  return csv;
}

std::string to_json(const Sweep& sweep) {
  ordered_json j;
  j["schema"] = kSchema;
  j["scenario"] = sweep.scenario;
  j["question"] = sweep.question;
  j["seed"] = sweep.seed;
  j["replications"] = sweep.replications;
  j["measured_s"] = sweep.measured_s;
  if (sweep.partial()) j["partial"] = true;
  j["fingerprint"] = sweep.fingerprint;
  j["vary"] = ordered_json::array();
  for (const auto& axis : sweep.axes)
    j["vary"].push_back({{axis.named ? "choice" : "path", axis.label}, {"values", axis.values}});
  j["points"] = ordered_json::array();
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    ordered_json point = {{"at", sweep.points[n].at}};
    if (sweep.points[n].summary) point["run"] = run_folder(sweep, n);
    j["points"].push_back(std::move(point));
  }
  return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

bool is_sweep(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::is_regular_file(folder / "sweep.json", error);
}

std::variant<Sweep, Problem> load_sweep(const std::filesystem::path& folder) {
  const auto text = read_file(folder / "sweep.json");
  if (const auto* problem = std::get_if<Problem>(&text)) return *problem;
  auto parsed = parse_sweep(std::get<std::string>(text));
  if (const auto* problem = std::get_if<Problem>(&parsed))
    return Problem{(folder / "sweep.json").string() + ": " + problem->message};
  Sweep& sweep = std::get<Sweep>(parsed);
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    if (!sweep.points[n].summary) continue;
    auto loaded = load_summary(folder / run_folder(sweep, n));
    if (const auto* problem = std::get_if<Problem>(&loaded)) return *problem;
    sweep.points[n].summary = std::move(std::get<Summary>(loaded));
  }
  return parsed;
}

Met met_at(const Summary& summary) {
  Met all{true, true, summary.settled.value_or(true)};
  bool no = false;
  for (const Judged& verdict : judged(summary)) {
    all.met = all.met && verdict.met;
    all.sure = all.sure && verdict.sure;
    no = no || verdict.surely_missed;
  }
  all.sure = all.sure || no;  // one is enough
  return all;
}

std::vector<Judged> judged(const Summary& summary) {
  std::vector<Judged> all;
  for (const auto& o : summary.slo) {
    const std::size_t space = o.objective.find(' ');
    const std::string metric = o.objective.substr(0, space);
    Judged verdict;
    verdict.metric = (o.of.empty() ? "" : "only.") + metric;
    verdict.name = metric + (o.of.empty() ? "" : " of " + o.of);
    verdict.at_least = o.objective.find(">=") != std::string::npos;
    verdict.value = o.value;
    verdict.met = o.met;
    // "yield >= 0.999"
    if (space == std::string::npos || space + 4 > o.objective.size() ||
        !parse_number(o.objective.substr(space + 4), verdict.bound))
      continue;
    const auto found = summary.metrics.find(verdict.metric);
    const bool apart = found != summary.metrics.end() && metrics::apart(verdict.bound, found->second.ci95);
    verdict.sure = o.sure.value_or(apart && summary.settled.value_or(true));
    verdict.surely_missed = !o.met && o.value && apart;
    all.push_back(std::move(verdict));
  }
  return all;
}

}  // namespace headroom::report
