#include "sim/study/year.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "models/client/expected_requests.h"
#include "sim/config/units.h"
#include "sim/metrics/statistics.h"
#include "sim/study/batch.h"
#include "sim/study/episodes.h"
#include "sim/study/load.h"
#include "sim/study/run.h"
#include "sim/study/strata.h"
#include "sim/study/whole_seconds.h"

namespace headroom::study {
namespace {

using report::Year;

constexpr double kYear = 365 * 86'400.0;  // seconds
/// Until all is settled after a change, if nothing speaks against it.
constexpr Duration kSettles = Duration::s(30);
/// The longest transient that is simulated.
constexpr Duration kLongest = Duration::s(30 * 60);
/// Or, if that is shorter, so many requests at the peak; but not shorter than this.
constexpr double kLongestRequests = 6e6;
constexpr Duration kLongestAtLeast = Duration::s(10 * 60);
/// Before a change: requests are under way that it kills. Shorter if they have a deadline.
constexpr Duration kLead = Duration::s(10);
constexpr Duration kLeastWarmup = Duration::s(10);
/// Requests in a representative of a stay, and how long it is at least and at most.
constexpr double kStayRequests = 200'000;
constexpr double kShortestStay = 30;
constexpr double kLongestStay = 4 * 3'600;
/// Of a load without a rate.
constexpr double kStayOfUsers = 600;
/// Broken for a larger share of the time than this, a scenario runs straight through.
constexpr double kStraight = 0.2;
constexpr int kStraightRuns = 4;
constexpr double kMostStraight = 1e9;  // requests
/// Strata with less of the exposed requests of their sort are pooled.
constexpr double kOwnStratum = 0.02;
constexpr std::size_t kMostFirst = 8;  // runs of a pooled stratum at first
constexpr std::size_t kPerRound = 8;
/// The classes of the states before a change and after it.
using ChangeSort = std::pair<std::size_t, std::size_t>;
/// The class of the state in which nothing is broken.
constexpr std::size_t kNothing = 0;
/// A stratum is split by load if that may change the total by so much; its pieces are no smaller than that.
constexpr double kWorthSplitting = 0.05;
constexpr double kSmallestPiece = 0.1;
constexpr double kPrecise = 0.1;
constexpr double kLittle = 1.0 / 3;
constexpr int kAdaptations = 8;
/// More time to settle is worth while if so large a share of all that fails is seen at the end of changes.
constexpr double kMatters = 0.001;
constexpr std::int64_t kSlower = 4;

/// Whole minutes, for a minute is up or down as a whole; or half of one.
double length_of_stay(double wanted_s) {
  return wanted_s <= kShortestStay ? kShortestStay : std::min(60 * std::ceil(wanted_s / 60), kLongestStay);
}

/// Half of the 95 % interval of a sample's mean; of a single value everything is possible.
double half_width(const metrics::Moments& sample) {
  const auto n = static_cast<double>(sample.count());
  return n > 1 ? metrics::student_t_quantile(n - 1, 0.975) * std::sqrt(sample.variance() / n) : 1;
}

class YearRun {
 public:
  YearRun(const ScenarioConfig& scenario, const YearOptions& options, Levels levels, const Executor& executor,
          KeptReplications& kept, const YearProgress& progress)
      : scenario_(scenario),
        options_(options),
        executor_(executor),
        kept_(kept),
        progress_(progress),
        topology_(scenario.platform),
        roles_(scenario, topology_, Moment::start),
        levels_(std::move(levels)),
        key_(StreamKey(static_cast<std::uint64_t>(scenario.seed)) / "year"),
        parts_(faults::parts_of(scenario.faults, topology_, key_ / "faults")),
        traits_(traits_of(parts_, topology_, roles_)),
        states_(traits_, topology_, roles_),
        end_(TimePoint::at(Duration::from_seconds(options.years * kYear))),
        needed_(needed_yield(scenario.slo)) {
    lead_ = kLead;
    if (scenario.workload.deadline)
      lead_ = std::clamp(up_to_seconds(*scenario.workload.deadline), Duration::s(1), kLead);
    longest_ = kLongest;
    if (const double peak = rate(levels_.by_rate().back()); peak > 0)
      longest_ = std::clamp(Duration::from_seconds(kLongestRequests / peak), kLongestAtLeast, kLongest);
    for (Duration time = kSettles; time <= longest_ / 2; time = time * kSlower) ++never_;
  }

  YearOutcome run() {
    const auto begin = std::chrono::steady_clock::now();
    sample();
    if (broken_share() > kStraight)
      straight();
    else
      put_together();
    outcome_.effort.wall_clock_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    outcome_.effort.versions = {{"headroom", version()}};
    ScenarioConfig alone = scenario_;
    alone.forget_studies();
    outcome_.scenario_yaml = resolved_yaml(alone);
    if (outcome_.year) outcome_.year->fingerprint = fingerprint(outcome_.scenario_yaml);
    return std::move(outcome_);
  }

 private:
  void sample() {
    for (std::int64_t n = 0; n < options_.samples; ++n) {
      timelines_.push_back(timeline_of(parts_, static_cast<std::uint64_t>(n), end_));
      if (progress_ && n % 64 == 0)
        progress_("sampling failures", static_cast<double>(n) / static_cast<double>(options_.samples));
    }
  }

  double all_time() const { return static_cast<double>(options_.samples) * end_.since_start().seconds(); }
  double all_years() const { return static_cast<double>(options_.samples) * options_.years; }

  /// Share of the time in which something is broken.
  double broken_share() const {
    double broken = 0;
    for (const auto& failures : timelines_) {
      TimePoint until;
      for (const Failure& failure : failures) {
        const TimePoint from = std::max(failure.begin, until);
        const TimePoint to = std::min(failure.again, end_);
        if (to > from) broken += (to - from).seconds();
        until = std::max(until, to);
      }
    }
    return broken / all_time();
  }

  // ---- The chains, and what is alike in them.

  /// Until all is settled after such a change under that load; max(): it never is.
  Duration settles(const Change& change, std::size_t level) const {
    const int slower = times_slower(sort_of(change), level);
    if (slower >= never_ || has_trend(states_.class_of(change.after), level)) return Duration::max();
    if (slower == 0) return kSettles;
    // What piled up while something was broken takes the longer the longer that was.
    std::int64_t factor = 1;
    for (int i = 1; i < slower; ++i) factor *= kSlower;
    return std::max(kSettles * kSlower, change.lasted) * factor;
  }
  /// How often it was found that what had been thought of as settled was not.
  int times_slower(const ChangeSort& sort, std::size_t level) const {
    int most = 0;
    if (const auto known = slower_.find(sort); known != slower_.end())
      for (const auto& [from, times] : known->second)
        if (levels_.rate(level) >= from) most = std::max(most, times);
    return most;
  }
  ChangeSort sort_of(const Change& change) const {
    return {states_.class_of(change.before), states_.class_of(change.after)};
  }
  /// Its stays do not stay as they are.
  bool has_trend(std::size_t of_class, std::size_t level) const {
    const auto known = trend_from_.find(of_class);
    return known != trend_from_.end() && levels_.rate(level) >= known->second;
  }

  void build_chains() {
    const Settling settling{
        lead_, longest_, [this](const Change& change, std::size_t level) { return settles(change, level); }};
    chains_.clear();
    for (const auto& failures : timelines_)
      chains_.push_back(chain_of(failures, end_, traits_, states_, levels_, settling));
  }

  double rate(std::size_t level) const {
    if (levels_.count() > 1) return levels_.rate(level);
    const double second = 1000;
    const auto many = client::requests_between(scenario_.workload.arrivals, TimePoint(),
                                               TimePoint::at(Duration::from_seconds(second)));
    return many ? *many / second : 0;
  }
  /// What time counts for when it is decided what is rare: requests, if there is a rate.
  double weight(std::size_t level) const { return std::max(rate(level), 1e-9); }

  /// What broke, for people: one cause, two, or more.
  std::string cause_of(const std::vector<std::uint32_t>& parts) const {
    if (parts.empty()) return "nothing broken";
    if (parts.size() == 1) return traits_[parts[0]].cause;
    if (parts.size() > 2) return "three or more at once";
    const std::string& a = std::min(traits_[parts[0]].cause, traits_[parts[1]].cause);
    const std::string& b = std::max(traits_[parts[0]].cause, traits_[parts[1]].cause);
    return a == b ? "two at once: " + a : a + " with " + b;
  }

  struct Sort {
    std::vector<Stratum::Member> members;
    std::map<std::size_t, double> level_s;  // stays
    std::size_t of_class = 0;
    double s = 0, exposure = 0;
  };

  void stratify() {
    strata_.clear();
    not_covered_.clear();
    alike_numbers_.clear();
    std::map<std::size_t, Sort> stays;                      // by class
    std::map<std::vector<std::uint32_t>, Sort> transients;  // by what changes
    for (std::uint32_t t = 0; t < chains_.size(); ++t) {
      const Chain& chain = chains_[t];
      for (std::uint32_t i = 0; i < chain.stays.size(); ++i) {
        const Stay& stay = chain.stays[i];
        const std::size_t of_class = states_.class_of(stay.state);
        Sort& sort = stays[of_class];
        sort.of_class = of_class;
        sort.members.push_back({t, i});
        const std::vector<double> times = levels_.time_in(stay.from, stay.to);
        for (std::size_t level = 0; level < times.size(); ++level) {
          if (times[level] == 0) continue;
          if (has_trend(of_class, level)) {
            not_covered_[states_.parts(stay.state)] += times[level];
            continue;
          }
          sort.level_s[level] += times[level];
          sort.s += times[level];
          sort.exposure += times[level] * weight(level);
        }
      }
      for (std::uint32_t i = 0; i < chain.transients.size(); ++i) {
        const Transient& transient = chain.transients[i];
        const double length = (transient.to - transient.from).seconds();
        if (!transient.covered) {
          not_covered_[transient.parts()] += length;
          continue;
        }
        Sort& sort = transients[signature(transient)];
        sort.members.push_back({t, i});
        sort.s += length;
        sort.exposure += length * weight(levels_.at(transient.first));
      }
    }
    add_strata(stays, false);
    add_strata(transients, true);
    // Not by number: what is simulated of a stratum stays the same if another one changes.
    for (Stratum& stratum : strata_) {
      Engine draw = key_of(stratum).engine();
      stratum.start = uniform01(draw);
    }
  }
  StreamKey key_of(const Stratum& stratum) const {
    return key_ / (stratum.transient ? "transients" : "stays") / stratum.what;
  }

  /// The same for transients that are alike.
  std::vector<std::uint32_t> signature(const Transient& transient) {
    std::vector<std::uint32_t> key = {static_cast<std::uint32_t>(states_.class_of(transient.before)),
                                      static_cast<std::uint32_t>(states_.class_of(transient.after))};
    std::vector<std::uint32_t> changes;
    for (const Failure& failure : transient.failures) {
      const auto sort = static_cast<std::uint32_t>(
          alike_numbers_.try_emplace(traits_[failure.part].alike, alike_numbers_.size()).first->second);
      changes.push_back(4 * sort + (failure.begin >= transient.from ? 2U : 0U) +
                        (failure.end < transient.to ? 1U : 0U));
    }
    std::sort(changes.begin(), changes.end());
    key.insert(key.end(), changes.begin(), changes.end());
    return key;
  }

  template <class Key>
  void add_strata(std::map<Key, Sort>& sorts, bool transient) {
    double exposure = 0;  // of all but the undisturbed time
    for (const auto& [key, sort] : sorts)
      if (transient || sort.of_class != kNothing) exposure += sort.exposure;
    Stratum rare;
    rare.sorts = 0;
    rare.transient = transient;
    for (auto& [key, sort] : sorts) {
      if (sort.s <= 0) continue;
      const bool alone = (!transient && sort.of_class == kNothing) || sort.exposure >= kOwnStratum * exposure;
      Stratum own;
      own.transient = transient;
      Stratum& stratum = alone ? own : rare;
      ++stratum.sorts;
      stratum.s += sort.s;
      if (transient)
        std::stable_sort(sort.members.begin(), sort.members.end(),
                         [&](const auto& x, const auto& y) { return order_of(x) < order_of(y); });
      stratum.members.insert(stratum.members.end(), sort.members.begin(), sort.members.end());
      for (const std::size_t level : levels_.by_rate())
        if (const auto time = sort.level_s.find(level); time != sort.level_s.end())
          stratum.cells.push_back({sort.of_class, level, 0, time->second});
      if (alone) add_pieces(std::move(own));
    }
    if (rare.sorts == 0) return;
    rare.what = rare.sorts == 1 ? text_of(rare) : transient ? "rare changes" : "rare states";
    strata_.push_back(std::move(rare));
  }

  /// A stratum, or its pieces between the loads at which it was split.
  void add_pieces(Stratum whole) {
    whole.sorts = 1;
    whole.what = whole.sort = text_of(whole);
    const auto cuts = cuts_.find({whole.transient, whole.sort});
    double from = 0;
    if (cuts != cuts_.end())
      for (const double to : cuts->second) {
        add_piece(whole, from, to);
        from = to;
      }
    add_piece(whole, from, 1);
  }
  void add_piece(const Stratum& whole, double from, double to) {
    if (from == 0 && to == 1) {
      strata_.push_back(whole);
      return;
    }
    Stratum piece = whole.part(from, to);
    piece.what += fmt::format(", load {:.3g} to {:.3g} %", 100 * from, 100 * to);
    if (piece.units() > 0) strata_.push_back(std::move(piece));
  }
  const Transient& transient(const Stratum::Member& member) const {
    return chains_[member.timeline].transients[member.index];
  }
  const Stay& stay(const Stratum::Member& member) const {
    return chains_[member.timeline].stays[member.index];
  }
  std::pair<double, Duration> order_of(const Stratum::Member& member) const {
    const Transient& one = transient(member);
    return {levels_.rate(levels_.at(one.first)), one.to - one.from};
  }
  /// What its members are, for people: "crash 1 of 40 worker: begins".
  std::string text_of(const Stratum& stratum) const {
    const Stratum::Member& first = stratum.members.front();
    if (!stratum.transient) return cause_of(states_.parts(stay(first).state));
    const Transient& one = transient(first);
    const bool begins = one.begins(), ends = one.ends();
    return cause_of(one.parts()) + (begins && ends ? ": begins and ends" : begins ? ": begins" : ": ends");
  }

  // ---- Representatives.

  /// A representative at a place of a stratum, and the scenario that shows it; none: nobody comes at that
  /// hour.
  std::pair<Representative, std::optional<ScenarioConfig>> at(const Stratum& stratum, double place,
                                                              const std::string& name) const {
    Representative one;
    one.place = place;
    auto scenario = stratum.transient ? show_transient(stratum, one) : show_stay(stratum, one);
    auto arrivals = levels_.arrivals(one.level);
    if (!arrivals) return {one, std::nullopt};
    scenario.workload.arrivals = std::move(*arrivals);
    scenario.seed = static_cast<std::int64_t>((key_of(stratum) / name).hash() >> 12);
    return {one, std::move(scenario)};
  }

  ScenarioConfig bare(Duration onset) const {
    ScenarioConfig scenario = scenario_;
    scenario.forget_studies();
    scenario.faults.clear();
    scenario.watch.clear();
    scenario.run.until.reset();
    scenario.run.replications = 1;
    scenario.run.warmup = up_to_seconds(std::max(scenario_.run.warmup, kLeastWarmup) + onset);
    return scenario;
  }
  static faults::FaultConfig fault_of(const faults::Part& part, Duration at, std::optional<Duration> length) {
    faults::FaultConfig fault;
    fault.at = at;
    fault.length = length;
    fault.kind = part.kind;
    return fault;
  }
  Duration onset_of(States::Id state) const {
    Duration longest;
    for (const std::uint32_t part : states_.parts(state)) longest = std::max(longest, traits_[part].onset);
    return longest;
  }

  ScenarioConfig show_transient(const Stratum& stratum, Representative& one) const {
    const Transient& shown = transient(stratum.members[stratum.member_at(one.place)]);
    one.level = levels_.at(shown.first);
    one.after = states_.class_of(shown.after);
    one.slowest = sort_of(shown.slowest);
    one.settles = shown.settles;
    one.parts = shown.parts();
    ScenarioConfig scenario = bare(onset_of(shown.before));
    // What has piled up while something was broken decides how it ends.
    TimePoint youngest;
    for (const Failure& failure : shown.failures)
      if (failure.begin < shown.from) youngest = std::max(youngest, failure.begin);
    if (shown.before != kNothing)
      scenario.run.warmup = std::max(
          scenario.run.warmup, std::min(up_to_seconds(shown.from - youngest),
                                        up_to_seconds(shown.settles > kSettles ? longest_ : longest_ / 2)));
    const TimePoint begin = TimePoint::at(scenario.run.warmup);
    scenario.run.duration = up_to_seconds(shown.to - shown.from);
    one.found.s = (shown.to - shown.from).seconds();
    one.cost = (scenario.run.warmup + scenario.run.duration).seconds() * weight(one.level);
    for (const Failure& failure : shown.failures) {
      const bool earlier = failure.begin < shown.from;
      const Duration at = earlier ? Duration() : begin - TimePoint() + (failure.begin - shown.from);
      std::optional<Duration> length;
      if (failure.end < shown.to)
        length = earlier ? begin - TimePoint() + (failure.end - shown.from) : failure.end - failure.begin;
      scenario.faults.push_back(fault_of(parts_[failure.part], at, length));
    }
    return scenario;
  }

  ScenarioConfig show_stay(const Stratum& stratum, Representative& one) const {
    auto [c, left] = stratum.cell_at(one.place);
    const Stratum::Cell& cell = stratum.cells[c];
    left += cell.before_s;
    States::Id state = 0;
    for (const Stratum::Member& member : stratum.members) {
      const Stay& shown = stay(member);
      if (states_.class_of(shown.state) != cell.of_class) continue;
      state = shown.state;
      left -= levels_.time_in(shown.from, shown.to)[cell.level];
      if (left < 0) break;
    }
    one.level = cell.level;
    one.after = cell.of_class;
    one.parts = states_.parts(state);
    ScenarioConfig scenario = bare(onset_of(state));
    const double known = rate(one.level);
    one.found.s = known > 0 ? length_of_stay(kStayRequests / known) : kStayOfUsers;
    scenario.run.duration = Duration::from_seconds(one.found.s);
    one.cost = (scenario.run.warmup + scenario.run.duration).seconds() * weight(one.level);
    for (const std::uint32_t part : one.parts)
      scenario.faults.push_back(fault_of(parts_[part], Duration(), std::nullopt));
    return scenario;
  }

  /// Simulates so many more of each stratum, and probes where there are none. False: stopped, or something
  /// failed; what is complete is there.
  bool simulate(const std::vector<std::size_t>& more, const std::string& doing) {
    struct Wanted {
      Stratum* stratum;
      Representative one;
      bool probe;
      std::unique_ptr<ScenarioConfig> scenario;  // none: nothing to simulate
    };
    std::vector<Wanted> wanted;
    const auto want = [&](Stratum& stratum, double place, const std::string& name, bool probe) {
      auto [one, scenario] = at(stratum, place, name);
      wanted.push_back({&stratum, std::move(one), probe,
                        scenario ? std::make_unique<ScenarioConfig>(std::move(*scenario)) : nullptr});
    };
    for (std::size_t h = 0; h < strata_.size(); ++h) {
      Stratum& stratum = strata_[h];
      const std::size_t there = stratum.representatives.size();
      for (std::size_t i = 0; i < more[h]; ++i)
        want(stratum, stratum.place(there + i), std::to_string(there + i), false);
      // Under a load that changes, what is worse than the rest shows at its peak.
      if (levels_.count() > 1 && stratum.sorts == 1 && stratum.probes.empty())
        want(stratum, 1, "probe", true);
    }
    std::vector<Case> cases;
    for (const Wanted& one : wanted)
      if (one.scenario)
        cases.push_back(
            {(one.stratum->transient ? "a change, " : "a state, ") + one.stratum->what, one.scenario.get()});
    BatchOutcome batch = run_batch(cases, executor_, kept_, Keeps::course, [&](double share) {
      if (progress_) progress_(doing, share);
    });
    const bool done = take(batch) && batch.complete() == cases.size();
    std::size_t n = 0;
    for (Wanted& one : wanted) {
      if (one.scenario) {
        const auto results = batch.of(n++);
        if (results.empty()) continue;
        look_at(*one.stratum, one.one, *one.scenario, results);
      }
      (one.probe ? one.stratum->probes : one.stratum->representatives).push_back(std::move(one.one));
    }
    return done;
  }

  void look_at(const Stratum& stratum, Representative& one, const ScenarioConfig& shown,
               const std::vector<metrics::ReplicationResult>& results) {
    const TimePoint begin = TimePoint::at(shown.run.warmup);
    const Duration tail = one.settles / 3;
    const double length = one.found.s;  // the last one of a timeline is no whole number of seconds
    one.found = measured(results[0].series, begin, begin + shown.run.duration, needed_.share, tail);
    one.found.s = length;
    if (!stratum.transient) {
      const auto settled = assemble(shown, results).settled;
      one.found.settled = !settled || settled->settled;
    }
    ++runs_;
    simulated_ += one.found.offered;
    check(results[0], stratum.what + ": ");
  }
  /// What the independent checkers found in a run.
  void check(const metrics::ReplicationResult& result, const std::string& where) {
    for (const metrics::Invariant& invariant : result.invariants) {
      checked_ += invariant.checked;
      if (!invariant.holds) violated_.push_back(where + invariant.name + ": " + invariant.detail);
    }
  }

  bool take(BatchOutcome& batch) {
    // What is wanted again in a later round is neither computed nor reused again.
    std::size_t again = 0;
    for (const std::string& key : batch.keys) {
      if (keys_.insert(key).second)
        outcome_.keys.push_back(key);
      else
        ++again;
    }
    outcome_.failures.insert(outcome_.failures.end(), batch.failures.begin(), batch.failures.end());
    outcome_.computed += batch.computed;
    outcome_.reused += batch.reused - std::min(again, batch.reused);
    report::add_part(outcome_.effort, batch.effort);
    outcome_.effort.simulated_s += batch.effort.simulated_s;
    outcome_.effort.events += batch.effort.events;
    outcome_.interrupted = outcome_.interrupted || batch.interrupted;
    if (!outcome_.problem) outcome_.problem = batch.problem;
    outcome_.asked_too_much = outcome_.asked_too_much || batch.refused;
    return !batch.interrupted && !batch.problem && batch.failures.empty();
  }

  // ---- Whether states have settled.

  /// Failing requests in the settled state: of the nearest load that was looked at; none: of no load.
  std::optional<double> failing_in(std::size_t of_class, std::size_t level) const {
    double failed = 0, offered = 0, nearest = std::numeric_limits<double>::infinity();
    for (const Stratum& stratum : strata_) {
      if (stratum.transient) continue;
      for (const Representative& one : stratum.representatives) {
        if (one.after != of_class) continue;
        const double apart = std::abs(levels_.rate(one.level) - levels_.rate(level));
        if (apart > nearest) continue;
        if (apart < nearest) failed = offered = 0;
        nearest = apart;
        failed += one.found.failed;
        offered += one.found.offered;
      }
    }
    return offered > 0 ? std::optional(failed / offered) : std::nullopt;
  }

  /// Looks at what was simulated. True: times to settle have changed, so that chains are others.
  bool adapt() {
    bool changed = slow_down();
    // Stays with a trend: from the load on from which all have one.
    std::map<std::size_t, std::vector<std::pair<double, bool>>> stays;
    for (const Stratum& stratum : strata_)
      if (!stratum.transient)
        for (const auto* list : {&stratum.representatives, &stratum.probes})
          for (const Representative& one : *list)
            stays[one.after].emplace_back(levels_.rate(one.level), one.found.settled);
    for (auto& [of_class, seen] : stays) {
      std::sort(seen.begin(), seen.end());
      std::optional<double> from;
      for (auto one = seen.rbegin(); one != seen.rend() && !one->second; ++one) from = one->first;
      // A settled one of the same load speaks against it.
      if (!from || std::any_of(seen.begin(), seen.end(),
                               [&](const auto& one) { return one.second && one.first >= *from; }))
        continue;
      const auto [known, fresh] = trend_from_.try_emplace(of_class, *from);
      if (!fresh && known->second <= *from) continue;
      known->second = *from;
      changed = true;
    }
    return changed || split();
  }

  /// Splits strata in which the load decides how much is lost, so that what is rare in them, as an hour of
  /// the day, is not missed. True: some were.
  bool split() {
    const double all = total(&Measured::failed, true).value;
    bool any = false;
    for (const Stratum& stratum : strata_) {
      if (stratum.probes.empty()) continue;
      const Representative& peak = stratum.probes.front();
      const double mean = mean_per_unit(stratum, &Measured::failed, true).value;
      const double expected = mean * stratum.units_of(peak);
      const double excess = peak.found.failed - expected;
      const double worth = (excess / stratum.units_of(peak)) * stratum.units() / all_years() / 2;
      if (!by_more_than_chance(peak.found.failed, expected) || worth < kWorthSplitting * (all + worth))
        continue;
      std::set<double>& cuts = cuts_[{stratum.transient, stratum.sort}];
      const auto [from, to] = stratum.range;
      if (to - from < kSmallestPiece) continue;
      any = cuts.insert((from + to) / 2).second || any;
    }
    return any;
  }

  /// Failures come in clumps: four at a time are taken for one.
  static bool by_more_than_chance(double failed, double expected) {
    return failed - expected > 4 * 2 * std::sqrt(std::max({failed, expected, 1.0}));
  }

  /// Where more fails at the end of transients than in the state that they lead to, by more than chance and
  /// so much that it matters to the year, what changed takes four times as long to settle as was thought,
  /// from that load on; or for ever. True: that is so somewhere.
  bool slow_down() {
    struct Tail {
      double rate, failed, expected, excess_a_year;
    };
    std::map<std::pair<ChangeSort, int>, std::vector<Tail>> tails;
    for (const Stratum& stratum : strata_) {
      if (!stratum.transient || stratum.representatives.empty()) continue;
      const double times =
          stratum.units() / static_cast<double>(stratum.representatives.size()) / all_years();
      for (const auto* list : {&stratum.representatives, &stratum.probes})
        for (const Representative& one : *list) {
          const auto failing = failing_in(one.after, one.level);
          const int slower = times_slower(one.slowest, one.level);
          if (!failing || slower >= never_ || has_trend(one.slowest.second, one.level)) continue;
          const double expected = *failing * one.found.tail_offered;
          tails[{one.slowest, slower}].push_back({levels_.rate(one.level), one.found.tail_failed, expected,
                                                  times * (one.found.tail_failed - expected)});
        }
    }
    const double all = total(&Measured::failed, true).value;
    bool any = false;
    for (auto& [key, seen] : tails) {
      std::sort(seen.begin(), seen.end(), [](const Tail& a, const Tail& b) { return a.rate > b.rate; });
      double failed = 0, expected = 0, excess_a_year = 0;
      for (const Tail& one : seen) {
        failed += one.failed;
        expected += one.expected;
        excess_a_year += one.excess_a_year;
        if (!by_more_than_chance(failed, expected) || excess_a_year < kMatters * all) continue;
        slower_[key.first][one.rate] = key.second + 1;
        any = true;
        break;
      }
    }
    return any;
  }

  // ---- The answer.

  void put_together() {
    int adaptations = 0;
    bool complete = first_look(adaptations);
    while (complete && runs_ < options_.runs) {
      const std::vector<std::size_t> more = allocate();
      if (std::accumulate(more.begin(), more.end(), std::size_t{0}) == 0) break;
      complete = simulate(more, "more where it matters");
      if (complete && adaptations < kAdaptations && adapt()) complete = first_look(++adaptations);
    }
    if (std::all_of(strata_.begin(), strata_.end(),
                    [](const Stratum& stratum) { return stratum.representatives.size() >= 2; }))
      answer(!complete);
  }

  /// Two of each sort, and again if states turn out to be slower than was thought. What is the same as before
  /// is not simulated again.
  bool first_look(int& adaptations) {
    while (true) {
      build_chains();
      stratify();
      runs_ = 0;
      simulated_ = 0;
      checked_ = 0;
      violated_.clear();
      std::vector<std::size_t> first;
      for (const Stratum& stratum : strata_)
        first.push_back(std::max<std::size_t>(2, std::min(stratum.sorts, kMostFirst)));
      if (!simulate(first, adaptations == 0 ? "two of each sort" : "two of each sort, once more"))
        return false;
      if (adaptations == kAdaptations || !adapt()) return true;
      ++adaptations;
    }
  }

  struct Sum {
    double value = 0, variance = 0, spread = 0;
    double degrees() const { return spread > 0 ? std::max(1.0, variance * variance / spread) : 1e9; }
  };
  /// Per year; the variance is that of the runs.
  Sum total(double Measured::* quantity, bool counted) const {
    Sum sum;
    for (const Stratum& stratum : strata_) {
      const double units = stratum.units() / all_years();
      const MeanPerUnit mean = mean_per_unit(stratum, quantity, counted);
      sum.value += units * mean.value;
      const double variance = units * units * mean.variance;
      sum.variance += variance;
      sum.spread += variance * variance / mean.degrees;  // Satterthwaite 1946
    }
    return sum;
  }

  /// How many more of each stratum are worth while: by variance that goes away for a request.
  std::vector<std::size_t> allocate() const {
    const Sum failed = total(&Measured::failed, true);
    const double t = metrics::student_t_quantile(std::min(failed.degrees(), 1e6), 0.975);
    const double timelines = variance_of(by_timeline()) / static_cast<double>(options_.samples);
    if (t * std::sqrt(failed.variance) <= kPrecise * failed.value || failed.variance <= kLittle * timelines)
      return std::vector<std::size_t>(strata_.size(), 0);
    const auto room = static_cast<std::size_t>(options_.runs - runs_);
    return where_more(strata_, &Measured::failed, std::min(kPerRound, room));
  }

  /// What was lost in a timeline: each occurrence is worth what the representative nearest to it is.
  struct OfTimeline {
    double offered = 0, failed = 0, down_min = 0;
  };
  std::vector<OfTimeline> by_timeline() const {
    std::vector<OfTimeline> all(timelines_.size());
    const auto add = [](OfTimeline& to, const Measured& found, double times) {
      to.offered += times * found.offered;
      to.failed += times * found.failed;
      to.down_min += times * found.down_min;
    };
    for (const Stratum& stratum : strata_) {
      Nearest nearest(stratum);
      if (stratum.transient) {
        for (std::size_t i = 0; i < stratum.members.size(); ++i)
          add(all[stratum.members[i].timeline],
              nearest.at((static_cast<double>(i) + 0.5) / stratum.count()).found, 1);
        continue;
      }
      std::map<std::pair<std::size_t, std::size_t>, const Representative*> of_cell;
      double passed = 0;
      for (const Stratum::Cell& cell : stratum.cells) {
        of_cell[{cell.of_class, cell.level}] = &nearest.at((passed + cell.s / 2) / stratum.s);
        passed += cell.s;
      }
      for (const Stratum::Member& member : stratum.members) {
        const Stay& one = stay(member);
        const std::vector<double> times = levels_.time_in(one.from, one.to);
        for (std::size_t level = 0; level < times.size(); ++level) {
          const auto found = of_cell.find({states_.class_of(one.state), level});
          if (times[level] > 0 && found != of_cell.end())
            add(all[member.timeline], found->second->found, times[level] / found->second->found.s);
        }
      }
    }
    return all;
  }
  /// Of what fails per year.
  double variance_of(const std::vector<OfTimeline>& all) const {
    metrics::Moments moments;
    for (const OfTimeline& one : all) moments.add(one.failed / options_.years);
    return moments.variance();
  }

  static Year::Spread spread_of(std::vector<double> values) {  // larger is worse
    std::sort(values.begin(), values.end());
    const auto at = [&](double q) {
      return values[std::min(values.size() - 1,
                             static_cast<std::size_t>(q * static_cast<double>(values.size())))];
    };
    return {at(0.5), at(0.95)};
  }

  Year begin_year() const {
    Year year;
    year.scenario = scenario_.scenario;
    year.question = scenario_.question.value_or("");
    year.seed = static_cast<std::uint64_t>(scenario_.seed);
    year.years = options_.years;
    year.samples = options_.samples;
    year.needed = needed_.share;
    year.needed_is_slo = needed_.is_objective;
    year.lead_s = lead_.seconds();
    year.day = levels_.count() > 1;
    year.runs = runs_;
    year.simulated = simulated_;
    year.checked = checked_;
    year.violated = violated_;
    add_availability(year);
    return year;
  }

  void set_yield(Year& year, double failed, double offered, double half) const {
    const auto yield = [&](double lost) { return 1 - std::clamp(lost / offered, 0.0, 1.0); };
    year.yield = {yield(failed), {yield(failed + half), yield(failed - half)}};
    year.nines = {report::nines(year.yield.mean),
                  {report::nines(year.yield.ci95.low), report::nines(year.yield.ci95.high)}};
    year.requests = offered;
  }

  void answer(bool partial) {
    Year year = begin_year();
    year.partial = partial;
    const auto timelines = by_timeline();
    const Sum failed = total(&Measured::failed, true);
    const Sum offered = total(&Measured::offered, false);
    const Sum down = total(&Measured::down_min, false);
    const auto samples = static_cast<double>(options_.samples);
    const double by_chance = variance_of(timelines) / samples;
    const auto half = [](const Sum& runs, double other) {
      Sum all = runs;
      all.variance += other;
      const double degrees = runs.spread > 0 ? all.variance * all.variance / runs.spread : 1e6;
      return metrics::student_t_quantile(std::clamp(degrees, 1.0, 1e6), 0.975) * std::sqrt(all.variance);
    };
    set_yield(year, failed.value, offered.value, half(failed, by_chance));
    year.runs_share = failed.variance + by_chance > 0 ? failed.variance / (failed.variance + by_chance) : 0;
    metrics::Moments minutes;
    for (const OfTimeline& one : timelines) minutes.add(one.down_min / options_.years);
    const double down_half = half(down, minutes.variance() / samples);
    year.downtime_min = {down.value, {std::max(0.0, down.value - down_half), down.value + down_half}};

    // The timelines have the mean that was estimated.
    metrics::Moments lost;
    for (const OfTimeline& one : timelines) lost.add(one.failed / options_.years);
    const double scale = lost.mean() > 0 ? failed.value / lost.mean() : 1;
    const double down_scale = minutes.mean() > 0 ? down.value / minutes.mean() : 1;
    std::vector<double> losses, downs;
    for (std::size_t t = 0; t < timelines.size(); ++t) {
      const OfTimeline& one = timelines[t];
      const double share = one.offered > 0 ? std::clamp(scale * one.failed / one.offered, 0.0, 1.0) : 0;
      const double min = down_scale * one.down_min / options_.years;
      year.timelines.push_back({1 - share, min, static_cast<std::int64_t>(timelines_[t].size())});
      losses.push_back(share);
      downs.push_back(min);
    }
    const Year::Spread loss = spread_of(losses);
    year.yield_spread = {1 - loss.median, 1 - loss.worst_of_20};
    year.downtime_spread = spread_of(downs);

    add_causes(year, failed.value);
    for (const Stratum& stratum : strata_) {
      const MeanPerUnit mean = mean_per_unit(stratum, &Measured::failed, true);
      const double units = stratum.units() / all_years();
      double sent = 0, lost_of = 0;
      for (const Representative& one : stratum.representatives) {
        sent += one.found.offered;
        lost_of += one.found.failed;
      }
      year.strata.push_back({stratum.what, stratum.transient, stratum.count() / all_years(),
                             stratum.s / all_years(), static_cast<int>(stratum.representatives.size()),
                             sent > 0 ? lost_of / sent : 0,
                             failed.variance > 0 ? units * units * mean.variance / failed.variance : 0});
    }
    for (const auto& [parts, seconds] : not_covered_) {
      const std::string what = cause_of(parts);
      const auto same = std::find_if(year.not_covered.begin(), year.not_covered.end(),
                                     [&](const auto& one) { return one.what == what; });
      Year::NotCovered& one = same != year.not_covered.end() ? *same : year.not_covered.emplace_back();
      one.what = what;
      one.time_share += seconds / all_time();
    }
    std::stable_sort(year.not_covered.begin(), year.not_covered.end(),
                     [](const auto& a, const auto& b) { return a.time_share > b.time_share; });
    year.undisturbed = 1 - broken_share();
    year.longest_settle = kSettles.seconds();
    for (const Chain& chain : chains_)
      for (const Transient& one : chain.transients)
        if (one.covered) year.longest_settle = std::max(year.longest_settle, one.settles.seconds());
    outcome_.year = std::move(year);
  }

  void add_causes(Year& year, double failed) const {
    std::map<std::string, Year::Cause> causes;
    const auto of = [&](const std::vector<std::uint32_t>& parts) -> Year::Cause& {
      const std::string what = cause_of(parts);
      Year::Cause& cause = causes[what];
      cause.what = what;
      return cause;
    };
    for (const Chain& chain : chains_) {
      for (const Stay& one : chain.stays)
        of(states_.parts(one.state)).time_share += (one.to - one.from).seconds();
      for (const Transient& one : chain.transients) {
        if (!one.covered) continue;
        Year::Cause& cause = of(one.parts());
        cause.time_share += (one.to - one.from).seconds();
        cause.per_year += one.begins() ? 1 : 0;
      }
    }
    for (auto& [what, cause] : causes) {
      cause.time_share /= all_time();
      cause.per_year /= all_years();
    }
    Year::Cause& nothing = of({});
    for (const Stratum& stratum : strata_)
      for (const Representative& one : stratum.representatives) {
        const double times = stratum.units() / all_years() /
                             (static_cast<double>(stratum.representatives.size()) * stratum.units_of(one));
        const double anyway = failing_in(kNothing, one.level).value_or(0) * one.found.offered;
        Year::Cause& cause = of(one.parts);
        cause.downtime_min += times * one.found.down_min;
        const double base = one.parts.empty() ? one.found.failed : std::min(anyway, one.found.failed);
        nothing.failed += times * base;
        cause.failed += times * (one.found.failed - base);
      }
    for (auto& [what, cause] : causes) {
      cause.share = failed > 0 ? cause.failed / failed : 0;
      year.causes.push_back(cause);
    }
    std::stable_sort(year.causes.begin(), year.causes.end(), [](const auto& a, const auto& b) {
      return std::pair(-a.failed, -a.time_share) < std::pair(-b.failed, -b.time_share);
    });
  }

  /// Of the watched groups, from the timelines alone.
  void add_availability(Year& year) const {
    for (const WatchConfig& watch : scenario_.watch) {
      const auto* members = topology_.domain("group/" + watch.group.name);
      if (members == nullptr) continue;
      metrics::Moments shares;
      for (const auto& failures : timelines_) {
        std::vector<std::pair<TimePoint, std::size_t>> changes;  // a failure begins (even) or is over (odd)
        for (std::size_t f = 0; f < failures.size(); ++f) {
          if (!traits_[failures[f].part].stops) continue;
          changes.emplace_back(failures[f].begin, 2 * f);
          changes.emplace_back(std::min(failures[f].again, end_), 2 * f + 1);
        }
        std::sort(changes.begin(), changes.end());
        std::map<std::uint32_t, int> down;  // parts
        double short_s = 0;
        bool enough = true;
        TimePoint since;
        for (const auto& [date, change] : changes) {
          if (!enough) short_s += (date - since).seconds();
          since = date;
          const std::uint32_t part = failures[change / 2].part;
          if (change % 2 == 0)
            ++down[part];
          else if (--down[part] == 0)
            down.erase(part);
          std::vector<PartTraits> broken;
          for (const auto& [number, times] : down) broken.push_back(traits_[number]);
          std::int64_t up = std::ssize(*members);
          for (const world::HostId host : fallen(broken, topology_))
            up -= std::binary_search(members->begin(), members->end(), host) ? 1 : 0;
          enough = up >= watch.need;
        }
        if (!enough) short_s += (end_ - since).seconds();
        shares.add(1 - short_s / end_.since_start().seconds());
      }
      const double half = half_width(shares);
      year.availability.push_back(
          {watch.group.name,
           watch.need,
           {shares.mean(), {std::max(0.0, shares.mean() - half), std::min(1.0, shares.mean() + half)}}});
    }
  }

  // ---- Without putting anything together.

  void straight() {
    const auto requests = client::requests_between(scenario_.workload.arrivals, TimePoint(), end_);
    const std::int64_t runs = std::max<std::int64_t>(scenario_.run.replications, kStraightRuns);
    if (const double all = requests.value_or(0) * static_cast<double>(runs); all > kMostStraight) {
      outcome_.refused = fmt::format(
          "something is broken for {} of the time, which is too much for single failures to be looked at one "
          "by "
          "one, and straight through it would be {:.2g} requests, expected at most {:.2g}: --years {:.2g}",
          config::print(Share{std::round(100 * broken_share()) / 100}), all, kMostStraight,
          options_.years * kMostStraight / all);
      return;
    }
    ScenarioConfig whole = scenario_;
    whole.forget_studies();
    whole.run.until.reset();
    whole.run.duration = end_.since_start();
    whole.run.replications = runs;
    const std::vector<Case> cases = {{"the whole time", &whole}};
    BatchOutcome batch = run_batch(cases, executor_, kept_, Keeps::course, [&](double share) {
      if (progress_) progress_("straight through", share);
    });
    take(batch);
    const auto results = batch.of(0);
    if (results.size() < 2) return;
    for (const metrics::ReplicationResult& one : results) check(one, "");
    metrics::Moments losses, sent, downs;
    Year year = begin_year();
    for (const metrics::ReplicationResult& one : results) {
      const TimePoint begin = TimePoint::at(whole.run.warmup);
      const Measured found = measured(one.series, begin, begin + whole.run.duration, needed_.share, {});
      losses.add(found.failed / options_.years);
      sent.add(found.offered / options_.years);
      downs.add(found.down_min / options_.years);
      year.simulated += found.offered;
      year.timelines.push_back(
          {found.offered > 0 ? 1 - found.failed / found.offered : 1, found.down_min / options_.years, 0});
    }
    set_yield(year, losses.mean(), sent.mean(), half_width(losses));
    const double half = half_width(downs);
    year.downtime_min = {downs.mean(), {std::max(0.0, downs.mean() - half), downs.mean() + half}};
    year.straight = true;
    year.samples = std::ssize(results);
    year.runs = std::ssize(results);
    year.partial = results.size() < static_cast<std::size_t>(whole.run.replications);
    year.undisturbed = 1 - broken_share();
    year.runs_share = 1;
    outcome_.year = std::move(year);
  }

  const ScenarioConfig& scenario_;
  const YearOptions& options_;
  const Executor& executor_;
  KeptReplications& kept_;
  const YearProgress& progress_;
  world::Topology topology_;
  Roles roles_;
  Levels levels_;
  StreamKey key_;
  std::vector<faults::Part> parts_;
  std::vector<PartTraits> traits_;
  States states_;
  TimePoint end_;
  NeededYield needed_;
  Duration lead_, longest_;
  std::vector<std::vector<Failure>> timelines_;
  std::vector<Chain> chains_;
  /// Where it is not the usual time until all is settled: from which load on it is how many times slower.
  std::map<ChangeSort, std::map<double, int>> slower_;
  int never_ = 0;                                                  ///< so many times slower is never
  std::map<std::pair<bool, std::string>, std::set<double>> cuts_;  ///< of strata, by load
  std::map<std::size_t, double> trend_from_;  ///< by class: from which load on its stays have a trend
  std::map<std::string, std::size_t> alike_numbers_;
  std::vector<Stratum> strata_;
  std::map<std::vector<std::uint32_t>, double> not_covered_;  // seconds by what is broken
  std::int64_t runs_ = 0;
  double simulated_ = 0;
  std::int64_t checked_ = 0;
  std::vector<std::string> violated_;
  std::set<std::string> keys_;
  YearOutcome outcome_;
};

/// More failures than this are not sampled.
constexpr double kMostFailures = 2e7;

/// Failures of one timeline, on average.
double failures_per_timeline(const ScenarioConfig& scenario, const YearOptions& options) {
  const world::Topology topology(scenario.platform);
  double sum = 0;
  for (const faults::Part& part : faults::parts_of(scenario.faults, topology, StreamKey(0))) {
    if (!part.fault->stochastic()) continue;
    const double cycle = part.fault->mttf->mean().seconds() / part.rate + part.fault->mttr->mean().seconds();
    sum += options.years * kYear / std::max(cycle, 1e-9);
  }
  return sum;
}

}  // namespace

void check_year(const ScenarioConfig& scenario, const YearOptions& options, const config::Node& tree,
                config::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const faults::FaultConfig& fault = scenario.faults[i];
    if (fault.stochastic()) continue;
    const std::string place = "faults." + std::to_string(i);
    diagnostics.error(
        config::locate(tree, place + (fault.at      ? ".at"
                                      : fault.every ? ".every"
                                                    : "")),
        faults::name_of(fault.kind) +
            " does not happen at random, so that nobody can say how often in a year, expected mttf "
            "and mttr, or no such fault");
  }
  if (scenario.faults.empty())
    diagnostics.error(
        config::locate(tree, "faults"),
        "nothing fails at random, so that a year is like any minute, expected faults with mttf and "
        "mttr");
  const auto levels = Levels::of(scenario.workload.arrivals);
  if (const auto* problem = std::get_if<std::string>(&levels))
    diagnostics.error(config::locate(tree, "workload.arrivals"), *problem);
  if (!diagnostics.ok()) return;
  if (const double failures = failures_per_timeline(scenario, options);
      failures * static_cast<double>(options.samples) > kMostFailures)
    diagnostics.error(
        config::locate(tree, "faults"),
        fmt::format("there are about {:.2g} failures in {} timelines, expected at most {:.2g}: "
                    "fewer --samples, or --years below 1",
                    failures * static_cast<double>(options.samples), options.samples, kMostFailures));
}

YearOutcome run_year(const ScenarioConfig& scenario, const YearOptions& options, const Executor& executor,
                     KeptReplications& kept, const YearProgress& progress) {
  auto levels = Levels::of(scenario.workload.arrivals);
  return YearRun(scenario, options, std::move(std::get<Levels>(levels)), executor, kept, progress).run();
}

}  // namespace headroom::study
