#include "sim/cli/sweep_result.h"

#include <cstddef>
#include <vector>

#include "sim/base/interrupt.h"
#include "sim/cli/output.h"
#include "sim/metrics/result.h"
#include "sim/report/sweep_answer.h"
#include "sim/report/sweep_report.h"

namespace headroom::cli {
namespace {

/// "3 of 12 points miss an objective: worker.count 28, all racks; …": for a person who reads a log.
void tell_what_is_missed(const report::Sweep& sweep, const std::vector<std::size_t>& missed) {
  constexpr std::size_t kMost = 5;
  std::string names;
  for (std::size_t i = 0; i < missed.size() && i < kMost; ++i)
    names += (i == 0 ? ": " : "; ") + report::point_name(sweep, sweep.points[missed[i]]);
  if (missed.size() > kMost) names += "; and " + std::to_string(missed.size() - kMost) + " more";
  say(std::to_string(missed.size()) + " of " + std::to_string(sweep.points.size()) +
      (sweep.points.size() == 1 ? " point misses an objective" : " points miss an objective") + names);
}

int judge(const ResultOptions& options, const study::SweepOutcome& outcome) {
  const report::Sweep& sweep = outcome.files.sweep;
  std::vector<std::size_t> missed;
  std::size_t unsure = 0;
  for (std::size_t n = 0; n < sweep.points.size(); ++n) {
    const auto& summary = sweep.points[n].summary;
    if (!summary) continue;
    for (const metrics::Invariant& invariant : summary->invariants)
      if (!invariant.holds)
        return fail("invariant violated: " + invariant.name + ": " + invariant.detail, kInvariant);
    const report::Met met = report::met_at(*summary);
    if (!met.met) missed.push_back(n);
    unsure += met.sure ? 0 : 1;
  }
  if (interruptions() > 0 || sweep.partial()) return kOther;
  if (!options.fail_on_slo) return kDone;
  if (unsure > 0)
    say("note: at " + std::to_string(unsure) + " of " + std::to_string(sweep.points.size()) +
        " points it cannot be told for sure; their means decide");
  if (missed.empty()) return kDone;
  tell_what_is_missed(sweep, missed);
  return kSloMissed;
}

}  // namespace

int conclude(const study::SweepOutcome& outcome, study::KeptReplications& kept,
             const std::filesystem::path& folder, const ResultOptions& options,
             const std::function<void()>& add_to_table, const std::string& go_on) {
  const study::BatchOutcome& batch = outcome.batch;
  for (const std::string& failure : batch.failures) say_error(failure);
  const report::Sweep& sweep = outcome.files.sweep;
  if (batch.problem) {
    say_error(batch.problem->message);
    say_what_is_kept(kept, go_on);
    return batch.refused ? kBadInput : kOther;
  }
  if (sweep.complete() == 0) {
    if (batch.interrupted)
      say("interrupted before any point was complete; no result was written");
    else
      say_error("no point was completed; no result was written");
    say_what_is_kept(kept, go_on);
    return kOther;
  }
  if (sweep.partial())
    say(std::string(batch.interrupted ? "interrupted" : "incomplete") + ": the result has " +
        std::to_string(sweep.complete()) + " of " + std::to_string(sweep.points.size()) +
        " points and is marked as partial; " + go_on);
  const report::Written written =
      report::write_sweep(folder, outcome.files, !options.no_figures,
                          [&](report::NewFolder& result) { return kept.copy_to(result, batch.keys); });
  if (const auto failed = conclude_writing(written, kept, go_on)) return *failed;
  if (!options.quiet) {
    print_painted(report::table(sweep, folder, colours()));
    add_to_table();
  }
  return judge(options, outcome);
}

}  // namespace headroom::cli
