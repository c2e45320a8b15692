#include "sim/report/summary.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/base/check.h"
#include "sim/metrics/whole.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "headroom/summary/1";
constexpr std::string_view kReplications = "replications";
constexpr std::string_view kBatchMeans = "batch means";

ordered_json number(double x) {
  HEADROOM_CHECK(std::isfinite(x), "a result is a finite number or null");
  return x == 0 ? 0.0 : x;  // no negative zero
}

ordered_json number(const std::optional<double>& x) {
  return x ? number(*x) : ordered_json();
}

ordered_json interval(const std::optional<metrics::Interval>& i) {
  return i ? ordered_json::array({number(i->low), number(i->high)}) : ordered_json();
}

std::optional<double> optional_number(const ordered_json& j) {
  return j.is_null() ? std::nullopt : std::optional(j.get<double>());
}

/// None if it is absent, as in older files, or null.
std::optional<bool> optional_bool(const ordered_json& j, std::string_view key) {
  const auto found = j.find(key);
  return found == j.end() || found->is_null() ? std::nullopt : std::optional(found->get<bool>());
}

}  // namespace

Summary summary(const Run& run) {
  Summary s;
  s.scenario = run.scenario;
  s.seed = run.seed;
  s.replications = run.result.replications;
  s.measured_s = run.result.measured_s;
  s.interval = run.result.intervals;
  s.partial = run.partial;
  s.fingerprint = run.fingerprint;
  for (const auto& metric : run.result.metrics) s.metrics[metric.name] = {metric.mean, metric.ci95};
  for (const auto& verdict : run.slo)
    s.slo.push_back({verdict.objective, verdict.of, verdict.value, verdict.met, verdict.sure});
  if (const auto limit = metrics::bottleneck(run.limits))
    s.bottleneck = {limit->name, limit->share, metrics::alive_text(*limit), limit->at_s};
  if (const auto link = metrics::busiest_link(run.limits)) s.busiest_link = {link->name, link->share};
  if (run.settled) s.settled = run.settled->settled;
  s.invariants = run.result.invariants;
  return s;
}

std::string to_json(const Summary& s) {
  ordered_json j;
  j["schema"] = kSchema;
  j["scenario"] = s.scenario;
  j["seed"] = s.seed;
  j["replications"] = s.replications;
  j["measured_s"] = number(s.measured_s);
  j["interval"] = s.interval == metrics::IntervalSource::replications ? kReplications : kBatchMeans;
  if (s.partial) j["partial"] = true;
  j["fingerprint"] = s.fingerprint;
  j["metrics"] = ordered_json::object();
  for (const auto& [name, metric] : s.metrics) {
    j["metrics"][name] = {{"mean", number(metric.mean)}, {"ci95", interval(metric.ci95)}};
  }
  j["slo"] = ordered_json::array();
  for (const auto& o : s.slo) {
    ordered_json entry = {{"objective", o.objective}};
    if (!o.of.empty()) entry["of"] = o.of;
    entry["value"] = number(o.value);
    entry["met"] = o.met;
    if (o.sure) entry["sure"] = *o.sure;
    j["slo"].push_back(std::move(entry));
  }
  if (s.bottleneck)
    j["bottleneck"] = {{"name", s.bottleneck->name},
                       {"share", number(s.bottleneck->share)},
                       {"alive", s.bottleneck->alive},
                       {"at_s", number(s.bottleneck->at_s)}};
  else
    j["bottleneck"] = nullptr;
  if (s.busiest_link)
    j["busiest_link"] = {{"name", s.busiest_link->name}, {"share", number(s.busiest_link->share)}};
  else
    j["busiest_link"] = nullptr;
  j["settled"] = s.settled ? ordered_json(*s.settled) : ordered_json();
  j["invariants"] = ordered_json::array();
  for (const auto& i : s.invariants) {
    ordered_json entry = {{"name", i.name}, {"holds", i.holds}, {"checked", i.checked}};
    if (!i.holds) entry["detail"] = i.detail;
    j["invariants"].push_back(std::move(entry));
  }
  return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::variant<Summary, Problem> parse_summary(std::string_view text) {
  const auto j = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (j.is_discarded()) return Problem{"not complete JSON"};
  try {
    if (!j.is_object() || j.value("schema", std::string()) != kSchema) {
      return Problem{"not a summary of this version (expected \"schema\": \"" + std::string(kSchema) + "\")"};
    }
    Summary s;
    s.scenario = j.at("scenario").get<std::string>();
    s.seed = metrics::whole<std::uint64_t>(j.at("seed"));
    s.replications = metrics::whole(j.at("replications"), 0);
    s.measured_s = j.at("measured_s").get<double>();
    if (j.value("interval", std::string(kReplications)) == kBatchMeans) {
      s.interval = metrics::IntervalSource::batch_means;
    }
    s.partial = j.value("partial", false);
    s.fingerprint = j.at("fingerprint").get<std::string>();
    for (const auto& [name, metric] : j.at("metrics").items()) {
      Summary::Metric m{optional_number(metric.at("mean")), std::nullopt};
      const auto& ci = metric.at("ci95");
      if (!ci.is_null()) m.ci95 = metrics::Interval{ci.at(0).get<double>(), ci.at(1).get<double>()};
      s.metrics[name] = m;
    }
    for (const auto& o : j.at("slo")) {
      s.slo.push_back({o.at("objective").get<std::string>(), o.value("of", std::string()),
                       optional_number(o.at("value")), o.at("met").get<bool>(), optional_bool(o, "sure")});
    }
    if (const auto found = j.find("bottleneck"); found != j.end() && !found->is_null())
      s.bottleneck = {found->at("name").get<std::string>(), found->at("share").get<double>(),
                      found->at("alive").get<std::string>(), found->at("at_s").get<double>()};
    if (const auto found = j.find("busiest_link"); found != j.end() && !found->is_null())
      s.busiest_link = {found->at("name").get<std::string>(), found->at("share").get<double>()};
    s.settled = optional_bool(j, "settled");
    for (const auto& i : j.at("invariants")) {
      s.invariants.push_back({i.at("name").get<std::string>(), i.at("holds").get<bool>(),
                              metrics::whole<std::int64_t>(i.at("checked")),
                              i.value("detail", std::string())});
    }
    return s;
  } catch (const ordered_json::exception& e) {
    return Problem{e.what()};
  }
}

std::variant<Summary, Problem> load_summary(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return Problem{folder.string() + " is not a folder; expected a result folder"};
  }
  const auto path = folder / "summary.json";
  auto text = read_file(path);
  if (auto* problem = std::get_if<Problem>(&text)) return *problem;
  auto parsed = parse_summary(std::get<std::string>(text));
  if (auto* problem = std::get_if<Problem>(&parsed)) return Problem{path.string() + ": " + problem->message};
  return parsed;
}

}  // namespace headroom::report
