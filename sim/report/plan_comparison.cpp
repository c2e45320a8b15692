#include "sim/report/plan_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "sim/metrics/whole.h"
#include "sim/report/numbers.h"
#include "sim/report/paint.h"
#include "sim/report/plan.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;
namespace fs = std::filesystem;

/// What a plan.json says of its answer.
struct PlanAnswerRead {
  std::string goal;  ///< "cost.usd_per_hour"
  bool maximize = false;
  std::string status;                                       ///< "sure", "unsure", "none"
  std::vector<std::pair<std::string, std::string>> values;  ///< by path; empty: nothing holds
  std::optional<double> objective;
  double confidence = 0;
  std::vector<std::string> promised;  ///< "yield >= 0.999", "survives any one rack"
  std::string limited_by;
  int replications = 0;
};

std::string text_of(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::variant<PlanAnswerRead, Problem> parse(const std::string& text) {
  const auto j = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (j.is_discarded()) return Problem{"not complete JSON"};
  try {
    if (!j.is_object() || j.value("schema", std::string()) != "headroom/plan/1")
      return Problem{"not a plan of this version (expected \"schema\": \"headroom/plan/1\")"};
    if (j.contains("each"))
      return Problem{"several plans, for each " + text_of(j.at("each")) +
                     ", expected one of the folders below plans/"};
    PlanAnswerRead plan;
    plan.goal = j.at("objective").get<std::string>();
    plan.maximize = j.at("direction").get<std::string>() == "maximize";
    plan.confidence = j.at("confidence").get<double>();
    plan.replications = metrics::whole(j.at("replications"), 0);
    for (const auto& objective : j.at("slo"))
      plan.promised.push_back(objective.at("objective").get<std::string>());
    for (const auto& kind : j.at("survive"))
      plan.promised.push_back("any one " + kind.get<std::string>() + " gone");
    const auto& answer = j.at("answer");
    plan.status = answer.at("status").get<std::string>();
    for (const auto& [path, value] : answer.at("values").items())
      plan.values.emplace_back(path, text_of(value));
    if (answer.at("objective").is_number()) plan.objective = answer.at("objective").get<double>();
    for (const auto& point : j.at("points"))
      if (point.at("values") == answer.at("values"))
        plan.limited_by = point.at("binding").at("limited_by").get<std::string>();
    return plan;
  } catch (const ordered_json::exception& e) {
    return Problem{e.what()};
  }
}

std::string answer_of(const PlanAnswerRead& plan) {
  if (plan.values.empty()) return plan.status == "none" ? "nothing holds" : "nothing is known to hold";
  std::vector<Sweep::Axis> axes;
  for (const auto& [path, value] : plan.values) axes.push_back({path, {value}});
  return values_text(axes, std::vector<std::size_t>(axes.size(), 0));
}

struct Row {
  std::string what, a, b, difference;
};

std::vector<Row> rows_of(const PlanAnswerRead& a, const PlanAnswerRead& b, std::string_view unit) {
  std::vector<Row> rows;
  std::vector<std::string> paths;
  for (const auto* plan : {&a, &b})
    for (const auto& [path, value] : plan->values)
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  const auto value_at = [](const PlanAnswerRead& plan, const std::string& path) -> std::string {
    for (const auto& [known, value] : plan.values)
      if (known == path) return value;
    return "–";
  };
  for (const std::string& path : paths) rows.push_back({path, value_at(a, path), value_at(b, path), ""});
  const auto number = [&](const std::optional<double>& x) { return readable(x, std::nullopt, unit).value; };
  std::string difference;
  if (a.objective && b.objective) {
    const double by = *b.objective - *a.objective;
    difference = (by > 0 ? "+" : "") + significant(by, 3);
    if (*a.objective != 0 && by != 0)
      difference += fmt::format(" ({}{} %)", by > 0 ? "+" : "", significant(100 * by / *a.objective, 3));
  }
  if (std::find(paths.begin(), paths.end(), a.goal) == paths.end())
    rows.push_back({a.goal, number(a.objective), number(b.objective), difference});
  else
    for (Row& row : rows)
      if (row.what == a.goal) row.difference = difference;
  rows.push_back({"limited by", a.limited_by, b.limited_by, ""});
  rows.push_back({"how sure", a.status, b.status, ""});
  rows.push_back({"replications", std::to_string(a.replications), std::to_string(b.replications), ""});
  return rows;
}

/// Better, worse, the same, or not known.
std::string verdict(const PlanAnswerRead& a, const PlanAnswerRead& b) {
  if (a.status == "unsure" || b.status == "unsure")
    return "cannot tell: " + std::string(a.status == "unsure" ? "A" : "B") + " is not sure";
  if (a.values.empty() || b.values.empty())
    return a.values.empty() && b.values.empty() ? "the same: nothing holds"
           : a.values.empty()                   ? "different: something holds in B, nothing in A"
                                                : "different: something holds in A, nothing in B";
  if (!a.objective || !b.objective || a.objective == b.objective)
    return a.values == b.values ? "the same" : "the same " + a.goal + " by other means";
  const double by = *b.objective - *a.objective;
  return fmt::format(
      "different: B {} {} {}",
      a.maximize ? (by > 0 ? "holds more" : "holds less") : (by > 0 ? "needs more" : "needs less"), a.goal,
      *a.objective != 0 ? fmt::format("by {} %", significant(100 * std::abs(by / *a.objective), 3))
                        : std::string());
}

std::variant<PlanAnswerRead, Problem> load_plan_answer(const fs::path& folder) {
  const auto text = read_file(folder / "plan.json");
  if (const auto* problem = std::get_if<Problem>(&text)) return *problem;
  auto parsed = parse(std::get<std::string>(text));
  if (const auto* problem = std::get_if<Problem>(&parsed))
    return Problem{(folder / "plan.json").string() + ": " + problem->message};
  return parsed;
}

}  // namespace

bool is_plan(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "plan.json", error);
}

std::variant<std::string, Problem> compare_plans(const fs::path& folder_a, const fs::path& folder_b,
                                                 std::span<const metrics::MetricInfo> catalogue,
                                                 bool colours) {
  const auto read_a = load_plan_answer(folder_a), read_b = load_plan_answer(folder_b);
  for (const auto* read : {&read_a, &read_b})
    if (const auto* problem = std::get_if<Problem>(read)) return *problem;
  const auto& a = std::get<PlanAnswerRead>(read_a);
  const auto& b = std::get<PlanAnswerRead>(read_b);
  const auto sought = [](const PlanAnswerRead& plan) {
    return std::string(plan.maximize ? "the most " : "the least ") + plan.goal;
  };
  if (sought(a) != sought(b))
    return Problem{"the plans do not seek the same: " + folder_a.string() + " is for " + sought(a) + ", " +
                   folder_b.string() + " for " + sought(b)};
  const Paint paint{colours};
  std::string out =
      fmt::format("A {}: {}\nB {}: {}\n", folder_a.string(), answer_of(a), folder_b.string(), answer_of(b));
  const std::set<std::string> promised_a(a.promised.begin(), a.promised.end());
  const std::set<std::string> promised_b(b.promised.begin(), b.promised.end());
  if (promised_a != promised_b)
    out += fmt::format("not the same is promised: A {}; B {}\n", fmt::join(a.promised, ", "),
                       fmt::join(b.promised, ", "));
  out += "\n";
  const auto rows = rows_of(a, b, unit_of(catalogue, a.goal));
  std::size_t widths[3] = {0, 1, 1};
  for (const Row& row : rows) {
    widths[0] = std::max(widths[0], columns(row.what));
    widths[1] = std::max(widths[1], columns(row.a));
    widths[2] = std::max(widths[2], columns(row.b));
  }
  const auto line = [&](const Row& row) {
    std::string text = "  " + padded(row.what, widths[0], false) + "  " + padded(row.a, widths[1], true) +
                       "  " + padded(row.b, widths[2], true) + "  " + row.difference;
    while (text.ends_with(' ')) text.pop_back();
    return text + "\n";
  };
  out += paint.faint(line({"", "A", "B", "B − A"}));
  for (const Row& row : rows) out += line(row);
  out += "\n  " + paint.bold(verdict(a, b)) +
         fmt::format(", at {} % each\n", significant(100 * std::min(a.confidence, b.confidence), 4));
  return on_terminal(out);
}

}  // namespace headroom::report
