#include "sim/report/plans.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sim/base/printable.h"
#include "sim/report/csv.h"
#include "sim/report/machine.h"
#include "sim/report/numbers.h"
#include "sim/report/page.h"
#include "sim/report/paint.h"
#include "sim/report/sweep_answer.h"

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

/// How sure all of them together are: as the least sure.
Plan::Status status_of(const Plans& all) {
  const auto any = [&](Plan::Status status) {
    return std::any_of(all.plans.begin(), all.plans.end(),
                       [&](const PlanFiles& one) { return one.plan.status() == status; });
  };
  if (!all.complete() || any(Plan::Status::unsure)) return Plan::Status::unsure;
  return any(Plan::Status::none) ? Plan::Status::none : Plan::Status::sure;
}

const Plan& first(const Plans& all) {
  return all.plans.front().plan;
}

std::string run_note(const Plans& all) {
  return fmt::format("{} plans · seed {} · {} {}, each {}", all.plans.size(), first(all).seed,
                     first(all).maximize ? "the most" : "the least", first(all).goal, all.each.label);
}

/// What the answer of a plan is, and what limits it.
std::string limit(const Plan& plan) {
  if (!plan.answer) return "";  // the answer says why
  const Plan::Binding& binding = plan.points[*plan.answer].binding;
  if (binding.limited_by.empty()) return "";
  return "limited by " + binding.limited_by +
         (plan.survive.empty() || binding.under.empty() ? "" : ", " + binding.under);
}

/// The value that is made small or large; none: nothing holds.
std::optional<double> goal(const Plan& plan) {
  if (!plan.answer || !std::isfinite(plan.points[*plan.answer].objective)) return std::nullopt;
  return plan.points[*plan.answer].objective;
}

/// What the first answer differs from another by.
std::string compared(const Plans& all, std::size_t n) {
  const auto before = goal(first(all)), now = goal(all.plans[n].plan);
  if (n == 0 || !before || !now || *before == 0) return "";
  if (*now == *before) return "the same as for " + value_text(all, 0);
  return fmt::format("{} % {} than for {}", significant(std::abs(100 * (*now / *before - 1)), 3),
                     *now > *before ? "more" : "less", value_text(all, 0));
}

std::string html(const Plans& all, const std::vector<Chart>& charts, const std::filesystem::path& drawings) {
  std::string out = page_begin(first(all).scenario + ", plans");
  out += fmt::format("<header>\n<h1>{}</h1>\n", escaped(first(all).scenario));
  if (!first(all).question.empty())
    out += fmt::format("<p class=\"question\">{}</p>\n", escaped(first(all).question));
  out += fmt::format("<p class=\"faint\">{}</p>\n</header>\n", escaped(run_note(all)));
  out += fmt::format("<table>\n<tr><th>{}</th><th>answer</th><th></th><th></th></tr>\n",
                     escaped(all.each.label));
  for (std::size_t n = 0; n < all.plans.size(); ++n)
    out += fmt::format(
        "<tr><td><a href=\"{}/report.html\">{}</a></td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        place_of_plan(n).string(), escaped(value_text(all, n)), escaped(answer_text(all.plans[n].plan)),
        escaped(compared(all, n)), escaped(limit(all.plans[n].plan)));
  out += "</table>\n<h2>Figures</h2>\n" + figures_section(charts, drawings);
  out +=
      "<p>Each is a plan of its own, with its own confidence; the answers are "
      "<code>plans/…/scenario.yaml</code> "
      "in this folder, ready to run.</p>\n";
  return out + page_end();
}

}  // namespace

std::filesystem::path place_of_plan(std::size_t n) {
  return std::filesystem::path("plans") / std::to_string(n + 1);
}

bool Plans::found() const {
  return complete() &&
         std::all_of(plans.begin(), plans.end(), [](const PlanFiles& one) { return one.plan.found(); });
}

std::string value_text(const Plans& all, std::size_t n) {
  return all.each.values[n];
}

std::string table(const Plans& all, const std::filesystem::path& folder, bool colours) {
  const Paint paint{colours};
  std::string out =
      paint.bold(printable_line(first(all).scenario)) + paint.faint("  " + run_note(all)) + "\n";
  if (!first(all).question.empty()) out += printable_line(first(all).question) + '\n';
  out += "\n";
  std::size_t width = 12;
  for (std::size_t n = 0; n < all.plans.size(); ++n)
    width = std::max(width, printable_line(value_text(all, n)).size());
  const std::string indent(width + 3, ' ');
  for (std::size_t n = 0; n < all.plans.size(); ++n) {
    const Plan& plan = all.plans[n].plan;
    const std::string answer = printable_line(answer_text(plan));
    const auto status = plan.status();
    out += "  " + padded(printable_line(value_text(all, n)), width, false) + " " +
           (status == Plan::Status::sure   ? paint.green(answer)
            : status == Plan::Status::none ? paint.red(answer)
                                           : paint.yellow(answer)) +
           "\n";
    for (const std::string& more : {compared(all, n), limit(plan)})
      if (!more.empty()) out += indent + paint.faint(printable_line(more)) + "\n";
  }
  out += "\n";
  int replications = 0;
  for (const PlanFiles& one : all.plans) replications += one.plan.replications();
  const auto line = [&](std::string_view title, const std::string& text) {
    out += fmt::format("  {} {}\n", paint.faint(padded(std::string(title), width, false)), text);
  };
  if (!all.complete())
    line("incomplete", fmt::format("{} of {} values were planned", all.plans.size(), all.each.values.size()));
  line("tested", fmt::format("{} replications of {}", replications, time_in_words(first(all).measured_s)));
  line("confidence", fmt::format("{} % over all looks at all points, for each",
                                 significant(100 * first(all).confidence, 4)));
  line("results", printable_line(folder.string()));
  return on_terminal(out);
}

std::string to_json(const Plans& all) {
  const auto read = [](const Plan& plan) { return ordered_json::parse(to_json(plan)); };
  const ordered_json one = read(first(all));
  ordered_json j;
  for (const char* common : {"schema", "scenario", "seed", "objective", "direction", "confidence", "survive"})
    j[common] = one.at(common);
  j["each"] = all.each.label;
  j["answer"] = {{"found", all.found()}, {"status", name_of(status_of(all))}};
  j["plans"] = ordered_json::array();
  for (std::size_t n = 0; n < all.plans.size(); ++n) {
    const ordered_json plan = read(all.plans[n].plan);
    ordered_json entry = {{"value", value_text(all, n)}, {"folder", place_of_plan(n).string()}};
    for (const char* own : {"slo", "answer", "candidates", "replications"}) entry[own] = plan.at(own);
    j["plans"].push_back(std::move(entry));
  }
  return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string answers_csv(const Plans& all) {
  const Plan& any = first(all);
  std::string out = csv_cell(all.each.label);
  for (const Sweep::Axis& axis : any.axes) out += "," + csv_cell(axis.label);
  const bool varied = goal_is_varied(any);
  if (!varied) out += "," + csv_cell(any.goal);
  out += ",status,limited_by\n";
  for (std::size_t n = 0; n < all.plans.size(); ++n) {
    const Plan& plan = all.plans[n].plan;
    out += csv_cell(value_text(all, n));
    for (std::size_t i = 0; i < plan.axes.size(); ++i)
      out += "," +
             (plan.answer ? csv_cell(plan.axes[i].values[plan.points[*plan.answer].at[i]]) : std::string());
    if (!varied) out += "," + csv_cell(goal(plan).value_or(std::nan("")));
    out += "," + std::string(name_of(plan.status())) + ",";
    const auto shown = plan.answer ? plan.answer : plan.nearest;
    out += (shown ? csv_cell(plan.points[*shown].binding.limited_by) : std::string()) + "\n";
  }
  return out;
}

std::vector<Chart> figures(const Plans& all) {
  const Plan& any = first(all);
  Chart chart;
  chart.file = "plan-each";
  chart.title =
      std::string(any.maximize ? "The most that holds" : "The cheapest that holds") + with_any_gone(any);
  chart.bars.others = "for each " + all.each.label;
  chart.bars.marked = "whether something better holds is not decided";
  double most = 0;
  for (std::size_t n = 0; n < all.plans.size(); ++n) {
    const Plan& plan = all.plans[n].plan;
    const auto value = goal(plan);
    std::string label = "nothing holds";
    if (value) {
      const Plan::Point& point = plan.points[*plan.answer];
      label = values_text(plan.axes, point.at) + (goal_is_varied(any) ? "" : ": " + goal_text(plan, point));
      most = std::max(most, *value);
    }
    chart.bars.list.push_back(
        {value_text(all, n), value.value_or(0), label, plan.status() == Plan::Status::unsure});
  }
  if (most <= 0) return {};
  chart.x.label = goal_label(any);
  chart.x.low = 0;
  chart.x.high = 1.7 * most;  // room for the labels
  chart.caption = fmt::format("{} of {}; each is sure at {} %.", chart.title, any.goal,
                              significant(100 * any.confidence, 4));
  return {chart};
}

Written write_plans(const std::filesystem::path& folder, const Plans& all, bool with_drawings,
                    const std::function<std::optional<Problem>(NewFolder&)>& more) {
  Effort effort;
  double wall_clock_s = 0;
  for (const PlanFiles& one : all.plans) {
    add_part(effort, one.effort);
    wall_clock_s += one.effort.wall_clock_s;
    effort.simulated_s += one.effort.simulated_s;
    effort.events += one.effort.events;
    effort.versions = one.effort.versions;
  }
  effort.wall_clock_s = wall_clock_s;
  const std::vector<Chart> charts = figures(all);
  return write_folder(folder, [&](NewFolder& fresh, Written& written) {
    for (std::size_t n = 0; n < all.plans.size() && !written.error; ++n)
      add_plan(fresh, place_of_plan(n), all.plans[n], with_drawings, written);
    if (written.error) return;
    add_files(
        fresh, {}, charts, with_drawings,
        [&](const std::filesystem::path& drawings) {
          return Contents{{"plan.json", to_json(all)},
                          {"answers.csv", answers_csv(all)},
                          {"machine.json", machine_json(effort)},
                          {"report.html", html(all, charts, drawings)}};
        },
        written);
    if (!written.error && more) written.error = more(fresh);
  });
}

}  // namespace headroom::report
