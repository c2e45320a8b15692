#include "sim/report/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/base/printable.h"
#include "sim/report/numbers.h"
#include "sim/report/page.h"
#include "sim/report/paint.h"
#include "sim/report/sweep_answer.h"
#include "sim/report/verdicts.h"

namespace headroom::report {
namespace {

constexpr std::size_t kMostRows = 40;
constexpr std::string_view kUnsettled =
    "what is met in the window may not stay so, because something still grows";

/// The table of points, for terminal and page alike.
struct Table {
  struct Cell {
    std::string text;
    bool missed = false;
  };
  std::vector<std::string> header;
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> constants;  ///< "harvest 100 %": the same at all points
  bool unsure = false;                 ///< some verdict has a question mark
  bool unsettled = false;              ///< some point has not settled
  std::size_t left_out = 0;
};

struct Shown {
  std::string metric, title;
};

/// What the objectives speak of, then what one always wants to know.
std::vector<Shown> shown_metrics(const Sweep& sweep) {
  std::vector<Shown> shown;
  const auto add = [&](const std::string& metric, const std::string& title) {
    const bool there = std::any_of(sweep.points.begin(), sweep.points.end(), [&](const Sweep::Point& p) {
      return p.summary && p.summary->metrics.contains(metric);
    });
    const bool known =
        std::any_of(shown.begin(), shown.end(), [&](const Shown& s) { return s.title == title; });
    if (there && !known) shown.push_back({metric, title});
  };
  for (const auto& point : sweep.points)
    if (point.summary)
      for (const Judged& verdict : judged(*point.summary))
        add(verdict.metric, verdict.metric.starts_with("only.") ? verdict.metric.substr(5) : verdict.metric);
  for (const char* metric :
       {"yield", "harvest", "latency.p99_ms", "processing.utilization", "cost.usd_per_hour"})
    add(metric, metric);
  return shown;
}

std::string number(const Sweep& sweep, const Summary& summary, const std::string& metric) {
  const auto found = summary.metrics.find(metric);
  if (found == summary.metrics.end()) return "–";
  const Readable r = readable(found->second.mean, found->second.ci95, unit_of(sweep.catalogue, metric));
  const bool exact = r.spread.empty() || r.spread == "± 0";
  return exact ? r.value : r.value + " " + r.spread;
}

Table table_of(const Sweep& sweep, std::size_t most_rows) {
  Table table;
  const View view = view_of(sweep);
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) table.header.push_back(short_name(sweep.axes, i));
  std::vector<Shown> shown = shown_metrics(sweep);
  bool objectives = false;
  for (const auto& point : sweep.points)
    objectives = objectives || (point.summary && !point.summary->slo.empty());

  // In the order of the series, so that a column can be read from top to bottom.
  std::vector<std::size_t> order;
  for (const Series& series : view.series)
    order.insert(order.end(), series.points.begin(), series.points.end());
  if (order.size() > most_rows) {
    table.left_out = order.size() - most_rows;
    order.resize(most_rows);
  }
  std::erase_if(shown, [&](const Shown& s) {
    const auto unit = readable(0.0, std::nullopt, unit_of(sweep.catalogue, s.metric)).unit;
    if (order.size() < 2) return false;
    const std::string first = number(sweep, *sweep.points[order.front()].summary, s.metric);
    for (const auto& point : sweep.points)
      if (point.summary && number(sweep, *point.summary, s.metric) != first) return false;
    table.constants.push_back(s.title + " " + first + (unit.empty() ? "" : " " + unit));
    return true;
  });
  for (const Shown& s : shown) {
    const auto unit = readable(0.0, std::nullopt, unit_of(sweep.catalogue, s.metric)).unit;
    table.header.push_back(s.title +
                           (unit.empty() || s.title.ends_with("_" + unit) ? "" : " [" + unit + "]"));
  }
  const auto limited = [&](std::size_t n) {
    const auto& limit = sweep.points[n].summary->bottleneck;
    return limit ? limit_text(*limit) : std::string("–");
  };
  bool limits = std::any_of(order.begin(), order.end(),
                            [&](std::size_t n) { return sweep.points[n].summary->bottleneck.has_value(); });
  const bool same = order.size() > 1 && std::all_of(order.begin(), order.end(), [&](std::size_t n) {
                      return limited(n) == limited(order.front());
                    });
  if (limits && same && table.left_out == 0) {
    table.constants.push_back("limited by " + printable_line(limited(order.front())));
    limits = false;
  }
  if (limits) table.header.emplace_back("limited by");
  if (objectives) table.header.emplace_back("objectives");

  for (const std::size_t n : order) {
    const Summary& summary = *sweep.points[n].summary;
    const auto verdicts = judged(summary);
    auto& row = table.rows.emplace_back();
    for (std::size_t i = 0; i < sweep.axes.size(); ++i)
      row.push_back({printable_line(sweep.value(sweep.points[n], i)), false});
    for (const Shown& s : shown) {
      const bool missed = std::any_of(verdicts.begin(), verdicts.end(),
                                      [&](const Judged& j) { return j.metric == s.metric && !j.met; });
      row.push_back({number(sweep, summary, s.metric), missed});
    }
    if (limits) row.push_back({printable_line(limited(n)), false});
    if (!objectives) continue;
    const Met all = met_at(summary);
    const bool unsettled = !all.settled && (!all.sure || all.met);
    const std::string word = std::string(all.met ? "met" : "missed") + (all.sure ? "" : " ?");
    row.push_back({unsettled ? "not settled" : word, !all.holds()});
    table.unsure = table.unsure || (!all.sure && !unsettled);
    table.unsettled = table.unsettled || unsettled;
  }
  return table;
}

std::string run_note(const Sweep& sweep) {
  std::string note = fmt::format("seed {} · {} points · {} × {} measured at each", sweep.seed,
                                 sweep.points.size(), sweep.replications, time_in_words(sweep.measured_s));
  if (sweep.partial()) note += fmt::format(" · PARTIAL: {} points are complete", sweep.complete());
  return note;
}

struct Checks {
  std::int64_t checked = 0;
  std::vector<std::string> violated;
};
Checks checks(const Sweep& sweep) {
  Checks all;
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    if (!sweep.points[n].summary) continue;
    for (const auto& invariant : sweep.points[n].summary->invariants) {
      all.checked += invariant.checked;
      if (!invariant.holds)
        all.violated.push_back(
            fmt::format("{}: {}: {}", run_folder(sweep, n), invariant.name, invariant.detail));
    }
  }
  return all;
}

std::string intervals(const Sweep& sweep) {
  const bool batches = std::any_of(sweep.points.begin(), sweep.points.end(), [](const Sweep::Point& p) {
    return p.summary && p.summary->interval == metrics::IntervalSource::batch_means;
  });
  return (batches ? fmt::format("95 %, from the batches of {} replication{}", sweep.replications,
                                sweep.replications == 1 ? "" : "s")
                  : fmt::format("95 %, Student-t over {} replications", sweep.replications)) +
         "; all points share their random numbers";
}

}  // namespace

std::string table(const Sweep& sweep, const std::filesystem::path& folder, bool colours) {
  const Paint paint{colours};
  std::string out = paint.bold(printable_line(sweep.scenario)) + paint.faint("  " + run_note(sweep)) + "\n";
  if (!sweep.question.empty()) out += printable_line(sweep.question) + '\n';
  const SweepAnswer verdict = answer(sweep);
  const auto painted = [&](SweepAnswer::Kind kind, const std::string& text) {
    const std::string line = printable_line(text);
    return kind == SweepAnswer::Kind::yes  ? paint.green(line)
           : kind == SweepAnswer::Kind::no ? paint.red(line)
                                           : paint.yellow(line);
  };
  out += painted(verdict.kind, verdict.text) + "\n";
  for (const auto& line : verdict.lines) out += "  " + painted(line.kind, line.text) + "\n";
  if (const std::string price = cheapest(sweep); !price.empty()) out += printable_line(price) + "\n";
  out += "\n";

  const Table t = table_of(sweep, kMostRows);
  std::vector<std::size_t> width;
  for (std::size_t c = 0; c < t.header.size(); ++c) {
    width.push_back(columns(t.header[c]));
    for (const auto& row : t.rows) width[c] = std::max(width[c], columns(row[c].text));
  }
  const bool verdicts = !t.header.empty() && t.header.back() == "objectives";
  const auto right = [&](std::size_t c) { return !verdicts || c + 1 < t.header.size(); };
  std::string line;
  for (std::size_t c = 0; c < t.header.size(); ++c) line += "  " + padded(t.header[c], width[c], right(c));
  out += paint.faint(line) + "\n";
  for (const auto& row : t.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string cell = right(c) ? padded(row[c].text, width[c], true) : row[c].text;
      const bool good = !right(c) && !row[c].missed;
      out += "  " + (row[c].missed ? paint.red(cell) : good ? paint.green(cell) : cell);
    }
    out += "\n";
  }
  if (t.left_out > 0) out += fmt::format("  and {} more points, in points.csv\n", t.left_out);
  out += "\n";

  const auto note = [&](std::string_view title, const std::string& text) {
    if (!text.empty()) out += fmt::format("  {} {}\n", paint.faint(padded(title, 12, false)), text);
  };
  note("everywhere", fmt::format("{}", fmt::join(t.constants, ", ")));
  if (t.unsure) note("?", "the objective lies within the interval: more replications would tell");
  if (t.unsettled) note("not settled", std::string(kUnsettled) + ": a longer run would tell");
  const Checks held = checks(sweep);
  if (held.violated.empty()) {
    if (held.checked > 0)
      note("invariants", fmt::format("all hold ({} checks)", significant(static_cast<double>(held.checked))));
  } else {
    out += "  " + paint.red("invariants VIOLATED; do not trust these numbers") + "\n";
    for (const std::string& one : held.violated) out += "    " + printable_line(one) + "\n";
  }
  note("intervals", intervals(sweep));
  note("results", printable_line(folder.string()));
  return on_terminal(out);
}

std::string html(const Sweep& sweep, const std::vector<Chart>& charts, const std::filesystem::path& figures) {
  const SweepAnswer verdict = answer(sweep);
  const auto name_of = [](SweepAnswer::Kind kind) {
    return kind == SweepAnswer::Kind::yes ? "yes" : kind == SweepAnswer::Kind::no ? "no" : "open";
  };
  std::string out = page_begin(sweep.scenario + ", sweep");
  out += fmt::format("<header>\n<h1>{}</h1>\n", escaped(sweep.scenario));
  if (!sweep.question.empty()) out += fmt::format("<p class=\"question\">{}</p>\n", escaped(sweep.question));
  out += fmt::format("<p class=\"answer {}\">{}</p>\n", name_of(verdict.kind), escaped(verdict.text));
  for (const auto& line : verdict.lines)
    out += fmt::format("<p class=\"answer {}\">{}</p>\n", name_of(line.kind), escaped(line.text));
  if (const std::string price = cheapest(sweep); !price.empty())
    out += fmt::format("<p>{}</p>\n", escaped(price));
  out += fmt::format("<p class=\"faint\">{}</p>\n</header>\n", escaped(run_note(sweep)));
  out += "<h2>Figures</h2>\n" + figures_section(charts, figures);

  const Table t = table_of(sweep, sweep.points.size());
  out += "<h2>Points</h2>\n<table>\n<tr>";
  for (const std::string& title : t.header) out += "<th>" + escaped(title) + "</th>";
  out += "</tr>\n";
  for (const auto& row : t.rows) {
    out += "<tr>";
    for (const auto& cell : row)
      out += fmt::format("<td class=\"n\">{0}{1}{2}</td>", cell.missed ? "<strong>" : "", escaped(cell.text),
                         cell.missed ? "</strong>" : "");
    out += "</tr>\n";
  }
  out += "</table>\n";
  if (!t.constants.empty())
    out += fmt::format("<p>The same at every point: {}.</p>\n",
                       escaped(fmt::format("{}", fmt::join(t.constants, ", "))));
  if (t.unsettled) out += fmt::format("<p>not settled: {}; a longer run would tell.</p>\n", kUnsettled);
  if (t.unsure) out += "<p>?: the objective lies within the interval; more replications would tell.</p>\n";

  out += "<h2>How far to trust this</h2>\n";
  const Checks held = checks(sweep);
  if (held.violated.empty())
    out += fmt::format("<p>All invariants hold at every point ({} checks).</p>\n",
                       significant(static_cast<double>(held.checked)));
  for (const std::string& one : held.violated)
    out += fmt::format("<p><strong>VIOLATED</strong>: {}</p>\n", escaped(one));
  out += fmt::format(
      "<p>Intervals: {}. Every metric of every point is in <code>points.csv</code>; what each replication "
      "found is "
      "under <code>runs/</code>.</p>\n"
      "<p>The same scenario, seed and version give the same numbers: <code>headroom sweep "
      "scenario.yaml</code> in "
      "this folder. Fingerprint <code>{}</code>.</p>\n",
      escaped(intervals(sweep)), escaped(sweep.fingerprint));
  return out + page_end();
}

}  // namespace headroom::report
