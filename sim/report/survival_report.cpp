#include "sim/report/survival_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

#include "sim/base/printable.h"
#include "sim/report/numbers.h"
#include "sim/report/page.h"
#include "sim/report/paint.h"

namespace headroom::report {
namespace {

constexpr std::size_t kMostRows = 40;
constexpr std::size_t kMostBars = 30;
constexpr std::size_t kMostNames = 8;
constexpr std::size_t kLongestLoss = 40;
// Columns that are told apart.
constexpr const char* kLate = "2nd half";
constexpr const char* kHealed = "healed after";
constexpr const char* kObjectives = "objectives";

using Found = Survival::Found;
using Thing = Survival::Thing;

std::string share(const std::optional<double>& x) {
  return readable(x, std::nullopt, "share").value;
}

/// Names, a long list cut.
std::string list(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kMostNames);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

struct Verdict {
  enum class Kind { yes, no, open };
  Kind kind = Kind::open;
  std::string text;
};

/// The answer, first, and what else must be known of it.
std::vector<Verdict> verdicts(const Survival& s) {
  std::vector<std::string> smallest, larger, pairs;
  std::size_t things = 0;
  std::size_t twos = 0;
  for (const Thing& thing : s.things) {
    if (!thing.found) continue;
    ++(thing.pair() ? twos : things);
    if (!thing.fails) continue;
    const bool brief = columns(thing.falls) <= kLongestLoss && !thing.pair();
    const std::string name = thing.what + (brief ? " (" + thing.falls + ")" : "");
    if (thing.holds_smaller && !thing.pair()) larger.push_back(thing.what);
    if (!thing.holds_smaller) (thing.pair() ? pairs : smallest).push_back(name);
  }
  const std::string so_far = s.partial() ? "so far " : "";
  std::vector<Verdict> all;
  if (!smallest.empty())
    all.push_back({Verdict::Kind::no,
                   fmt::format("{}{}: {}", so_far,
                               smallest.size() == 1 ? "single point of failure" : "single points of failure",
                               list(smallest))});
  else
    all.push_back(
        {s.partial() || things == 0 ? Verdict::Kind::open : Verdict::Kind::yes,
         things == 0
             ? std::string(s.partial()
                               ? "so far nothing was broken to the end"
                               : "nothing of what was asked for takes anything with it when it breaks")
             : fmt::format("{}no single point of failure: with any one thing broken, {} {} % of "
                           "requests or more are answered once what takes over has done so",
                           so_far, s.needed_is_slo ? "the promised" : "", share(s.needed))});
  if (!larger.empty())
    all.push_back({Verdict::Kind::no, "what takes one of them along fails with it: " + list(larger)});
  if (!pairs.empty())
    all.push_back({Verdict::Kind::no, "two that fail the service only together: " + list(pairs)});
  else if (twos > 0)
    all.push_back({s.partial() ? Verdict::Kind::open : Verdict::Kind::yes,
                   so_far + "no two things fail the service that do not do so alone"});
  if (s.undisturbed && !s.undisturbed->missed.empty())
    all.push_back({Verdict::Kind::no, fmt::format("objectives are missed with nothing broken: {}",
                                                  list(s.undisturbed->missed))});
  return all;
}

std::string run_note(const Survival& s) {
  const auto classes = static_cast<std::size_t>(
      std::count_if(s.things.begin(), s.things.end(), [](const Thing& t) { return !t.pair(); }));
  std::string note =
      fmt::format("seed {} · {} {} of alike things for {} {}", s.seed, classes,
                  classes == 1 ? "class" : "classes", s.hosts, s.hosts == 1 ? "host" : "hosts");
  if (classes < s.things.size()) note += fmt::format(", {} pairs", s.things.size() - classes);
  note += fmt::format(" · one broken at {}, for {} · {} × {} measured", time_in_words(s.at_s),
                      time_in_words(s.for_s), s.replications, time_in_words(s.measured_s));
  if (s.measured_s > s.scenario_s) note += fmt::format(" (lengthened from {})", time_in_words(s.scenario_s));
  if (s.background) note += " · beside the scenario's own faults";
  if (s.partial()) note += fmt::format(" · PARTIAL: {} of {} are complete", s.complete(), s.things.size());
  return note;
}

/// How it was told what fails, in one sentence.
std::string criterion(const Survival& s) {
  return fmt::format(
      "fewer than {} % ({}) are answered in the second half of the time in which it is broken, and fewer "
      "than with nothing broken by more than chance",
      share(s.needed), s.needed_is_slo ? "the objective" : "there is no objective for yield");
}
constexpr std::string_view kAlike =
    "the same falls with these, though perhaps not in the same way; --each KIND breaks one as such";

struct Table {
  struct Cell {
    std::string text;
    bool bad = false;
  };
  std::vector<std::string> header;
  std::vector<bool> right;
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> constants;  ///< "harvest 100 %": the same in all rows
  bool kinds = false;                  ///< things of several kinds are alike
  std::size_t left_out = 0;
};

std::string healed(const Found& found) {
  if (!found.during) return "–";
  return found.heal_s ? significant(*found.heal_s, 3) : "not yet";
}

/// "misses yield, latency.p99_ms"
std::string objectives(const Found& found) {
  if (found.missed.empty()) return "met";
  std::vector<std::string> names;
  for (const std::string& objective : found.missed) names.push_back(objective.substr(0, objective.find(' ')));
  return fmt::format("misses {}", fmt::join(names, ", "));
}

Table table_of(const Survival& s, std::size_t most_rows) {
  struct Column {
    std::string title, unit;
    std::function<std::string(const Found&)> text;
    std::string everywhere{};  ///< what to call it where it is the same in all rows
  };
  const auto count = [](const std::optional<double>& x) { return readable(x, std::nullopt, "count").value; };
  const std::vector<Column> all = {
      {"yield: broken", "%", [](const Found& f) { return share(f.during); }, "yield while it is broken"},
      {kLate, "%", [](const Found& f) { return share(f.late); }, "yield in the second half of that"},
      {"window", "%", [](const Found& f) { return share(f.window); }, "yield in the window"},
      {"harvest", "%", [](const Found& f) { return share(f.harvest); }},
      {"p99", "ms", [](const Found& f) { return readable(f.p99_ms, std::nullopt, "ms").value; }},
      {kHealed, "s", healed},
      {"jobs lost", "", [&](const Found& f) { return count(f.lost_jobs); }},
      {"jobs redelivered", "", [&](const Found& f) { return count(f.doubled_jobs); }},
      {"bill off", "%", [](const Found& f) { return share(f.billing_error); }},
      {kObjectives, "", objectives},
  };
  Table table;
  std::vector<const Thing*> shown;
  for (const Thing& thing : s.things)
    if (thing.found) shown.push_back(&thing);
  if (shown.size() > most_rows) {
    table.left_out = shown.size() - most_rows;
    shown.resize(most_rows);
  }
  const Found nothing = s.undisturbed.value_or(Found{});
  const auto of_nothing = [&](const Column& column) {
    return column.title == kHealed ? std::string("–") : column.text(nothing);
  };
  std::vector<const Column*> chosen;
  for (const Column& column : all) {
    if (shown.empty()) {
      chosen.push_back(&column);
      continue;
    }
    const std::string same = column.text(*shown.front()->found);
    const bool varies = (column.title != kHealed && of_nothing(column) != same) ||
                        std::any_of(s.things.begin(), s.things.end(), [&](const Thing& thing) {
                          return thing.found && column.text(*thing.found) != same;
                        });
    if (varies)
      chosen.push_back(&column);
    else if (same != "–")
      table.constants.push_back((column.everywhere.empty() ? column.title : column.everywhere) + " " + same +
                                (column.unit.empty() ? "" : " " + column.unit));
  }
  table.header = {"what breaks"};
  table.right = {false};
  for (const Column* column : chosen) {
    table.header.push_back(column->title + (column->unit.empty() ? "" : " [" + column->unit + "]"));
    table.right.push_back(column->title != kObjectives);
  }
  table.header.insert(table.header.end(), {"stands for", "what falls"});
  table.right.insert(table.right.end(), {false, false});
  const auto row = [&](const std::string& what, bool fails, const Found& found, const std::string& stands_for,
                       const std::string& falls) {
    auto& cells = table.rows.emplace_back();
    cells.push_back({printable_line(what), fails});
    for (const Column* column : chosen) {
      const bool bad = (column->title == kObjectives && !found.missed.empty()) ||
                       (column->title == kLate && fails) ||
                       (column->title == kHealed && found.during && !found.heal_s);
      cells.push_back({printable_line(column->text(found)), bad});
    }
    cells.push_back({printable_line(stands_for), false});
    cells.push_back({printable_line(falls), false});
    table.kinds = table.kinds || stands_for.find(',') != std::string::npos;
  };
  for (const Thing* thing : shown)
    row(thing->what, thing->fails, *thing->found, thing->stands_for, thing->falls);
  if (s.undisturbed) {
    row("nothing", false, nothing, "", "");
    for (std::size_t c = 0; c < chosen.size(); ++c)
      table.rows.back()[c + 1] = {of_nothing(*chosen[c]),
                                  chosen[c]->title == kObjectives && !nothing.missed.empty()};
  }
  return table;
}

std::string checks(const Survival& s) {
  return fmt::format("all hold ({} checks)", significant(static_cast<double>(s.checked)));
}

}  // namespace

std::string table(const Survival& s, const std::filesystem::path& folder, bool colours) {
  const Paint paint{colours};
  std::string out;
  for (const Verdict& verdict : verdicts(s)) {
    const std::string line = printable_line((out.empty() ? s.scenario + ": " : "  ") + verdict.text);
    out += (verdict.kind == Verdict::Kind::yes  ? paint.green(line)
            : verdict.kind == Verdict::Kind::no ? paint.red(line)
                                                : paint.yellow(line)) +
           "\n";
  }
  out += paint.faint(run_note(s)) + "\n\n";

  const Table t = table_of(s, kMostRows);
  std::vector<std::size_t> width;
  for (std::size_t c = 0; c < t.header.size(); ++c) {
    width.push_back(columns(t.header[c]));
    for (const auto& row : t.rows) width[c] = std::max(width[c], columns(row[c].text));
  }
  const auto cell = [&](const std::string& text, std::size_t c) {
    return c + 1 == t.header.size() ? text : padded(text, width[c], t.right[c]);
  };
  std::string line;
  for (std::size_t c = 0; c < t.header.size(); ++c) line += "  " + cell(t.header[c], c);
  out += paint.faint(line) + "\n";
  for (const auto& row : t.rows) {
    for (std::size_t c = 0; c < row.size(); ++c)
      out += "  " + (row[c].bad ? paint.red(cell(row[c].text, c)) : cell(row[c].text, c));
    while (out.ends_with(' ')) out.pop_back();
    out += "\n";
  }
  if (t.left_out > 0) out += fmt::format("  and {} more, in survive.csv\n", t.left_out);
  out += "\n";

  const auto note = [&](std::string_view title, const std::string& text) {
    if (!text.empty()) out += fmt::format("  {} {}\n", paint.faint(padded(title, 12, false)), text);
  };
  note("everywhere", fmt::format("{}", fmt::join(t.constants, ", ")));
  note("failing", criterion(s));
  if (t.kinds) note("stands for", std::string(kAlike));
  if (s.violated.empty()) {
    if (s.checked > 0) note("invariants", checks(s));
  } else {
    out += "  " + paint.red("invariants VIOLATED; do not trust these numbers") + "\n";
    for (const std::string& one : s.violated) out += "    " + printable_line(one) + "\n";
  }
  if (const auto first = std::find_if(s.things.begin(), s.things.end(),
                                      [](const Thing& thing) { return thing.found.has_value(); });
      first != s.things.end())
    note("look closer",
         "headroom run " + printable_line((folder / run_folder(*first) / "scenario.yaml").string()));
  note("results", printable_line(folder.string()));
  return on_terminal(out);
}

std::vector<Chart> figures(const Survival& s) {
  Chart chart;
  chart.file = "survive";
  chart.title = "Requests that fail while one thing is broken";
  chart.x.label = "requests that fail, from its breaking until it is up again [%]";
  chart.x.logarithmic = true;
  chart.bars.marked = "the service fails for as long as it is broken";
  chart.bars.others = "it goes on, or comes back by itself";
  const auto failing = [](const std::optional<double>& yield) { return 100 * (1 - *yield); };
  const double allowed = 100 * (1 - s.needed);
  double least = 1;
  const auto include = [&](double x) { least = x > 0 ? std::min(least, x) : least; };
  include(allowed);
  std::size_t left_out = 0;
  for (const Thing& thing : s.things) {
    if (!thing.found || !thing.found->during) continue;
    if (chart.bars.list.size() == kMostBars) {
      ++left_out;
      continue;
    }
    const double lost = failing(thing.found->during);
    include(lost);
    chart.bars.list.push_back(
        {thing.what, lost, lost > 0 ? significant(lost, 2) + " %" : "none", thing.fails});
  }
  if (chart.bars.list.empty()) return {};
  if (s.needed < 1)
    chart.bounds.push_back({fmt::format("{}: {} %", s.needed_is_slo ? "allowed by the objective" : "allowed",
                                        significant(allowed, 3)),
                            allowed});
  if (s.undisturbed && s.undisturbed->during && *s.undisturbed->during < 1) {
    include(failing(s.undisturbed->during));
    chart.bounds.push_back(
        {fmt::format("nothing broken: {} %", significant(failing(s.undisturbed->during), 2)),
         failing(s.undisturbed->during)});
  }
  chart.x.low = std::pow(10, std::floor(std::log10(least) - 1e-9));
  chart.x.high = 100 * std::pow(100 / *chart.x.low, 0.09);  // room for the label of a bar of 100 %
  for (double at = *chart.x.low; at <= 100.5; at *= 10)
    chart.x.ticks.push_back({at, fmt::format("{:.6g}", at)});
  chart.caption =
      "One of each class of alike things is broken, all on the same random numbers; the worst on top.";
  if (left_out > 0) chart.caption += fmt::format(" {} that do less are left out.", left_out);
  return {chart};
}

std::string html(const Survival& s, const std::vector<Chart>& charts, const std::filesystem::path& figures) {
  std::string out = page_begin(s.scenario + ", survival");
  out += fmt::format("<header>\n<h1>{}</h1>\n", escaped(s.scenario));
  for (const Verdict& verdict : verdicts(s))
    out += fmt::format("<p class=\"answer {}\">{}</p>\n",
                       verdict.kind == Verdict::Kind::yes  ? "yes"
                       : verdict.kind == Verdict::Kind::no ? "no"
                                                           : "open",
                       escaped(verdict.text));
  out += fmt::format("<p class=\"faint\">{}</p>\n</header>\n", escaped(run_note(s)));
  out += "<h2>Figures</h2>\n" + figures_section(charts, figures);

  const Table t = table_of(s, s.things.size());
  out += "<h2>What breaks, the worst first</h2>\n<table>\n<tr>";
  for (const std::string& title : t.header) out += "<th>" + escaped(title) + "</th>";
  out += "</tr>\n";
  for (const auto& row : t.rows) {
    out += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c)
      out += fmt::format("<td{}>{}{}{}</td>", t.right[c] ? " class=\"n\"" : "", row[c].bad ? "<strong>" : "",
                         escaped(row[c].text), row[c].bad ? "</strong>" : "");
    out += "</tr>\n";
  }
  out += "</table>\n";
  if (!t.constants.empty())
    out += fmt::format("<p>The same everywhere: {}.</p>\n",
                       escaped(fmt::format("{}", fmt::join(t.constants, ", "))));
  out += fmt::format("<p>Failing: {}.</p>\n", escaped(criterion(s)));
  if (t.kinds) out += fmt::format("<p>Stands for: {}.</p>\n", escaped(kAlike));

  out += "<h2>How far to trust this</h2>\n";
  if (s.violated.empty()) out += fmt::format("<p>Invariants: {}.</p>\n", checks(s));
  for (const std::string& one : s.violated)
    out += fmt::format("<p><strong>VIOLATED</strong>: {}</p>\n", escaped(one));
  out += fmt::format(
      "<p>All runs share their random numbers. Every number is in <code>survive.csv</code>; each run is "
      "under "
      "<code>runs/</code>, with a <code>scenario.yaml</code> that <code>headroom run</code> takes.</p>\n"
      "<p>The same scenario, seed and version give the same numbers: <code>headroom survive "
      "scenario.yaml</code> in this folder. Fingerprint <code>{}</code>.</p>\n",
      escaped(s.fingerprint));
  return out + page_end();
}

}  // namespace headroom::report
