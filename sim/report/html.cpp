#include "sim/report/html.h"

#include <fmt/format.h>

#include <string_view>

#include "sim/report/answer.h"
#include "sim/report/journal_lines.h"
#include "sim/report/numbers.h"
#include "sim/report/page.h"
#include "sim/report/verdicts.h"

namespace headroom::report {
namespace {

constexpr std::size_t kJournalShown = 40;
constexpr std::size_t kLimitsShown = 12;

std::string head(const Run& run) {
  const Answer verdict = answer(run);
  const std::string_view kind = verdict.kind == Answer::Kind::yes  ? "yes"
                                : verdict.kind == Answer::Kind::no ? "no"
                                                                   : "open";
  std::string out = fmt::format("<header>\n<h1>{}</h1>\n", escaped(run.scenario));
  if (!run.question.empty()) out += fmt::format("<p class=\"question\">{}</p>\n", escaped(run.question));
  out += fmt::format("<p class=\"answer {}\">{}</p>\n", kind, escaped(verdict.text));
  out += fmt::format("<p class=\"faint\">seed {} · {} replication{} of {} measured{}</p>\n</header>\n",
                     run.seed, run.result.replications, run.result.replications == 1 ? "" : "s",
                     time_in_words(run.result.measured_s),
                     run.partial ? " · <strong>partial: the run was interrupted</strong>" : "");
  return out;
}

std::string verdict_text(const metrics::Verdict& verdict) {
  const std::string word = verdict.met ? "met" : "missed";
  return !verdict.sure ? word + " ? (cannot be told)" : verdict.met ? word : "<strong>" + word + "</strong>";
}

/// Everything that is bounded, in its worst minute.
std::string limits(const Run& run) {
  if (run.limits.empty()) return {};
  std::string out = fmt::format(
      "<h2>What is near its bound</h2>\n<p>In its worst minute each{}, relative to what was alive then.</p>\n"
      "<table>\n<tr><th></th><th>used [%]</th><th>alive</th><th>from [s]</th></tr>\n",
      run.window.length() > Duration::s(60) ? "" : " (here: the window)");
  for (std::size_t i = 0; i < run.limits.size() && i < kLimitsShown; ++i) {
    const metrics::Limit& limit = run.limits[i];
    out += fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        escaped(limit.name), significant(limit.share * 100, 3),
        limit.members > 1 ? metrics::alive_text(limit) : "", significant(limit.at_s));
  }
  return out + "</table>\n";
}

std::string objectives(const Run& run) {
  if (run.slo.empty()) return {};
  std::string out =
      "<h2>Objectives</h2>\n<table>\n<tr><th>objective</th><th>measured</th><th></th><th></th></tr>\n";
  for (const auto& verdict : run.slo) {
    const auto r = readable(verdict.value, verdict.ci95, unit_of(run.catalogue, verdict.metric));
    out += fmt::format(
        "<tr><td><code>{}</code></td><td class=\"n\">{} {}</td><td class=\"s\">{}</td><td>{}</td></tr>\n",
        escaped(verdict.objective + (verdict.of.empty() ? "" : " (" + verdict.of + ")")), escaped(r.value),
        escaped(r.unit), escaped(r.spread), verdict_text(verdict));
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
  if (const auto text = unsettled(run); !text.empty())
    out += fmt::format("<p><strong>Not settled</strong>: {}.</p>\n", escaped(text));
  if (const auto text = bottleneck(run); !text.empty())
    out += fmt::format("<p>Bottleneck: {}.</p>\n", escaped(text));
  if (const auto text = busiest_link(run); !text.empty())
    out += fmt::format("<p>Busiest link: {}.</p>\n", escaped(text));
  if (const auto text = failures(run); !text.empty())
    out += fmt::format("<p>Failed: {}.</p>\n", escaped(text));
  if (const auto text = healed(run); !text.empty()) out += fmt::format("<p>Healed: {}.</p>\n", escaped(text));
  return out;
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
        "The window of each replication is cut into 64 batches, whose spread says how far the mean strays; "
        "maxima have no interval. ";
    if (const std::string text = too_short(run); !text.empty())
      out += fmt::format("Too short for an interval of {}. ", escaped(text));
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
  std::string out = page_begin(run.scenario);
  out += head(run) + objectives(run) + key_numbers(run) + limits(run);
  out += "<h2>Figures</h2>\n" + figures_section(charts, figures);
  out += journal(run) + all_metrics(run) + checks(run);
  return out + page_end();
}

}  // namespace headroom::report
