#include "sim/report/year_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "sim/base/printable.h"
#include "sim/report/numbers.h"
#include "sim/report/page.h"
#include "sim/report/paint.h"

namespace headroom::report {
namespace {

constexpr std::size_t kMostRows = 12;
constexpr std::size_t kMostBars = 16;
constexpr double kLeastShare = 1e-4;

/// "99.987 % (99.981 to 99.992)": the decimals that the distance from 100 % needs.
std::string yield_text(double low, double mean, double high) {
  const double off = std::max(1 - low, 1e-9);
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(off))), 2, 9);
  return fmt::format("{:.{}f} % ({:.{}f} to {:.{}f})", 100 * mean, decimals, 100 * low, decimals, 100 * high,
                     decimals);
}
std::string share_text(double share) {
  const double off = std::max(1 - share, 1e-9);
  return fmt::format("{:.{}f} %", 100 * share,
                     std::clamp(static_cast<int>(std::ceil(-std::log10(off))), 2, 9));
}

std::string minutes(double min) {
  return min < 120 ? significant(min, 3) + " min" : time_in_words(60 * std::round(min), 2);
}

/// What the timelines are called: years, or what they are.
std::string timeline_word(const Year& y) {
  return y.years == 1 ? "years" : "times of " + significant(y.years, 3) + " years";
}

struct Line {
  std::string title, text;
};

std::vector<Line> lines(const Year& y) {
  std::vector<Line> all;
  all.push_back({"yield", yield_text(y.yield.ci95.low, y.yield.mean, y.yield.ci95.high)});
  all.push_back(
      {"nines", fmt::format("{:.2f} ({:.2f} to {:.2f})", y.nines.mean, y.nines.ci95.low, y.nines.ci95.high)});
  all.push_back({"downtime", fmt::format("{} a year ({} to {}): in minutes with a yield below {} %{}",
                                         minutes(y.downtime_min.mean), minutes(y.downtime_min.ci95.low),
                                         minutes(y.downtime_min.ci95.high), percent(y.needed),
                                         y.needed_is_slo ? "" : ", as there is no objective for it")});
  if (y.yield_spread)
    all.push_back(
        {"spread", fmt::format("of {} {}: median {}, one in 20 is {} or worse", y.samples, timeline_word(y),
                               share_text(y.yield_spread->median), share_text(y.yield_spread->worst_of_20))});
  if (y.downtime_spread)
    all.push_back(
        {"", fmt::format("downtime: median {}, one in 20 has {} or more", minutes(y.downtime_spread->median),
                         minutes(y.downtime_spread->worst_of_20))});
  for (const auto& one : y.availability)
    all.push_back(
        {"available", fmt::format("{} of {} or more are up {} of the time", one.need, one.group,
                                  yield_text(one.share.ci95.low, one.share.mean, one.share.ci95.high))});
  return all;
}

std::string cost_text(const Year& y) {
  if (y.straight)
    return fmt::format("{} requests in {} runs, straight through: something is broken for {} % of the time",
                       significant(y.simulated, 3), y.runs, percent(1 - y.undisturbed, 3));
  return fmt::format("{} requests in {} runs stand for {} a year, {} {} of them", significant(y.simulated, 3),
                     y.runs, significant(y.requests, 3), y.samples, timeline_word(y));
}

/// What was assumed to come from so few runs to a year.
std::vector<std::string> assumptions(const Year& y) {
  if (y.straight) return {};
  std::vector<std::string> all = {
      fmt::format(
          "a state has settled {} after the change that led to it, at the latest; changes that follow "
          "each other more closely are simulated together",
          time_in_words(y.longest_settle)),
      "caches, bills and the age of things do not carry over from one failure to the next"};
  if (y.day) all.push_back("the load of a day is 24 steps, and steady within each");
  all.push_back(fmt::format("requests that are sent more than {} before a failure are not hurt by it",
                            time_in_words(y.lead_s)));
  return all;
}

std::string not_covered(const Year& y) {
  if (y.not_covered.empty()) return "";
  std::string what;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, y.not_covered.size()); ++i)
    what += (i == 0 ? "" : ", ") + y.not_covered[i].what;
  if (y.not_covered.size() > 3) what += fmt::format(" and {} more", y.not_covered.size() - 3);
  return fmt::format(
      "{} % of the time, which never settles and lasts too long to be run whole: {}; if everything "
      "failed in it, yield would be {}",
      percent(y.not_covered_share(), 3), what, share_text(y.yield.mean * (1 - y.not_covered_share())));
}

/// For a bar: of a long name its beginning and its end.
std::string bar_name(const std::string& what) {
  constexpr std::size_t kBegin = 20, kEnd = 22;
  return what.size() <= kBegin + kEnd + 3 ? what
                                          : what.substr(0, kBegin) + " … " + what.substr(what.size() - kEnd);
}

struct Row {
  std::string what, often, time, failed, share, down;
};
std::vector<Row> rows(const Year& y, std::size_t most) {
  std::vector<Row> all;
  for (const Year::Cause& one : y.causes) {
    if (all.size() == most) break;
    const bool nothing = one.per_year == 0;
    all.push_back({one.what, nothing ? "" : significant(one.per_year, 3), percent(one.time_share, 3),
                   significant(one.failed, 3), percent(one.share, 3), significant(one.downtime_min, 3)});
  }
  return all;
}
const std::vector<std::string> kHeader = {"what it comes from", "a year",     "time [%]",
                                          "requests a year",    "of all [%]", "downtime [min]"};

std::vector<std::string> cells(const Row& row) {
  return {row.what, row.often, row.time, row.failed, row.share, row.down};
}

/// Whether the objective is kept, whatever happens in the time that is not covered; nothing: that depends on
/// it, or on chance.
std::optional<bool> kept(const Year& y) {
  const double covered = 1 - y.not_covered_share();
  if (y.yield.ci95.low * covered >= y.needed) return true;
  if (y.yield.ci95.high * covered + (1 - covered) < y.needed) return false;
  return std::nullopt;
}

std::string verdict(const Year& y) {
  const double open = y.not_covered_share();
  std::string head = fmt::format("{} of requests are answered in a year", share_text(y.yield.mean));
  if (open > 0) head += fmt::format(", but for the {} % of it that are not covered", percent(open, 3));
  if (!y.needed_is_slo) return head;
  const auto sure = kept(y);
  return fmt::format("{}: {} the promised {} %{}", head, y.met() ? "keeps" : "misses", percent(y.needed),
                     sure       ? ""
                     : open > 0 ? ", which the rest decides"
                                : ", too close to be sure");
}

}  // namespace

std::string table(const Year& y, const std::filesystem::path& folder, bool colours) {
  const Paint paint{colours};
  const std::string head = printable_line(y.scenario + ": " + verdict(y));
  const auto sure = kept(y);
  std::string out = (!y.needed_is_slo ? paint.bold(head)
                     : !sure          ? paint.yellow(head)
                     : *sure          ? paint.green(head)
                                      : paint.red(head)) +
                    "\n";
  if (y.partial) out += paint.yellow("PARTIAL: stopped before it was as precise as it was to be") + "\n";
  const auto note = [&](std::string_view title, const std::string& text) {
    if (!text.empty())
      out += fmt::format("  {} {}\n", paint.faint(padded(title, 12, false)), printable_line(text));
  };
  for (const Line& line : lines(y)) note(line.title, line.text);
  out += "\n";
  if (!y.causes.empty()) {
    const std::vector<Row> shown = rows(y, kMostRows);
    std::vector<std::size_t> width;
    for (std::size_t c = 0; c < kHeader.size(); ++c) {
      width.push_back(columns(kHeader[c]));
      for (const Row& row : shown) width[c] = std::max(width[c], columns(cells(row)[c]));
    }
    const auto line = [&](const std::vector<std::string>& texts) {
      std::string text;
      for (std::size_t c = 0; c < texts.size(); ++c)
        text += "  " + padded(printable_line(texts[c]), width[c], c > 0);
      return text + "\n";
    };
    out += paint.faint(line(kHeader));
    for (const Row& row : shown) out += line(cells(row));
    if (y.causes.size() > shown.size()) out += fmt::format("  and {} more\n", y.causes.size() - shown.size());
    out += "\n";
  }
  if (const std::string text = not_covered(y); !text.empty()) note("NOT COVERED", text);
  note("simulated", cost_text(y));
  bool first = true;
  for (const std::string& assumption : assumptions(y)) {
    note(first ? "assumed" : "", assumption);
    first = false;
  }
  if (y.violated.empty()) {
    if (y.checked > 0)
      note("invariants", fmt::format("all hold ({} checks)", significant(static_cast<double>(y.checked))));
  } else {
    out += "  " + paint.red("invariants VIOLATED; do not trust these numbers") + "\n";
    for (const std::string& one : y.violated) out += "    " + printable_line(one) + "\n";
  }
  note("results", folder.string());
  return on_terminal(out);
}

std::vector<Chart> figures(const Year& y) {
  std::vector<Chart> all;
  if (!y.causes.empty()) {
    Chart chart;
    chart.file = "causes";
    chart.title = "What the failing requests of a year come from";
    chart.x.label = "share of the requests that fail in a year [%]";
    chart.x.logarithmic = true;
    chart.bars.marked = "the most expensive";
    chart.bars.others = "the others";
    double least = 100;
    for (const Year::Cause& one : y.causes) {
      if (chart.bars.list.size() == kMostBars || one.share < kLeastShare) continue;
      least = std::min(least, 100 * one.share);
      chart.bars.list.push_back({bar_name(one.what), 100 * one.share,
                                 fmt::format("{} %", percent(one.share, 2)), chart.bars.list.empty()});
    }
    if (!chart.bars.list.empty()) {
      chart.x.low = std::pow(10, std::floor(std::log10(least) - 1e-9));
      chart.x.high = 100 * std::pow(100 / *chart.x.low, 0.09);  // room for the label of a bar of 100 %
      for (double at = *chart.x.low; at <= 100.5; at *= 10)
        chart.x.ticks.push_back({at, fmt::format("{:.6g}", at)});
      chart.caption = fmt::format(
          "Of {} requests a year; each above what fails with nothing broken, which is a bar of its own.",
          significant(y.requests * (1 - y.yield.mean), 3));
      all.push_back(std::move(chart));
    }
  }
  if (y.timelines.size() >= 20) {
    Chart chart;
    chart.file = "years";
    chart.title = fmt::format("How {} differ", y.years == 1 ? "years" : "such times");
    chart.x.label =
        fmt::format("share of {} {} that are no better [%]", y.timelines.size(), timeline_word(y));
    chart.x.low = 0;
    chart.x.high = 100;
    chart.y.label = "yield [%]";
    std::vector<double> yields;
    for (const Year::Sample& one : y.timelines) yields.push_back(100 * one.yield);
    std::sort(yields.begin(), yields.end());
    Chart::Curve curve;
    curve.name = "";
    for (std::size_t i = 0; i < yields.size(); ++i) {
      curve.x.push_back(100 * (static_cast<double>(i) + 0.5) / static_cast<double>(yields.size()));
      curve.y.push_back(yields[i]);
    }
    chart.curves.push_back(std::move(curve));
    if (y.needed_is_slo)
      chart.bounds.push_back({fmt::format("promised: {} %", percent(y.needed)), 100 * y.needed});
    chart.caption =
        fmt::format("Each of {} sampled {}, the worst at the left.", y.timelines.size(), timeline_word(y));
    share_axis(chart);
    all.push_back(std::move(chart));
  }
  return all;
}

std::string html(const Year& y, const std::vector<Chart>& charts, const std::filesystem::path& figures) {
  std::string out = page_begin(y.scenario + ", a year");
  out += fmt::format("<header>\n<h1>{}</h1>\n", escaped(y.scenario));
  out += fmt::format("<p class=\"answer {}\">{}</p>\n",
                     !y.needed_is_slo || !kept(y) ? "open"
                     : *kept(y)                   ? "yes"
                                                  : "no",
                     escaped(verdict(y)));
  if (!y.question.empty()) out += fmt::format("<p>{}</p>\n", escaped(y.question));
  out += fmt::format("<p class=\"faint\">{}</p>\n</header>\n", escaped(cost_text(y)));
  out += "<table>\n";
  for (const Line& line : lines(y))
    out += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", escaped(line.title), escaped(line.text));
  out += "</table>\n<h2>Figures</h2>\n" + figures_section(charts, figures);
  if (!y.causes.empty()) {
    out += "<h2>What it comes from, the most expensive first</h2>\n<table>\n<tr>";
    for (const std::string& title : kHeader) out += "<th>" + escaped(title) + "</th>";
    out += "</tr>\n";
    for (const Row& row : rows(y, y.causes.size())) {
      out += "<tr>";
      bool first = true;
      for (const std::string& cell : cells(row)) {
        out += fmt::format("<td{}>{}</td>", first ? "" : " class=\"n\"", escaped(cell));
        first = false;
      }
      out += "</tr>\n";
    }
    out += "</table>\n";
  }
  out += "<h2>How far to trust this</h2>\n";
  if (const std::string text = not_covered(y); !text.empty())
    out += fmt::format("<p><strong>Not covered</strong>: {}.</p>\n", escaped(text));
  if (!y.straight) {
    out += "<ul>\n";
    for (const std::string& one : assumptions(y)) out += fmt::format("<li>Assumed: {}.</li>\n", escaped(one));
    out += "</ul>\n";
    out += fmt::format(
        "<p>{} % of the variance of what fails comes from the runs, the rest from the timelines. What "
        "was run, and how often, is in <code>strata.csv</code>; each timeline is in "
        "<code>timelines.csv</code>.</p>\n",
        percent(y.runs_share, 2));
  }
  if (y.violated.empty())
    out += fmt::format("<p>Invariants: all hold ({} checks).</p>\n",
                       significant(static_cast<double>(y.checked)));
  for (const std::string& one : y.violated)
    out += fmt::format("<p><strong>VIOLATED</strong>: {}</p>\n", escaped(one));
  out += fmt::format(
      "<p>The same scenario, seed and version give the same numbers: <code>headroom year "
      "scenario.yaml</code> in this folder. Fingerprint <code>{}</code>.</p>\n",
      escaped(y.fingerprint));
  return out + page_end();
}

Written write_year(const std::filesystem::path& folder, const Year& y, const std::string& scenario_yaml,
                   const Effort& effort, bool with_drawings,
                   const std::function<std::optional<Problem>(NewFolder&)>& more) {
  const std::vector<Chart> charts = figures(y);
  const auto contents = [&](const std::filesystem::path& drawings) {
    return Contents{{"year.json", to_json(y)},
                    {"timelines.csv", timelines_csv(y)},
                    {"strata.csv", strata_csv(y)},
                    {"scenario.yaml", scenario_yaml},
                    {"machine.json", machine_json(effort)},
                    {"report.html", html(y, charts, drawings)}};
  };
  return write_folder(folder, charts, with_drawings, contents, more);
}

std::optional<Problem> redraw_year(const std::filesystem::path& folder) {
  const auto loaded = load_year(folder);
  if (const auto* problem = std::get_if<Problem>(&loaded)) return *problem;
  return redraw_with(figures(std::get<Year>(loaded)), folder);
}

}  // namespace headroom::report
