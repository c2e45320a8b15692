#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/printable.h"
#include "sim/report/answer.h"
#include "sim/report/comparison.h"
#include "sim/report/numbers.h"
#include "sim/report/paint.h"
#include "sim/report/verdicts.h"

namespace headroom::report {
namespace {

using Verdict = Comparison::Verdict;
using Catalogue = std::span<const metrics::MetricInfo>;

constexpr std::size_t kMostOthers = 15;
constexpr std::size_t kMostNames = 8;

/// "the same within 0.4 %" (of A), of shares in percentage points
std::string within(const Comparison::Row& row, std::string_view unit) {
  if (row.identical) return "the same";
  if (unit == "share" || !row.a || *row.a == 0)
    return fmt::format("the same within {}", unit == "share" ? significant(row.within * 100, 2) + " points"
                                                             : significant(row.within, 2));
  return fmt::format("the same within {} %", significant(row.within / std::abs(*row.a) * 100, 2));
}

std::string word(const Comparison::Row& row, std::string_view unit) {
  constexpr double kMany = 1000;
  switch (row.verdict) {
    case Verdict::better:
      return "different: better";
    case Verdict::worse:
      return "different: worse";
    case Verdict::different:
      if (!row.of_others) return "different";
      return *row.difference.mean < 0 ? "different, but fewer were answered"
                                      : "different, but more were answered";
    case Verdict::same:
      return within(row, unit);
    case Verdict::cannot_tell:
      if (row.replications == 0) return "cannot tell";
      return row.replications > kMany
                 ? "cannot tell (more than 1,000 replications would)"
                 : fmt::format("cannot tell (about {} replications would)", significant(row.replications, 2));
    case Verdict::none:
      break;
  }
  return row.difference.mean ? "cannot tell: no interval" : "not observed";
}

std::string painted(const Paint& paint, const Comparison::Row& row, const std::string& text) {
  if (row.verdict == Verdict::better) return paint.green(text);
  if (row.verdict == Verdict::worse) return paint.red(text);
  if (row.verdict == Verdict::cannot_tell || row.of_others) return paint.yellow(text);
  return text;
}

/// "+1.80 ± 0.12"
std::string change(const Comparison::Row& row, std::string_view unit) {
  if (!row.difference.mean) return "–";
  if (row.identical) return "0";
  Readable r = readable(row.difference.mean, row.difference.ci95, unit);
  if (row.difference.ci95 && r.value.find_first_of("123456789") == std::string::npos &&
      *row.difference.mean != 0) {
    const double scale = unit == "share" ? 100 : 1;  // too small for ordinary decimals
    r.value = significant(*row.difference.mean * scale, 2);
    r.spread = "± " + significant((row.difference.ci95->high - row.difference.ci95->low) / 2 * scale, 2);
  }
  const bool exact = r.spread.empty() || r.spread == "± 0";
  return (*row.difference.mean > 0 ? "+" : "") + r.value + (exact ? "" : " " + r.spread);
}

std::string unit_text(std::string_view unit) {
  return unit == "share" ? "%" : unit == "count" ? "" : std::string(unit);
}

/// "a, b, c and 12 more"
std::string some(const std::vector<std::string>& names, std::string_view between = ", ") {
  const std::size_t shown = std::min(names.size(), kMostNames);
  std::string text = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), between));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return printable_line(text);
}

/// The metrics that the objectives speak of, yield and harvest (`promised` of them), then those that matter
/// most.
std::vector<std::string> first_metrics(const Summary& a, const Summary& b, std::size_t& promised) {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  };
  for (const Summary* side : {&a, &b})
    for (const Judged& verdict : judged(*side)) add(verdict.metric);
  add("yield");
  add("harvest");
  promised = names.size();
  for (const auto name : key_metric_names()) add(std::string(name));
  return names;
}

/// Rows as text, with the widths of the columns.
class Lines {
 public:
  void add(const Comparison::Row& row, std::string_view unit) {
    const auto number = [&](const std::optional<double>& x) { return readable(x, std::nullopt, unit).value; };
    add({row.metric, number(row.a), number(row.b), change(row, unit), unit_text(unit), word(row, unit)}, row);
  }
  void add(std::vector<std::string> cells, std::optional<Comparison::Row> row = std::nullopt) {
    width_.resize(std::max(width_.size(), cells.size()));
    for (std::size_t c = 0; c < cells.size(); ++c) width_[c] = std::max(width_[c], columns(cells[c]));
    lines_.emplace_back(std::move(cells), std::move(row));
  }
  std::string text(const Paint& paint) const {
    std::string out;
    for (const auto& [cells, row] : lines_) {
      std::string line;
      for (std::size_t c = 0; c + 1 < cells.size(); ++c)
        line += "  " + padded(cells[c], width_[c], c >= 1 && c <= 3);
      out +=
          !row ? paint.faint(line + "  " + cells.back()) : line + "  " + painted(paint, *row, cells.back());
      out += "\n";
    }
    return out;
  }

 private:
  std::vector<std::pair<std::vector<std::string>, std::optional<Comparison::Row>>> lines_;
  std::vector<std::size_t> width_;
};

std::string how(const Comparison& comparison) {
  switch (comparison.method) {
    case Comparison::Method::pairs:
      return fmt::format(
          "95 % of the difference, Student-t over {} pairs: one seed, so replications share their "
          "random numbers",
          comparison.samples_a);
    case Comparison::Method::samples:
      return fmt::format("95 % of the difference, Welch's t over {} and {} independent replications",
                         comparison.samples_a, comparison.samples_b);
    case Comparison::Method::intervals:
      break;
  }
  return "95 % of the difference, roughly: from the two intervals, as if independent; --replications 5 on "
         "both sides "
         "tells more";
}

std::string note(const Paint& paint, std::string_view title, const std::string& text) {
  return text.empty() ? "" : fmt::format("  {} {}\n", paint.faint(padded(title, 11, false)), text);
}

std::string verdict_note(const Judgement& judged) {
  std::string text;
  if (judged.headline == 1) text = "of the headline metric with 95 % confidence";
  if (judged.headline > 1)
    text = fmt::format(
        "of the {} headline metrics (objectives, yield, harvest, p99, cost) all together with 95 % "
        "confidence "
        "(Holm)",
        judged.headline);
  if (judged.others > 0)
    text += fmt::format("{}of {} others one by one: about {} would differ by chance",
                        text.empty() ? "" : "; ", judged.others,
                        significant(std::max(1.0, std::round(0.05 * static_cast<double>(judged.others)))));
  return text;
}

std::string side(const Paint& paint, char name, const Side& s) {
  return fmt::format(
      "{}  {}  {}\n", paint.bold(std::string(1, name)), printable_line(s.label),
      paint.faint(fmt::format("{} · seed {} · {} × {}{}", printable_line(s.summary.scenario), s.summary.seed,
                              s.summary.replications, time_in_words(s.summary.measured_s),
                              s.summary.partial ? " · PARTIAL" : "")));
}

/// Objectives that one side meets and the other does not.
std::string objectives(const Side& a, const Side& b) {
  std::string out;
  for (const auto& of_a : a.summary.slo)
    for (const auto& of_b : b.summary.slo)
      if (of_a.objective == of_b.objective && of_a.of == of_b.of && of_a.met != of_b.met)
        out += fmt::format("objective {}{}: met by {}, missed by {}{}\n", of_a.objective,
                           of_a.of.empty() ? "" : " (" + of_a.of + ")", of_a.met ? "A" : "B",
                           of_a.met ? "B" : "A",
                           of_a.sure.value_or(true) && of_b.sure.value_or(true)
                               ? ""
                               : ", by the means: for one of them it cannot be told");
  return out;
}

std::string unsettled(const Side& a, const Side& b) {
  const bool of_a = !a.summary.settled.value_or(true);
  const bool of_b = !b.summary.settled.value_or(true);
  if (!of_a && !of_b) return {};
  return fmt::format(
      "{} not settled: something still grows at the end of the window, and a longer run would show other "
      "numbers\n",
      of_a && of_b ? "A and B have"
      : of_a       ? "A has"
                   : "B has");
}

/// "A: processing, 78 % busy; B: api: 2 of 3 servers, 100 % busy"; once, if it is the same.
std::string limits(const Side& a, const Side& b) {
  const auto text = [](const Side& s) {
    return s.summary.bottleneck ? printable_line(limit_text(*s.summary.bottleneck)) : std::string();
  };
  if (text(a).empty() && text(b).empty()) return {};
  if (text(a) == text(b)) return "both: " + text(a);
  return fmt::format("A: {}; B: {}", text(a).empty() ? "unknown" : text(a),
                     text(b).empty() ? "unknown" : text(b));
}

}  // namespace

std::string table(const Side& a, const Side& b, const Comparison& comparison, const Judgement& judged,
                  Catalogue catalogue, bool all, bool colours) {
  const Paint paint{colours};
  std::string out = side(paint, 'A', a) + side(paint, 'B', b) + objectives(a, b) + unsettled(a, b) + "\n";
  std::map<std::string_view, const Comparison::Row*> rows;
  for (const auto& row : comparison.rows) rows[row.metric] = &row;

  Lines lines;
  lines.add({"", "A", "B", "B − A", "", "B is"});
  std::set<std::string_view> shown;
  std::size_t promised = 0;
  for (const std::string& name : first_metrics(a.summary, b.summary, promised)) {
    const auto found = rows.find(name);
    if (found == rows.end() || (!found->second->a && !found->second->b)) continue;
    // What did not change is no news, but for what was promised.
    if (!all && found->second->identical && shown.size() >= promised) continue;
    lines.add(*found->second, unit_of(catalogue, name));
    shown.insert(found->first);
  }
  std::size_t same = 0, alike = 0, open = 0, none = 0, others = 0, left_out = 0;
  for (const auto& [name, row] : rows) {
    if (shown.contains(name)) continue;
    const bool differs = row->verdict == Verdict::better || row->verdict == Verdict::worse ||
                         row->verdict == Verdict::different;
    if (all || (differs && others < kMostOthers)) {
      lines.add(*row, unit_of(catalogue, name));
      others += differs ? 1 : 0;
    } else if (differs) {
      ++left_out;
    } else if (row->identical) {
      ++same;
    } else {
      ++(row->verdict == Verdict::same ? alike : row->verdict == Verdict::cannot_tell ? open : none);
    }
  }
  out += lines.text(paint) + "\n";
  out += note(paint, "limited by", limits(a, b));
  std::vector<std::string> rest;
  const auto count = [&](std::size_t n, const char* what) {
    if (n > 0) rest.push_back(fmt::format("{} {}", n, what));
  };
  count(left_out, "differ");
  count(open, "cannot be told");
  count(alike, "are the same within a little");
  count(same, "are the same");
  count(none, "have no interval");
  if (!rest.empty())
    out += note(paint, "others", fmt::format("{} (--all shows them)", fmt::join(rest, ", ")));
  out += note(paint, "only in A", some(comparison.only_a));
  out += note(paint, "only in B", some(comparison.only_b));
  out += note(paint, "intervals", how(comparison));
  out += note(paint, "verdicts", verdict_note(judged));
  return on_terminal(out);
}

std::string table(const std::filesystem::path& a, const std::filesystem::path& b, const SweepComparison& all,
                  Catalogue catalogue, bool colours) {
  const Paint paint{colours};
  std::string out = fmt::format("{}  {}\n{}  {}\n\n", paint.bold("A"), printable_line(a.string()),
                                paint.bold("B"), printable_line(b.string()));
  std::vector<std::string> same;
  for (const std::string& metric : all.metrics) {
    Lines lines;
    bool any = false, there = false;
    lines.add({metric, "A", "B", "B − A", "", "B is"});
    for (const auto& point : all.points)
      for (const auto& row : point.comparison.rows) {
        if (row.metric != metric || (!row.a && !row.b)) continue;
        there = true;
        any = any || !row.identical;
        Comparison::Row named = row;
        named.metric = printable_line(point.name);
        lines.add(named, unit_of(catalogue, metric));
      }
    if (any) out += lines.text(paint) + "\n";
    if (there && !any) same.push_back(metric);
  }
  out += note(paint, "the same", fmt::format("{}", fmt::join(same, ", ")));
  out +=
      note(paint, "hold in A", all.holds_in_a.empty() ? "" : "and not in B: " + some(all.holds_in_a, "; "));
  out +=
      note(paint, "hold in B", all.holds_in_b.empty() ? "" : "and not in A: " + some(all.holds_in_b, "; "));
  out += note(paint, "only in A", some(all.only_a, "; "));
  out += note(paint, "only in B", some(all.only_b, "; "));
  if (!all.points.empty()) out += note(paint, "intervals", how(all.points.front().comparison));
  out += note(paint, "verdicts", verdict_note(all.judged));
  return on_terminal(out);
}

}  // namespace headroom::report
