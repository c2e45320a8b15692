#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sim/base/printable.h"
#include "sim/report/numbers.h"
#include "sim/report/page.h"
#include "sim/report/paint.h"
#include "sim/report/plan.h"
#include "sim/report/sweep_answer.h"

namespace headroom::report {
namespace {

std::string shown_value(const Plan& plan, const Plan::Objective& objective, const Plan::Value& value) {
  const Readable r = readable(value.value, value.interval, unit_of(plan.catalogue, objective.metric));
  return r.value + (r.spread.empty() ? "" : " " + r.spread) + (r.unit.empty() ? "" : " " + r.unit);
}

std::string objective_text(const Plan::Objective& o) {
  return o.of.empty() ? o.text : o.text + " of " + o.of;
}

/// "worker.count = 40, 50.4 USD/h": a point, and what is made small, if that is not among its values.
std::string with_goal(const Plan& plan, const Plan::Point& point) {
  return values_text(plan.axes, point.at) + (goal_is_varied(plan) ? "" : ", " + goal_text(plan, point));
}

/// "misses latency.p99_ms <= 500 under rack/a1 gone, limited by processing: …"
std::string verdict_text(const Plan& plan, const Plan::Point& point) {
  if (point.told == Plan::Told::holds) return "holds";
  std::string text = point.told == Plan::Told::misses ? "misses " : "cannot be told: ";
  text += point.binding.objective;
  if (!point.binding.under.empty() && (!plan.survive.empty())) text += ", " + point.binding.under;
  if (!point.binding.limited_by.empty()) text += "; limited by " + point.binding.limited_by;
  return text;
}

/// For each objective the variant in which it is nearest to its bound.
struct Nearest {
  const Plan::Variant* variant = nullptr;
  const Plan::Value* value = nullptr;
};
Nearest nearest(const Plan::Point& point, std::size_t objective) {
  Nearest found;
  for (const Plan::Variant& v : point.variants) {
    if (v.objectives.size() <= objective) continue;
    const Plan::Value& value = v.objectives[objective];
    if (found.value == nullptr || value.margin < found.value->margin) found = {&v, &value};
  }
  return found;
}

struct Line {
  std::string title, text;
};

std::string time_until(double seconds) {
  constexpr double kDay = 86'400;
  if (seconds < 100 * kDay) return time_in_words(std::round(seconds / 3600) * 3600, 3);
  if (seconds < 700 * kDay) return fmt::format("{:.0f} months", seconds / (365.25 / 12 * kDay));
  return fmt::format("{:.1f} years", seconds / (365.25 * kDay));
}

/// What a choice is worth over the worlds.
template <class Add>
void add_choices(const Plan& plan, const Add& add) {
  constexpr std::size_t kMost = 8;
  const Plan::Uncertain& u = *plan.uncertain;
  const std::string unit =
      goal_is_varied(plan) ? "" : " " + readable(0.0, std::nullopt, unit_of(plan.catalogue, plan.goal)).unit;
  for (std::size_t i = 0; i < std::min(kMost, u.choices.size()); ++i) {
    const auto& one = u.choices[i];
    std::string text = fmt::format("{}: right in {} of {} worlds, fails in {}",
                                   values_text(plan.axes, one.at), one.right_in, u.worlds, one.fails_in);
    if (one.too_much && *one.too_much > 0)
      text += fmt::format(", else {}{} {} on average", significant(*one.too_much, 3), unit,
                          plan.maximize ? "too little" : "too much");
    add(i == 0 ? "choices" : "", text);
  }
  if (u.choices.size() > kMost) add("", fmt::format("and {} more, in plan.json", u.choices.size() - kMost));
  for (std::size_t i = 0; i < u.inputs.size(); ++i) add(i == 0 ? "uncertain" : "", u.inputs[i]);
  add("worlds", fmt::format("{} of {} planned, with {} replications", u.worlds, u.wanted, u.replications));
}

/// What there is to say below the answer; the same for terminal and page.
std::vector<Line> lines(const Plan& plan) {
  std::vector<Line> all;
  const auto add = [&](std::string title, std::string text) {
    if (!text.empty()) all.push_back({std::move(title), std::move(text)});
  };
  if (plan.uncertain) add_choices(plan, add);
  const auto shown = plan.answer ? plan.answer : plan.nearest;
  if (plan.uncertain)
    add("as it stands",
        shown ? values_text(plan.axes, plan.points[*shown].at) + " " + verdict_text(plan, plan.points[*shown])
              : std::string("nothing is known to hold"));
  if (shown) {
    const Plan::Point& point = plan.points[*shown];
    for (std::size_t o = 0; o < plan.objectives.size(); ++o) {
      const Nearest n = nearest(point, o);
      if (n.value == nullptr) continue;
      std::string text =
          objective_text(plan.objectives[o]) + ": " + shown_value(plan, plan.objectives[o], *n.value);
      if (!plan.survive.empty()) text += ", " + n.variant->name;
      text += n.value->margin >= 0 ? fmt::format(" ({} % to spare)", significant(100 * n.value->margin, 2))
                                   : fmt::format(" ({} % too much)", significant(-100 * n.value->margin, 2));
      if (n.value->indifferent) text += ", too near to matter";
      add(o == 0 ? "objectives" : "", text);
    }
    add("limited by",
        point.binding.limited_by +
            (plan.survive.empty() || point.binding.under.empty() ? "" : ", " + point.binding.under));
  }
  for (const Plan::Neighbour& n : plan.neighbours) {
    add(n.more ? "one more" : "one less",
        short_name(plan.axes, n.axis) + " = " + n.value + " " +
            (n.point ? verdict_text(plan, plan.points[*n.point])
                     : "misses, because one that has no less of anything does"));
  }
  if (plan.answer && plan.own) {
    const double more = plan.points[*plan.answer].objective / *plan.own - 1;
    add("headroom", fmt::format("{} % {} the scenario's own {}", significant(std::abs(100 * more), 3),
                                more >= 0 ? "above" : "below", plan.goal));
  }
  if (plan.growth)
    add("lasts", plan.growth->lasts_s <= 0 ? "not at all: the load is there already"
                                           : fmt::format("{} at {} % in {}", time_until(plan.growth->lasts_s),
                                                         significant(100 * plan.growth->per_period, 3),
                                                         time_in_words(plan.growth->period_s, 3)));
  if (!plan.undecided.empty()) {
    std::string text;
    for (const std::size_t p : plan.undecided)
      text += (text.empty() ? "" : "; ") + values_text(plan.axes, plan.points[p].at);
    add("undecided", text);
  }
  if (plan.contradiction)
    add("not monotone", values_text(plan.axes, plan.points[plan.contradiction->first].at) +
                            " holds, though " +
                            values_text(plan.axes, plan.points[plan.contradiction->second].at) +
                            " misses: nothing was ruled out without a test");
  std::size_t tested = 0;
  for (const Plan::Point& p : plan.points) tested += p.variants.empty() ? 0 : 1;
  add("tested", fmt::format("{} of {} points, {} replications of {}{}", tested, plan.candidates,
                            plan.replications(), time_in_words(plan.measured_s),
                            plan.impossible > 0 ? fmt::format("; arithmetic ruled out {}", plan.impossible)
                                                : std::string()));
  add("confidence", fmt::format("{} % over all looks at all points{}", significant(100 * plan.confidence, 4),
                                plan.uncertain ? ", in each world" : ""));
  return all;
}

std::string run_note(const Plan& plan) {
  return fmt::format("plan · seed {} · {} {}", plan.seed, plan.maximize ? "the most" : "the least",
                     plan.goal);
}

/// Every point that was tested, by what is made small.
std::vector<const Plan::Point*> by_goal(const Plan& plan) {
  std::vector<const Plan::Point*> all;
  for (const Plan::Point& p : plan.points) all.push_back(&p);
  std::stable_sort(all.begin(), all.end(),
                   [](const Plan::Point* a, const Plan::Point* b) { return a->objective < b->objective; });
  return all;
}

std::string answer_over_worlds(const Plan& plan) {
  const Plan::Uncertain& u = *plan.uncertain;
  const std::string share = significant(100 * plan.confidence, 4);
  if (!u.answer)
    return fmt::format("Nothing holds in {} % of the {} worlds{}.", share, u.worlds, with_any_gone(plan));
  const auto& choice = u.choices[*u.answer];
  Plan::Point point;
  point.at = choice.at;
  point.objective = choice.objective;
  return fmt::format("{}{} holds in {} of {} worlds{}: the {} in {} %.", with_goal(plan, point),
                     goal_is_varied(plan) ? "" : ",", choice.holds_in, u.worlds, with_any_gone(plan),
                     plan.maximize ? "most that does so" : "cheapest that does so", share);
}

}  // namespace

bool goal_is_varied(const Plan& plan) {
  return std::any_of(plan.axes.begin(), plan.axes.end(),
                     [&](const Sweep::Axis& a) { return a.label == plan.goal; });
}

std::string with_any_gone(const Plan& plan) {
  if (plan.survive.empty()) return "";
  std::string kinds;
  for (std::size_t i = 0; i < plan.survive.size(); ++i)
    kinds += (i == 0 ? "" : i + 1 == plan.survive.size() ? " or " : ", ") + plan.survive[i];
  return ", with any one " + kinds + " gone";
}

std::string answer_text(const Plan& plan) {
  const std::string gone = with_any_gone(plan);
  std::string stopped;
  if (plan.ended == Plan::Ended::budget) stopped = "The budget ended the search. ";
  if (plan.ended == Plan::Ended::interrupted) stopped = "Interrupted. ";
  if (plan.ended == Plan::Ended::failed) stopped = "The search could not go on. ";
  if (plan.uncertain) return stopped + answer_over_worlds(plan);
  if (plan.answer) {
    const Plan::Point& point = plan.points[*plan.answer];
    const std::string what = with_goal(plan, point);
    const std::string best = plan.maximize ? "the most that holds" : "the cheapest that holds";
    if (plan.status() == Plan::Status::sure) return what + ": " + best + gone + ".";
    if (plan.ended == Plan::Ended::found && plan.undecided.empty()) return what + " holds" + gone + ".";
    return stopped + what + " holds" + gone + "; whether something " +
           (plan.maximize ? "larger" : "cheaper") + " does is not decided.";
  }
  if (plan.status() == Plan::Status::unsure) return stopped + "Nothing is known to hold" + gone + " yet.";
  std::string text = "Nothing holds" + gone + ".";
  if (plan.nearest) {
    const Plan::Point& point = plan.points[*plan.nearest];
    text = "Nothing holds" + gone + ": " + values_text(plan.axes, point.at) + " " +
           verdict_text(plan, point) + ".";
  }
  return text;
}

std::string table(const Plan& plan, const std::filesystem::path& folder, bool colours) {
  const Paint paint{colours};
  std::string out = paint.bold(printable_line(plan.scenario)) + paint.faint("  " + run_note(plan)) + "\n";
  if (!plan.question.empty()) out += printable_line(plan.question) + '\n';
  const std::string answer = printable_line(answer_text(plan));
  const auto status = plan.status();
  out += (status == Plan::Status::sure   ? paint.green(answer)
          : status == Plan::Status::none ? paint.red(answer)
                                         : paint.yellow(answer)) +
         "\n\n";
  for (const Line& line : lines(plan))
    out += fmt::format("  {} {}\n", paint.faint(padded(line.title, 12, false)), printable_line(line.text));
  out += fmt::format("  {} {}\n", paint.faint(padded("results", 12, false)), printable_line(folder.string()));
  return on_terminal(out);
}

std::string html(const Plan& plan, const std::vector<Chart>& charts, const std::filesystem::path& drawings) {
  const auto status = plan.status();
  std::string out = page_begin(plan.scenario + ", plan");
  out += fmt::format("<header>\n<h1>{}</h1>\n", escaped(plan.scenario));
  if (!plan.question.empty()) out += fmt::format("<p class=\"question\">{}</p>\n", escaped(plan.question));
  out += fmt::format("<p class=\"answer {}\">{}</p>\n",
                     status == Plan::Status::sure   ? "yes"
                     : status == Plan::Status::none ? "no"
                                                    : "open",
                     escaped(answer_text(plan)));
  out += fmt::format("<p class=\"faint\">{}</p>\n</header>\n", escaped(run_note(plan)));
  out += "<table>\n";
  for (const Line& line : lines(plan))
    out += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escaped(line.title), escaped(line.text));
  out += "</table>\n<h2>Figures</h2>\n" + figures_section(charts, drawings);
  out += "<h2>Points that were tested</h2>\n<table>\n<tr>";
  for (std::size_t i = 0; i < plan.axes.size(); ++i)
    out += "<th>" + escaped(short_name(plan.axes, i)) + "</th>";
  out += "<th>" + escaped(plan.goal) + "</th><th>verdict</th><th>replications</th><th>why</th></tr>\n";
  for (const Plan::Point* point : by_goal(plan)) {
    out += "<tr>";
    for (std::size_t i = 0; i < plan.axes.size(); ++i)
      out += "<td class=\"n\">" + escaped(plan.axes[i].values[point->at[i]]) + "</td>";
    out += fmt::format(
        "<td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
        escaped(goal_text(plan, *point)), name_of(point->told), point->replications,
        escaped(point->told == Plan::Told::holds ? point->binding.objective + ", " + point->binding.under
                                                 : verdict_text(plan, *point)));
  }
  out += "</table>\n<h2>How far to trust this</h2>\n";
  out += fmt::format(
      "<p>A point holds if the interval of every objective in every state clears its bound, and misses if "
      "one lies "
      "beyond it, if it does not settle, or if arithmetic puts a resource at 100 % or more of what is alive. "
      "All "
      "looks at all points together are wrong in at most {} % of such plans. Points that have no more of "
      "anything "
      "than one that misses are ruled out untested; that this is allowed was checked at the answer's "
      "neighbours. "
      "Something that is gone is gone for the whole run: what its failure does at first is not in here "
      "(<code>headroom survive</code>).</p>\n"
      "<p>The answer is <code>scenario.yaml</code> in this folder, ready to run.</p>\n",
      significant(100 * (1 - plan.confidence), 3));
  return out + page_end();
}

}  // namespace headroom::report
