#include "sim/report/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sim/report/csv.h"
#include "sim/report/numbers.h"
#include "sim/report/sweep_answer.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "headroom/plan/1";
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// Whole numbers as numbers, all else as it was written.
ordered_json json_value(const std::string& text) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error == std::errc() && end == text.data() + text.size()) return whole;
  return text;
}

ordered_json values(const Plan& plan, const std::vector<std::size_t>& at) {
  ordered_json j = ordered_json::object();
  for (std::size_t i = 0; i < plan.axes.size(); ++i)
    j[plan.axes[i].label] = json_value(plan.axes[i].values[at[i]]);
  return j;
}
ordered_json values(const Plan& plan, const Plan::Point& point) {
  return values(plan, point.at);
}

ordered_json number(double x) {
  return std::isfinite(x) ? ordered_json(x) : ordered_json();
}

}  // namespace

namespace {

ordered_json json_of(const Plan& plan, const Plan::Uncertain& u) {
  ordered_json j;
  j["inputs"] = u.inputs;
  j["worlds"] = u.worlds;
  j["replications"] = u.replications;
  j["choices"] = ordered_json::array();
  for (const auto& one : u.choices)
    j["choices"].push_back({{"values", values(plan, one.at)},
                            {"objective", number(one.objective)},
                            {"right_in", one.right_in},
                            {"holds_in", one.holds_in},
                            {"fails_in", one.fails_in},
                            {"too_much", one.too_much ? number(*one.too_much) : ordered_json()}});
  return j;
}

}  // namespace

std::string_view name_of(Plan::Told told) {
  return told == Plan::Told::holds ? "holds" : told == Plan::Told::misses ? "misses" : "undecided";
}

std::string_view name_of(Plan::Status status) {
  return status == Plan::Status::sure ? "sure" : status == Plan::Status::unsure ? "unsure" : "none";
}

int Plan::replications() const {
  int sum = 0;
  for (const Point& point : points) sum += point.replications;
  return sum;
}

Plan::Status Plan::status() const {
  if (uncertain) {
    const bool all = ended == Ended::found && uncertain->worlds == uncertain->wanted;
    return !all ? Status::unsure : uncertain->answer ? Status::sure : Status::none;
  }
  const bool finished = ended == Ended::found && undecided.empty();
  if (!answer) return finished ? Status::none : Status::unsure;
  return finished && !contradiction ? Status::sure : Status::unsure;
}

std::string values_text(const std::vector<Sweep::Axis>& axes, const std::vector<std::size_t>& at) {
  std::string text;
  for (std::size_t i = 0; i < axes.size(); ++i)
    text += (i == 0 ? "" : ", ") + short_name(axes, i) + " = " + axes[i].values[at[i]];
  return text;
}

std::string goal_text(const Plan& plan, const Plan::Point& point) {
  for (std::size_t i = 0; i < plan.axes.size(); ++i)
    if (plan.axes[i].label == plan.goal) return plan.axes[i].values[point.at[i]];
  const Readable r = readable(point.objective, std::nullopt, unit_of(plan.catalogue, plan.goal));
  return r.value + (r.unit.empty() ? "" : " " + r.unit);
}

std::string to_json(const Plan& plan) {
  ordered_json j;
  j["schema"] = kSchema;
  j["scenario"] = plan.scenario;
  j["seed"] = plan.seed;
  j["measured_s"] = plan.measured_s;
  j["objective"] = plan.goal;
  j["direction"] = plan.maximize ? "maximize" : "minimize";
  j["confidence"] = plan.confidence;
  j["survive"] = plan.survive;
  j["slo"] = ordered_json::array();
  for (const Plan::Objective& o : plan.objectives) {
    ordered_json entry = {{"objective", o.text}};
    if (!o.of.empty()) entry["of"] = o.of;
    j["slo"].push_back(std::move(entry));
  }
  ordered_json answer;
  answer["found"] = plan.found();
  answer["status"] = name_of(plan.status());
  if (plan.uncertain) {
    const auto& choices = plan.uncertain->choices;
    const auto chosen = plan.uncertain->answer;
    answer["values"] = chosen ? values(plan, choices[*chosen].at) : ordered_json::object();
    answer["objective"] = chosen ? number(choices[*chosen].objective) : ordered_json();
    j["uncertain"] = json_of(plan, *plan.uncertain);
  } else {
    answer["values"] = plan.answer ? values(plan, plan.points[*plan.answer]) : ordered_json::object();
    answer["objective"] = plan.answer ? number(plan.points[*plan.answer].objective) : ordered_json();
    if (!plan.answer && plan.nearest) answer["nearest"] = values(plan, plan.points[*plan.nearest]);
  }
  if (plan.own && plan.answer)
    answer["headroom"] = number(plan.points[*plan.answer].objective / *plan.own - 1);
  if (plan.growth) answer["lasts_s"] = number(plan.growth->lasts_s);
  j["answer"] = std::move(answer);
  j["candidates"] = plan.candidates;
  j["ruled_out_by_arithmetic"] = plan.impossible;
  j["replications"] = plan.replications();
  if (plan.ended != Plan::Ended::found)
    j["ended_by"] = plan.ended == Plan::Ended::budget        ? "budget"
                    : plan.ended == Plan::Ended::interrupted ? "interruption"
                                                             : "failure";
  j["points"] = ordered_json::array();
  for (const Plan::Point& point : plan.points) {
    ordered_json p;
    p["values"] = values(plan, point);
    p["verdict"] = name_of(point.told);
    p["objective"] = number(point.objective);
    p["replications"] = point.replications;
    p["binding"] = {{"objective", point.binding.objective},
                    {"under", point.binding.under},
                    {"limited_by", point.binding.limited_by}};
    j["points"].push_back(std::move(p));
  }
  return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string worlds_csv(const Plan& plan) {
  std::string out = "world";
  if (!plan.uncertain) return out + "\n";
  for (const std::string& input : plan.uncertain->inputs)
    out += "," + csv_cell(input.substr(0, input.find('=')));
  for (const Sweep::Axis& axis : plan.axes) out += "," + csv_cell(axis.label);
  out += "\n";
  int number = 0;
  for (const auto& [drawn, right] : plan.uncertain->by_world) {
    out += std::to_string(++number);
    for (const std::string& value : drawn) out += "," + csv_cell(value);
    for (std::size_t i = 0; i < plan.axes.size(); ++i)
      out += "," +
             (right ? csv_cell(plan.axes[i].values[plan.uncertain->choices[*right].at[i]]) : std::string());
    out += "\n";
  }
  return out;
}

std::string points_csv(const Plan& plan) {
  std::string out;
  for (const Sweep::Axis& axis : plan.axes) out += csv_cell(axis.label) + ",";
  out += csv_cell(plan.goal == "objective" ? "goal" : "objective") +
         ",verdict,under,told,replications,limited_by";
  for (const Plan::Objective& o : plan.objectives)
    for (const char* what : {".mean", ".lo", ".hi"}) out += "," + csv_cell(o.metric + what);
  out += "\n";
  for (const Plan::Point& point : plan.points) {
    std::string head;
    for (std::size_t i = 0; i < plan.axes.size(); ++i)
      head += csv_cell(plan.axes[i].values[point.at[i]]) + ",";
    head += csv_cell(point.objective) + "," + std::string(name_of(point.told)) + ",";
    for (const Plan::Variant& v : point.variants) {
      out += head + csv_cell(v.name) + "," + std::string(name_of(v.told)) + "," +
             std::to_string(v.replications) + "," + csv_cell(v.limited_by);
      for (const Plan::Value& value : v.objectives)
        out += "," + csv_cell(value.value.value_or(kNothing)) + "," +
               csv_cell(value.interval ? value.interval->low : kNothing) + "," +
               csv_cell(value.interval ? value.interval->high : kNothing);
      out += "\n";
    }
    if (!point.variants.empty()) continue;
    out += head + csv_cell(point.binding.under) + "," + std::string(name_of(point.told)) + ",0," +
           csv_cell(point.binding.limited_by);
    for (std::size_t i = 0; i < plan.objectives.size(); ++i) out += ",,,";
    out += "\n";
  }
  return out;
}

}  // namespace headroom::report
