#include "models/queue/elections.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "models/queue/metrics.h"

namespace headroom::queue {
namespace {

/// With fewer elections a distribution says little.
constexpr std::int64_t kFewestForDistribution = 30;

/// Read off the figure: milliseconds below which the shares .1, .5, .9 and .99 of the elections were over.
struct Row {
  double low_ms, high_ms;
  std::array<double, 4> quantiles_ms;
};
constexpr std::array<Row, 4> kFigure16 = {{{150, 151, {434, 1199, 3133, 6015}},
                                           {150, 155, {119, 287, 610, 1242}},
                                           {150, 200, {111, 147, 194, 352}},
                                           {25, 50, {31, 43, 74, 119}}}};
constexpr std::array<double, 4> kShares = {0.1, 0.5, 0.9, 0.99};

}  // namespace

Elections::Elections(const calls::Environment& env)
    : window_(env.window),
      journal_(env.journal),
      slot_(env.series.slot_length()),
      series_(env.series.counter(series::kLeader, 1 / static_cast<double>(slot_.count_ns()))) {}

void Elections::elected(TimePoint now, raft::Term term, const std::string& host, TimePoint useful_until) {
  if (term_) led_until(useful_until);
  const Duration took = now - since_;
  leaderless_until(now);
  const int batch = window_.batch(now);
  changes_.add(batch);
  if (!std::exchange(first_, false)) took_.record(batch, took);  // the first one follows upon no loss
  journal_.record(now, "election", "queue",
                  {{"term", term}, {"leader", host}, {"took_ms", took.milliseconds()}});
  term_ = term;
}

void Elections::lost(raft::Term term, TimePoint useful_until) {
  if (term_ == term) led_until(useful_until);
}

void Elections::finish(TimePoint now) {
  if (term_)
    led_until(now);
  else
    leaderless_until(now);
}

void Elections::led_until(TimePoint end) {
  term_ = std::nullopt;
  while (since_ < end) {
    const TimePoint slot_end =
        TimePoint::at(slot_ * (since_.since_start().count_ns() / slot_.count_ns() + 1));
    const TimePoint to = std::min(end, slot_end);
    series_.add(since_, (to - since_).count_ns());
    since_ = to;
  }
}

void Elections::leaderless_until(TimePoint end) {
  for (TimePoint t = std::max(since_, window_.begin()); t < std::min(end, window_.end());) {
    const int batch = window_.batch(t);
    const TimePoint to = std::min(end, window_.edge(batch + 1));
    leaderless_ns_.add(batch, (to - t).count_ns());
    t = to;
  }
  since_ = end;
}

void Elections::report(metrics::ResultBuilder& results,
                       std::vector<metrics::PublishedPoint> published) const {
  results.total(metric::kLeaderChanges, changes_);
  results.total(metric::kLeaderlessS, leaderless_ns_, 1e-9);
  results.mean(metric::kElectionMeanMs, took_, 1e-6);
  results.quantile(metric::kElectionP50Ms, took_, 0.50, 1e-6);
  results.quantile(metric::kElectionP99Ms, took_, 0.99, 1e-6);
  results.maximum(metric::kElectionMaxMs, took_, 1e-6);
  if (took_.total().count() >= kFewestForDistribution)
    results.durations("election.took", took_, std::move(published));
}

std::vector<metrics::PublishedPoint> published_elections(const Distribution<Duration>& election_timeout) {
  const auto* law = std::get_if<law::Uniform>(&election_timeout.law);
  std::vector<metrics::PublishedPoint> points;
  for (const Row& row : kFigure16) {
    if (law == nullptr || law->low != row.low_ms * 1e6 || law->high != row.high_ms * 1e6) continue;
    for (std::size_t i = 0; i < kShares.size(); ++i)
      points.push_back({"Raft paper, figure 16", row.quantiles_ms[i], kShares[i]});
  }
  return points;
}

}  // namespace headroom::queue
