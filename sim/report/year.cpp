#include "sim/report/year.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "sim/metrics/whole.h"
#include "sim/report/csv.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "headroom/year/1";
constexpr std::string_view kTimelines = "timeline,yield,downtime_min,failures\n";

/// Of a yield of 1: more than anybody can measure.
constexpr double kMostNines = 12;

ordered_json json_of(const Year::Estimate& one) {
  return {{"mean", one.mean}, {"ci95", {one.ci95.low, one.ci95.high}}};
}
Year::Estimate estimate_in(const ordered_json& j) {
  return {j.at("mean").get<double>(), {j.at("ci95").at(0).get<double>(), j.at("ci95").at(1).get<double>()}};
}
ordered_json json_of(const Year::Spread& one) {
  return {{"median", one.median}, {"worst_of_20", one.worst_of_20}};
}

std::variant<Year, Problem> parse(const std::string& text) {
  const auto j = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (j.is_discarded()) return Problem{"not complete JSON"};
  try {
    if (!j.is_object() || j.value("schema", std::string()) != kSchema)
      return Problem{"not a year of this version (expected \"schema\": \"" + std::string(kSchema) + "\")"};
    Year y;
    y.scenario = j.at("scenario").get<std::string>();
    y.question = j.at("question").get<std::string>();
    y.seed = metrics::whole<std::uint64_t>(j.at("seed"));
    y.years = j.at("years").get<double>();
    y.samples = metrics::whole<std::int64_t>(j.at("samples"));
    y.partial = j.value("partial", false);
    y.fingerprint = j.at("fingerprint").get<std::string>();
    y.needed = j.at("needed").at("yield").get<double>();
    y.needed_is_slo = j.at("needed").at("objective").get<bool>();
    y.straight = j.at("straight_through").get<bool>();
    y.yield = estimate_in(j.at("yield"));
    y.downtime_min = estimate_in(j.at("downtime_min"));
    y.nines = estimate_in(j.at("nines"));
    if (j.contains("spread")) {
      const auto spread = [&](const char* key) {
        const auto& s = j.at("spread").at(key);
        return Year::Spread{s.at("median").get<double>(), s.at("worst_of_20").get<double>()};
      };
      y.yield_spread = spread("yield");
      y.downtime_spread = spread("downtime_min");
    }
    y.requests = j.at("requests").at("per_year").get<double>();
    y.simulated = j.at("requests").at("simulated").get<double>();
    y.runs = metrics::whole<std::int64_t>(j.at("runs"));
    y.undisturbed = j.at("undisturbed").get<double>();
    y.longest_settle = j.at("settles_in_s").get<double>();
    y.lead_s = j.at("lead_s").get<double>();
    y.day = j.at("levels").get<bool>();
    y.runs_share = j.at("uncertainty_of_runs").get<double>();
    for (const auto& one : j.at("causes"))
      y.causes.push_back({one.at("what").get<std::string>(), one.at("per_year").get<double>(),
                          one.at("time_share").get<double>(), one.at("failed").get<double>(),
                          one.at("share").get<double>(), one.at("downtime_min").get<double>()});
    for (const auto& one : j.at("availability"))
      y.availability.push_back({one.at("group").get<std::string>(),
                                metrics::whole<std::int64_t>(one.at("need")), estimate_in(one)});
    for (const auto& one : j.at("not_covered"))
      y.not_covered.push_back({one.at("what").get<std::string>(), one.at("time_share").get<double>()});
    y.checked = metrics::whole<std::int64_t>(j.at("invariants").at("checked"));
    y.violated = j.at("invariants").at("violated").get<std::vector<std::string>>();
    return y;
  } catch (const ordered_json::exception& e) {
    return Problem{e.what()};
  }
}

/// False if they are not the timelines of a year.
bool read_timelines(const std::string& text, std::vector<Year::Sample>& timelines) {
  if (!text.starts_with(kTimelines)) return false;
  const auto parsed = parse_csv(text);
  if (std::holds_alternative<Problem>(parsed)) return false;
  for (const auto& row : std::get<Csv>(parsed).rows) {
    Year::Sample one;
    double failures = 0;
    if (!parse_number(row[1], one.yield) || !parse_number(row[2], one.downtime_min) ||
        !parse_number(row[3], failures))
      return false;
    one.failures = static_cast<std::int64_t>(failures);
    timelines.push_back(one);
  }
  return true;
}

}  // namespace

double nines(double yield) {
  return yield >= 1 ? kMostNines : std::min(kMostNines, -std::log10(1 - yield));
}

double Year::not_covered_share() const {
  double sum = 0;
  for (const NotCovered& one : not_covered) sum += one.time_share;
  return sum;
}

std::string to_json(const Year& y) {
  ordered_json j;
  j["schema"] = kSchema;
  j["scenario"] = y.scenario;
  j["question"] = y.question;
  j["seed"] = y.seed;
  j["years"] = y.years;
  j["samples"] = y.samples;
  if (y.partial) j["partial"] = true;
  j["fingerprint"] = y.fingerprint;
  j["needed"] = {{"yield", y.needed}, {"objective", y.needed_is_slo}};
  j["yield"] = json_of(y.yield);
  j["downtime_min"] = json_of(y.downtime_min);
  j["nines"] = json_of(y.nines);
  if (y.yield_spread && y.downtime_spread)
    j["spread"] = {{"yield", json_of(*y.yield_spread)}, {"downtime_min", json_of(*y.downtime_spread)}};
  j["requests"] = {{"per_year", y.requests}, {"simulated", y.simulated}};
  j["runs"] = y.runs;
  j["straight_through"] = y.straight;
  j["undisturbed"] = y.undisturbed;
  j["levels"] = y.day;
  j["settles_in_s"] = y.longest_settle;
  j["lead_s"] = y.lead_s;
  j["uncertainty_of_runs"] = y.runs_share;
  j["causes"] = ordered_json::array();
  for (const auto& one : y.causes)
    j["causes"].push_back({{"what", one.what},
                           {"per_year", one.per_year},
                           {"time_share", one.time_share},
                           {"failed", one.failed},
                           {"share", one.share},
                           {"downtime_min", one.downtime_min}});
  j["availability"] = ordered_json::array();
  for (const auto& one : y.availability) {
    ordered_json a = {{"group", one.group}, {"need", one.need}};
    a.update(json_of(one.share));
    j["availability"].push_back(std::move(a));
  }
  j["not_covered"] = ordered_json::array();
  for (const auto& one : y.not_covered)
    j["not_covered"].push_back({{"what", one.what}, {"time_share", one.time_share}});
  j["invariants"] = {{"checked", y.checked}, {"violated", y.violated}};
  return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string timelines_csv(const Year& y) {
  std::string csv(kTimelines);
  for (std::size_t i = 0; i < y.timelines.size(); ++i) {
    const Year::Sample& one = y.timelines[i];
    csv += std::to_string(i + 1) + "," + csv_cell(one.yield) + "," + csv_cell(one.downtime_min) + "," +
           std::to_string(one.failures) + "\n";
  }
  return csv;
}

std::string strata_csv(const Year& y) {
  std::string csv = "what,kind,per_year,s_per_year,runs,failing_share,share_of_variance\n";
  for (const auto& one : y.strata)
    csv += csv_cell(one.what) + (one.transient ? ",change," : ",state,") + csv_cell(one.per_year) + "," +
           csv_cell(one.s) + "," + std::to_string(one.runs) + "," + csv_cell(one.failed) + "," +
           csv_cell(one.uncertainty) + "\n";
  return csv;
}

bool is_year(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::is_regular_file(folder / "year.json", error);
}

std::variant<Year, Problem> load_year(const std::filesystem::path& folder) {
  const auto text = read_file(folder / "year.json");
  if (const auto* problem = std::get_if<Problem>(&text)) return *problem;
  auto parsed = parse(std::get<std::string>(text));
  if (const auto* problem = std::get_if<Problem>(&parsed))
    return Problem{(folder / "year.json").string() + ": " + problem->message};
  const auto csv = read_file(folder / "timelines.csv");
  if (const auto* problem = std::get_if<Problem>(&csv)) return *problem;
  if (!read_timelines(std::get<std::string>(csv), std::get<Year>(parsed).timelines))
    return Problem{(folder / "timelines.csv").string() + ": not the timelines of a year"};
  return parsed;
}

}  // namespace headroom::report
