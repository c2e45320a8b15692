#include "sim/report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "sim/base/printable.h"
#include "sim/report/answer.h"
#include "sim/report/numbers.h"
#include "sim/report/paint.h"
#include "sim/report/verdicts.h"

namespace headroom::report {
namespace {

std::string invariants(const Run& run, const Paint& paint) {
  std::int64_t checked = 0;
  std::string violated;
  for (const auto& invariant : run.result.invariants) {
    checked += invariant.checked;
    if (!invariant.holds)
      violated += fmt::format("\n  {}: {}", invariant.name, printable_line(invariant.detail));
  }
  if (!violated.empty())
    return paint.red("invariants VIOLATED; do not trust these numbers") + violated + "\n";
  return fmt::format("{} of {} hold ({} checks)\n", run.result.invariants.size(),
                     run.result.invariants.size(), significant(static_cast<double>(checked)));
}

}  // namespace

std::string table(const Run& run, const std::filesystem::path& folder, bool colours) {
  const Paint paint{colours};
  std::string out = paint.bold(printable_line(run.scenario));
  out += paint.faint(fmt::format("  seed {} · {} × {} measured{}\n", run.seed, run.result.replications,
                                 time_in_words(run.result.measured_s),
                                 run.partial ? " · PARTIAL: interrupted" : ""));
  if (!run.question.empty()) out += printable_line(run.question) + '\n';
  const Answer verdict = answer(run);
  out += (verdict.kind == Answer::Kind::yes  ? paint.green(verdict.text)
          : verdict.kind == Answer::Kind::no ? paint.red(verdict.text)
                                             : paint.yellow(verdict.text)) +
         "\n\n";

  const std::vector<Line> lines = key_metrics(run);
  std::size_t name = 0, value = 0, spread = 0;
  for (const Line& l : lines) {
    name = std::max(name, columns(l.name));
    value = std::max(value, columns(l.value));
    spread = std::max(spread, columns(l.spread));
  }
  for (const Line& l : lines) {
    const bool missed = std::any_of(run.slo.begin(), run.slo.end(),
                                    [&](const auto& v) { return v.metric == l.name && !v.met; });
    const std::string number = padded(l.value, value, true);
    out += fmt::format("  {}  {} {} {}\n", padded(l.name, name, false), missed ? paint.red(number) : number,
                       paint.faint(padded(l.spread, spread, false)), l.unit);
  }
  if (!lines.empty()) out += '\n';

  const auto note = [&](std::string_view title, const std::string& text) {
    if (!text.empty()) out += fmt::format("  {} {}\n", paint.faint(padded(title, 12, false)), text);
  };
  note("bottleneck", bottleneck(run));
  if (const auto link = busiest_link(run); !link.empty() && link != bottleneck(run))
    note("busiest link", link);
  if (is_unsettled(run)) note("not settled", paint.yellow(unsettled(run)));
  note("failed", failures(run));
  note("healed", healed(run));
  if (!run.result.invariants.empty())
    out += "  " + paint.faint("invariants  ") + " " + invariants(run, paint);
  note("intervals", interval_note(run));
  note("too short", too_short(run));
  note("results", folder.empty() ? std::string() : printable_line(folder.string()));
  return on_terminal(out);
}

}  // namespace headroom::report
