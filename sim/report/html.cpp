#include "sim/report/html.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "sim/report/answer.h"
#include "sim/report/files.h"
#include "sim/report/journal_lines.h"
#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

constexpr std::string_view kFiguresBegin = "<!-- figures -->\n";
constexpr std::string_view kFiguresEnd = "<!-- end of figures -->\n";
constexpr std::size_t kJournalShown = 40;

constexpr std::string_view kStyle = R"(
:root { --text: #1b1f24; --faint: #5b6570; --line: #d9dee3; --paper: #ffffff; --card: #f6f8fa;
        --good: #116329; --bad: #a40e26; --open: #7a4a00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --faint: #9aa6b2; --line: #30363d; --paper: #0d1117; --card: #161b22;
          --good: #56d364; --bad: #ff7b72; --open: #e3b341; }
  figure img { filter: invert(0.93) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--text);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
p { margin: .4rem 0; }
.faint { color: var(--faint); }
.question { font-size: 1.1rem; }
.answer { margin: 1rem 0; padding: .8rem 1rem; border-left: .35rem solid; background: var(--card); font-size: 1.1rem;
          font-weight: 600; }
.yes { border-color: var(--good); color: var(--good); }
.no { border-color: var(--bad); color: var(--bad); }
.open { border-color: var(--open); color: var(--open); }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th { text-align: left; font-weight: 600; color: var(--faint); }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.s { white-space: nowrap; color: var(--faint); font-variant-numeric: tabular-nums; }
td[title], tr[title] td:first-child { text-decoration: underline dotted var(--faint); cursor: help;
                                      text-underline-offset: .2em; }
figure { margin: 1.5rem 0 2rem; }
figure img { width: 100%; height: auto; display: block; border-radius: .4rem; }
figcaption { color: var(--faint); font-size: .92rem; margin-top: .35rem; }
details { margin: .75rem 0; } summary { cursor: pointer; color: var(--faint); }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .9em; }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; } figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

std::string head(const Run& run) {
  const Answer verdict = answer(run);
  const std::string_view kind = verdict.kind == Answer::Kind::yes  ? "yes"
                                : verdict.kind == Answer::Kind::no ? "no"
                                                                   : "open";
  std::string out = fmt::format("<header>\n<h1>{}</h1>\n", escaped(run.scenario));
  if (!run.question.empty()) out += fmt::format("<p class=\"question\">{}</p>\n", escaped(run.question));
  out += fmt::format("<p class=\"answer {}\">{}</p>\n", kind, escaped(verdict.text));
  out += fmt::format("<p class=\"faint\">seed {} · {} replication{} of {} s measured{}</p>\n</header>\n",
                     run.seed, run.result.replications, run.result.replications == 1 ? "" : "s",
                     significant(run.result.measured_s),
                     run.partial ? " · <strong>partial: the run was interrupted</strong>" : "");
  return out;
}

std::string objectives(const Run& run) {
  if (run.slo.empty()) return {};
  std::string out =
      "<h2>Objectives</h2>\n<table>\n<tr><th>objective</th><th>measured</th><th></th><th></th></tr>\n";
  for (const auto& verdict : run.slo) {
    const auto* info = metrics::find(run.catalogue, verdict.metric);
    const auto r =
        readable(verdict.value, verdict.ci95, info != nullptr ? info->unit : unit_from_name(verdict.metric));
    out += fmt::format(
        "<tr><td><code>{}</code></td><td class=\"n\">{} {}</td><td class=\"s\">{}</td><td>{}</td></tr>\n",
        escaped(verdict.objective + (verdict.of.empty() ? "" : " (" + verdict.of + ")")), escaped(r.value),
        escaped(r.unit), escaped(r.spread), verdict.met ? "met" : "<strong>missed</strong>");
  }
  return out + "</table>\n";
}

std::string rows(const std::vector<Line>& lines) {
  std::string out = "<table>\n<tr><th>metric</th><th></th><th>95 % interval</th><th>unit</th></tr>\n";
  for (const Line& l : lines) {
    const std::string hint = l.definition.empty() ? "" : fmt::format(" title=\"{}\"", escaped(l.definition));
    out += fmt::format("<tr{}><td>{}</td><td class=\"n\">{}</td><td class=\"s\">{}</td><td>{}</td></tr>\n",
                       hint, escaped(l.name), escaped(l.value), escaped(l.spread), escaped(l.unit));
  }
  return out + "</table>\n";
}

std::string key_numbers(const Run& run) {
  std::string out = "<h2>Key numbers</h2>\n" + rows(key_metrics(run));
  if (const auto text = bottleneck(run); !text.empty())
    out += fmt::format("<p>Bottleneck: {}.</p>\n", escaped(text));
  if (const auto text = failures(run); !text.empty())
    out += fmt::format("<p>Failed: {}.</p>\n", escaped(text));
  return out;
}

std::string figures_section(const std::vector<Chart>& charts, const std::filesystem::path& folder) {
  std::string out;
  for (const Chart& chart : charts) {
    const auto svg = read_file(folder / (chart.file + ".svg"));
    if (!std::holds_alternative<std::string>(svg)) continue;
    out += fmt::format(
        "<figure>\n<img alt=\"{0}\" "
        "src=\"data:image/svg+xml;base64,{1}\">\n<figcaption>{2}</figcaption>\n</figure>\n",
        escaped(chart.title), base64(std::get<std::string>(svg)), escaped(chart.caption));
  }
  if (out.empty())
    out = "<p class=\"faint\">No figures were drawn; <code>headroom plot</code> draws them.</p>\n";
  return std::string(kFiguresBegin) + out + std::string(kFiguresEnd);
}

std::string all_metrics(const Run& run) {
  std::vector<Line> lines;
  for (const auto& metric : run.result.metrics) lines.push_back(line(run, metric));
  return fmt::format(
             "<h2>All metrics</h2>\n<details><summary>{} metrics; hover over a name for its "
             "definition</summary>\n",
             lines.size()) +
         rows(lines) + "</details>\n";
}

std::string journal(const Run& run) {
  const auto& events = run.result.journal;
  if (events.empty()) return {};
  std::string out = "<h2>What happened</h2>\n<table>\n<tr><th>time</th>";
  const bool several = run.result.replications > 1;
  if (several) out += "<th>replication</th>";
  out += "<th>event</th><th>of</th><th></th></tr>\n";
  for (std::size_t i = 0; i < events.size() && i < kJournalShown; ++i) {
    const auto& [replication, event] = events[i];
    out += fmt::format("<tr><td class=\"n\">{:.3f} s</td>", event.at.since_start().seconds());
    if (several) out += fmt::format("<td>{}</td>", replication);
    out += fmt::format("<td>{}</td><td>{}</td><td>{}</td></tr>\n", escaped(event.kind),
                       escaped(event.subject), escaped(details_text(event)));
  }
  out += "</table>\n";
  if (events.size() > kJournalShown) {
    out += fmt::format("<p class=\"faint\">{} more in <code>journal.jsonl</code>.</p>\n",
                       events.size() - kJournalShown);
  }
  return out;
}

std::string checks(const Run& run) {
  std::string out = "<h2>How far to trust this</h2>\n";
  if (!run.result.invariants.empty()) {
    out += "<table>\n<tr><th>invariant</th><th>checked</th><th></th></tr>\n";
    for (const auto& i : run.result.invariants) {
      out += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n", escaped(i.name),
                         significant(static_cast<double>(i.checked)),
                         i.holds ? "holds" : "<strong>VIOLATED</strong>: " + escaped(i.detail));
    }
    out += "</table>\n";
  }
  out += fmt::format("<p>{}. ", escaped(interval_note(run)));
  if (run.result.intervals == metrics::IntervalSource::batch_means) {
    out +=
        "The window is cut into 64 batches; neighbours are merged until they no longer correlate. "
        "Maxima have no interval. ";
  }
  out +=
      "Percentiles come from histograms with a relative error of at most 0.5 %. Averages are over what was "
      "sent in the "
      "measured window; time series also show warm-up and drain.</p>\n";
  out += fmt::format(
      "<p>The same scenario, seed and version give the same numbers: <code>headroom run scenario.yaml</code> "
      "in this "
      "folder. Fingerprint <code>{}</code>.</p>\n",
      escaped(run.fingerprint));
  return out;
}

}  // namespace

std::string html(const Run& run, const std::vector<Chart>& charts, const std::filesystem::path& figures) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
      "dark\">\n"
      "<title>{} – headroom</title>\n<style>{}</style>\n</head>\n<body>\n",
      escaped(run.scenario), kStyle);
  out += head(run) + objectives(run) + key_numbers(run);
  out += "<h2>Figures</h2>\n" + figures_section(charts, figures);
  out += journal(run) + all_metrics(run) + checks(run);
  return out + "</body>\n</html>\n";
}

std::optional<std::string> with_figures(const std::string& page, const std::vector<Chart>& charts,
                                        const std::filesystem::path& figures) {
  const std::size_t begin = page.find(kFiguresBegin);
  const std::size_t end = page.find(kFiguresEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return std::nullopt;
  return page.substr(0, begin) + figures_section(charts, figures) + page.substr(end + kFiguresEnd.size());
}

}  // namespace headroom::report
