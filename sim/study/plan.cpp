#include "sim/study/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "sim/config/config.h"
#include "sim/config/load.h"
#include "sim/config/reader.h"
#include "sim/config/units.h"
#include "sim/metrics/limits.h"
#include "sim/metrics/metric_info.h"
#include "sim/metrics/statistics.h"
#include "sim/report/summary.h"
#include "sim/report/sweep_answer.h"
#include "sim/report/verdicts.h"
#include "sim/study/alike.h"
#include "sim/study/batch.h"
#include "sim/study/catalogue.h"
#include "sim/study/codecs.h"
#include "sim/study/load.h"
#include "sim/study/offered_load.h"
#include "sim/study/planner.h"
#include "sim/study/run.h"
#include "sim/study/simulate.h"
#include "sim/study/steady.h"

namespace headroom::study {
namespace {

using config::Diagnostics;

constexpr std::string_view kCost = "cost.usd_per_hour";
/// The first of the states of a point.
constexpr std::size_t kUndisturbed = 0;

double price(const ScenarioConfig& scenario) {
  std::int64_t nano = 0;
  for (const auto& [name, group] : scenario.platform.hosts)
    nano += group.price.nano_usd_per_hour * group.count;
  return static_cast<double>(nano) / 1e9;
}

/// What arithmetic says of a scenario.
struct Spare {
  double slack = std::numeric_limits<double>::infinity();
  bool overloaded = false;
  std::string limited_by;               ///< the fullest
  std::map<std::string, double> tiers;  ///< share of capacity that is asked for, by name
  std::map<std::string, double> links;
};

/// How many standard deviations of a Poisson load there are between it and the capacity (square-root
/// staffing). Of what is no servers as if it were a hundred.
double slack_of(const ResourceLoad& load) {
  if (load.share() <= 0) return std::numeric_limits<double>::infinity();
  const bool servers = load.unit == ResourceLoad::Unit::cores || load.unit == ResourceLoad::Unit::slots;
  const double offered = servers ? load.offered : 100 * load.share();
  const double capacity = servers ? load.capacity : 100;
  return (capacity - offered) / std::sqrt(offered);
}

Spare spare_of(const ScenarioConfig& scenario) {
  Spare spare;
  const metrics::Window window = window_of(scenario);
  // Only what stays so rules a point out; users who wait for their answers never ask for too much.
  const bool lasting =
      steady(scenario) && !std::holds_alternative<client::Closed>(scenario.workload.arrivals);
  double fullest = -1;
  for (const PhaseLoad& phase : offered_load(scenario)) {
    if (phase.phase.to < window.end() || phase.phase.from > window.begin()) continue;
    for (const ResourceLoad& load : phase.resources) {
      const double share = load.share();
      const bool link = load.unit == ResourceLoad::Unit::bytes_per_s;
      double& known = (link ? spare.links : spare.tiers)[load.name];
      known = std::max(known, share);
      spare.slack = std::min(spare.slack, slack_of(load));
      if (share <= fullest) continue;
      fullest = share;
      spare.limited_by = load.name;
      if (load.members > 1) spare.limited_by += fmt::format(": {} of {} servers", load.alive, load.members);
      spare.limited_by += std::isfinite(share)
                              ? fmt::format(", {:.0f} % of what they can do is asked for", 100 * share)
                              : std::string(", nothing is left of it");
    }
  }
  spare.overloaded = lasting && fullest >= 1;
  return spare;
}

/// Whether the first asks less of everything than the second, of what is among the fuller half: −1; more: +1;
/// neither: 0. (Another API server has another cold cache, so that a little more is asked of auth.)
int compare(const std::map<std::string, double>& a, const std::map<std::string, double>& b) {
  constexpr double kSame = 1e-9;
  double fullest = 0;
  for (const auto* all : {&a, &b})
    for (const auto& [name, share] : *all) fullest = std::max(fullest, share);
  bool less = false, more = false;
  for (const auto& [name, share] : a) {
    const auto other = b.find(name);
    if (other == b.end() || std::max(share, other->second) < fullest / 2) continue;
    less = less || share < other->second - kSame;
    more = more || share > other->second + kSame;
  }
  return less == more ? 0 : less ? -1 : 1;
}

/// A state in which a point has to hold.
struct State {
  std::string name;
  std::optional<Thing> gone;
};

struct Prepared {
  PlanProblem problem;
  std::vector<std::vector<State>> states;  ///< by point
  std::vector<Spare> worst;                ///< by point, in the state that is worst
  std::vector<std::string> worst_state;
};

ScenarioConfig in_state(const ScenarioConfig& scenario, const State& state, int replications) {
  ScenarioConfig changed = scenario;
  changed.run.replications = replications;
  if (state.gone) changed.faults.push_back(fault_of(*state.gone, Duration(), std::nullopt));
  return changed;
}

std::vector<ThingKind> kinds(const std::vector<Survive>& survive, const ScenarioConfig& scenario) {
  std::set<ThingKind> chosen;
  for (const Survive s : survive) {
    switch (s) {
      case Survive::any:
        for (const ThingKind kind : kinds_of(scenario.platform))
          if (kind != ThingKind::process) chosen.insert(kind);
        break;
      case Survive::host:
        chosen.insert(ThingKind::host);
        break;
      case Survive::rack:
        chosen.insert(ThingKind::rack);
        break;
      case Survive::network_switch:
        chosen.insert(ThingKind::network_switch);
        break;
      case Survive::power:
        chosen.insert(ThingKind::power);
        break;
      case Survive::cooling:
        chosen.insert(ThingKind::cooling);
        break;
      case Survive::zone:
        chosen.insert(ThingKind::zone);
        break;
    }
  }
  return {chosen.begin(), chosen.end()};
}

/// Undisturbed, then one state for each class of things that may be gone.
void add_states(const PlanTask& task, const ScenarioConfig& scenario, std::vector<State>& states,
                std::vector<PlanProblem::Variant>& variants) {
  states.push_back({"undisturbed", std::nullopt});
  variants.push_back({0, task.plan.survive.empty()});
  if (task.plan.survive.empty()) return;
  const world::Topology topology(scenario.platform);
  const auto classes =
      across_kinds(alike(scenario, topology, kinds(task.plan.survive, scenario), Moment::start));
  for (std::size_t i = 0; i < classes.size(); ++i) {
    bool stands = true;
    for (std::size_t j = 0; j < classes.size() && stands; ++j)
      if (i != j && contains(classes[j], classes[i]) && (!contains(classes[i], classes[j]) || j < i))
        stands = false;
    states.push_back({classes[i].what() + " gone", classes[i].representative()});
    variants.push_back({0, stands});
  }
  // With nothing left to break that is used, the undisturbed state is all there is.
  if (classes.empty()) variants.front().stands = true;
}

/// +1: more of it never asks more of anything that serves, −1: less of it, 0: neither, or names.
int direction(const PlanTask& task, std::size_t axis, const std::vector<std::size_t>& order,
              const std::vector<Spare>& undisturbed) {
  bool up = false, down = false, up_links = false, down_links = false;
  std::map<std::vector<std::size_t>, std::size_t> point_at;
  for (std::size_t p = 0; p < task.grid.points.size(); ++p) point_at[task.grid.points[p].at] = p;
  for (const auto& [at, p] : point_at) {
    const auto place = std::find(order.begin(), order.end(), at[axis]);
    if (place + 1 == order.end()) continue;
    std::vector<std::size_t> next = at;
    next[axis] = *(place + 1);
    const std::size_t q = point_at.at(next);
    const int tiers = compare(undisturbed[q].tiers, undisturbed[p].tiers);
    const int links = compare(undisturbed[q].links, undisturbed[p].links);
    up = up || tiers < 0;
    down = down || tiers > 0;
    up_links = up_links || links < 0;
    down_links = down_links || links > 0;
  }
  // Where hosts are added, links carry their share of the same load, some a little more than before.
  if (up != down) return up ? 1 : -1;
  if (!up && up_links != down_links) return up_links ? 1 : -1;
  return 0;
}

Prepared prepare(const PlanTask& task) {
  Prepared all;
  const std::size_t points = task.grid.points.size();
  std::vector<report::Scale> scales;
  for (const config::Axis& axis : task.grid.axes) scales.push_back(report::scale_of(reported_axis(axis)));
  std::vector<Spare> undisturbed;
  for (const Grid::Point& point : task.grid.points) {
    auto& states = all.states.emplace_back();
    auto& variants = all.problem.variants.emplace_back();
    add_states(task, point.scenario, states, variants);
    Spare worst;
    std::string where;
    for (std::size_t v = 0; v < states.size(); ++v) {
      Spare spare = spare_of(in_state(point.scenario, states[v], 1));
      variants[v].slack = std::isfinite(spare.slack) ? spare.slack : 1e9;
      if (v == 0) undisturbed.push_back(spare);
      if (v == 0 || spare.slack < worst.slack) {
        worst = spare;
        where = states[v].name;
      }
      worst.overloaded = worst.overloaded || spare.overloaded;
    }
    all.worst.push_back(std::move(worst));
    all.worst_state.push_back(std::move(where));
  }
  // Where on each axis a point is, so that more is better.
  std::vector<std::vector<int>> rank_of;
  for (std::size_t a = 0; a < task.grid.axes.size(); ++a) {
    const std::size_t values = task.grid.axes[a].alternatives.size();
    std::vector<int> rank(values);
    const int way =
        scales[a].numeric && values > 1 ? direction(task, a, scales[a].ascending, undisturbed) : 0;
    for (std::size_t i = 0; i < values; ++i) {
      const std::size_t value = scales[a].ascending[i];
      rank[value] = static_cast<int>(way < 0 ? values - 1 - i : i);
    }
    all.problem.directed.push_back(way != 0);
    rank_of.push_back(std::move(rank));
  }
  std::optional<std::size_t> goal;
  for (std::size_t a = 0; a < task.grid.axes.size(); ++a)
    if (task.grid.axes[a].label == task.goal) goal = a;
  for (std::size_t p = 0; p < points; ++p) {
    const Grid::Point& point = task.grid.points[p];
    Candidate candidate;
    candidate.objective = goal ? scales[*goal].at[point.at[*goal]] : price(point.scenario);
    if (task.plan.maximize) candidate.objective = -candidate.objective;
    for (std::size_t a = 0; a < point.at.size(); ++a) candidate.rank.push_back(rank_of[a][point.at[a]]);
    candidate.slack = std::isfinite(all.worst[p].slack) ? all.worst[p].slack : 1e9;
    candidate.overloaded = all.worst[p].overloaded;
    all.problem.candidates.push_back(std::move(candidate));
  }
  all.problem.objectives = objectives_of(task.grid.base.slo);
  all.problem.alpha = 1 - task.plan.confidence.value;
  if (task.plan.indifference) all.problem.indifference = task.plan.indifference->value;
  all.problem.exhaustive = task.options.exhaustive || task.measured;
  return all;
}

/// Of a map by key, of a list by number.
const config::Node* child(const config::Node& node, std::string_view name) {
  if (node.is_map()) return node.find(name);
  const auto number = config::parse_integer(name);
  if (!node.is_sequence() || !number || *number < 0 || *number >= std::ssize(node.items())) return nullptr;
  return &node.items()[static_cast<std::size_t>(*number)];
}

/// What the scenario says at a path, as text; nothing if it says nothing.
std::optional<std::string> text_at(const config::Node& tree, std::string_view path) {
  const config::Node* node = &tree;
  while (!path.empty() && node != nullptr) {
    const config::Node* next = nullptr;
    std::string_view rest;
    for (std::size_t end = path.size(); end != std::string_view::npos && next == nullptr;
         end = end == 0 ? std::string_view::npos : path.rfind('.', end - 1)) {
      next = child(*node, path.substr(0, end));
      rest = end < path.size() ? path.substr(end + 1) : std::string_view();
    }
    node = next;
    path = rest;
  }
  if (node == nullptr || !node->is_scalar()) return std::nullopt;
  return node->text();
}

report::Plan::Told told(Told t) {
  return t == Told::holds    ? report::Plan::Told::holds
         : t == Told::misses ? report::Plan::Told::misses
                             : report::Plan::Told::undecided;
}

class Study {
 public:
  Study(const PlanTask& task, const Executor& executor, int at_once, KeptReplications& kept,
        std::function<void(const std::string&)> decided)
      : task_(task),
        executor_(executor),
        at_once_(at_once),
        kept_(kept),
        decided_(std::move(decided)),
        prepared_(prepare(task)) {}

  /// What is made small or large, at a point.
  double objective(std::size_t point) const {
    if (task_.measured) return measured(point).value_or(std::numeric_limits<double>::quiet_NaN());
    return prepared_.problem.candidates[point].objective * (task_.plan.maximize ? -1 : 1);
  }
  /// What the search knows of each point, after `run`.
  const std::vector<std::optional<Told>>& known() const { return known_points_; }

  PlanOutcome run() {
    describe();
    Planner planner(
        prepared_.problem,
        [this](std::size_t point, std::span<const std::size_t> states, int n) {
          return ask(point, states, n);
        },
        at_once_);
    PlanAnswer answer = planner.find([this](const Planner& p, const PointVerdict& last) { hear(p, last); });
    if (task_.measured) choose_measured(answer);
    fill(planner, answer);
    for (std::size_t c = 0; c < planner.search().size(); ++c)
      known_points_.push_back(planner.search().known(c));
    PlanOutcome& out = outcome_;
    const std::optional<std::size_t> shown = answer.best ? answer.best : shown_;
    ScenarioConfig scenario = shown ? task_.grid.points[*shown].scenario : task_.grid.base;
    scenario.forget_studies();
    out.files.scenario_yaml = resolved_yaml(scenario);
    out.files.effort.wall_clock_s = elapsed();
    out.files.effort.versions = {{"headroom", version()}};
    return std::move(out);
  }

 private:
  double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

  void describe() {
    report::Plan& plan = reported();
    const ScenarioConfig& base = task_.grid.base;
    plan.scenario = base.scenario;
    plan.question = base.question.value_or("");
    plan.seed = static_cast<std::uint64_t>(base.seed);
    plan.measured_s = base.run.duration.seconds();
    for (const config::Axis& axis : task_.grid.axes) plan.axes.push_back(reported_axis(axis));
    plan.candidates = prepared_.problem.candidates.size();
    for (const Candidate& c : prepared_.problem.candidates) plan.impossible += c.overloaded ? 1 : 0;
    plan.goal = task_.goal;
    plan.maximize = task_.plan.maximize.has_value();
    plan.confidence = task_.plan.confidence.value;
    for (const Survive s : task_.plan.survive)
      plan.survive.emplace_back(enum_names<Survive>::names[static_cast<std::size_t>(s)]);
    for (std::size_t i = 0; i < base.slo.objectives.size(); ++i) {
      const metrics::Objective& o = base.slo.objectives[i];
      report::Plan::Objective described;
      described.text = metrics::to_text(o);
      described.metric = prepared_.problem.objectives[i].metric;
      if (base.slo.only_below && described.metric.starts_with("only."))
        described.of = "images below " + config::print(*base.slo.only_below);
      described.bound = o.bound;
      described.at_least = o.better == metrics::Better::higher;
      plan.objectives.push_back(std::move(described));
    }
    plan.catalogue = catalogue();
    plan.own = task_.own;
  }

  std::optional<std::vector<VariantRuns>> ask(std::size_t point, std::span<const std::size_t> states, int n) {
    if (task_.options.budget_s && elapsed() >= *task_.options.budget_s) {
      reported().ended = report::Plan::Ended::budget;
      return std::nullopt;
    }
    std::vector<ScenarioConfig> scenarios;
    for (const std::size_t s : states)
      scenarios.push_back(in_state(task_.grid.points[point].scenario, prepared_.states[point][s], n));
    std::vector<Case> cases;
    for (std::size_t i = 0; i < scenarios.size(); ++i)
      cases.push_back(
          {name_of(task_.grid, task_.grid.points[point]) + ", " + prepared_.states[point][states[i]].name,
           &scenarios[i]});
    const BatchOutcome batch = run_batch(cases, executor_, kept_, Keeps::course);
    report::add_part(outcome_.files.effort, batch.effort);
    std::vector<bool> is_new;  // by replication: a later look at a point sees the earlier ones again
    for (const std::string& key : batch.keys) {
      is_new.push_back(known_.insert(key).second);
      if (is_new.back()) outcome_.keys.push_back(key);
    }
    outcome_.failures.insert(outcome_.failures.end(), batch.failures.begin(), batch.failures.end());
    outcome_.problem = batch.problem;
    outcome_.refused = batch.refused;
    if (batch.interrupted || batch.problem || !batch.failures.empty()) {
      reported().ended = batch.interrupted ? report::Plan::Ended::interrupted : report::Plan::Ended::failed;
      return std::nullopt;
    }
    std::vector<VariantRuns> all;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      VariantRuns& runs = all.emplace_back();
      runs.runs = batch.of(i);
      const report::Run run = assemble(scenarios[i], runs.runs);
      runs.settled = !report::is_unsettled(run);
      runs.unsettled = report::unsettled(run);
      const report::Summary summary = report::summary(run);
      if (summary.bottleneck) runs.limited_by = report::limit_text(*summary.bottleneck);
      for (const metrics::Invariant& invariant : run.result.invariants)
        if (!invariant.holds) outcome_.violated.push_back(invariant);
      if (task_.measured && states[i] == kUndisturbed) remember(point, runs.runs);
      for (std::size_t r = 0; r < runs.runs.size(); ++r) {
        if (!is_new[i * runs.runs.size() + r]) continue;
        outcome_.files.effort.simulated_s += runs.runs[r].simulated_s;
        outcome_.files.effort.events += runs.runs[r].events;
      }
    }
    return all;
  }

  /// What the replications of an undisturbed point say of the goal.
  void remember(std::size_t point, const std::vector<metrics::ReplicationResult>& runs) {
    std::vector<double>& values = measured_[point];
    values.clear();
    for (const metrics::ReplicationResult& run : runs)
      for (const metrics::MetricValue& metric : run.metrics)
        if (metric.name == task_.goal && metric.value) values.push_back(*metric.value);
  }
  std::optional<double> measured(std::size_t point) const {
    const auto known = measured_.find(point);
    if (known == measured_.end() || known->second.empty()) return std::nullopt;
    metrics::Moments moments;
    for (const double value : known->second) moments.add(value);
    return moments.mean();
  }

  /// Of all that hold, the least of what was measured; what may be as good as that is undecided.
  void choose_measured(PlanAnswer& answer) {
    constexpr int kReplications = 8;
    std::vector<std::size_t> holders;
    for (const PointVerdict& point : answer.tested)
      if (point.told == Told::holds) holders.push_back(point.candidate);
    const std::vector<std::size_t> undisturbed = {kUndisturbed};
    for (const std::size_t point : holders)
      if (const auto known = measured_.find(point);
          !answer.stopped && (known == measured_.end() || std::ssize(known->second) < kReplications))
        answer.stopped = !ask(point, undisturbed, kReplications);
    answer.best.reset();
    for (const std::size_t point : holders)
      if (measured(point) && (!answer.best || *measured(point) < *measured(*answer.best)))
        answer.best = point;
    if (!answer.best) return;
    const double error =
        (1 - task_.plan.confidence.value) / static_cast<double>(std::max<std::size_t>(1, holders.size()));
    for (const std::size_t point : holders) {
      if (point == *answer.best || !measured(point)) continue;
      const auto& mine = measured_.at(*answer.best);
      const auto& other = measured_.at(point);
      metrics::Moments differences;
      for (std::size_t r = 0; r < std::min(mine.size(), other.size()); ++r)
        differences.add(other[r] - mine[r]);
      const auto n = static_cast<double>(differences.count());
      const double half =
          n > 1 ? metrics::student_t_quantile(n - 1, 1 - error) * std::sqrt(differences.variance() / n)
                : 1e300;
      if (differences.mean() > 0 && differences.mean() > half) continue;
      // Points that cost the same to the last digit are equally good.
      if (differences.mean() == 0 && differences.variance() == 0) continue;
      as_good_.push_back(point);
    }
  }

  report::Plan::Binding binding(const PointVerdict& point) const {
    if (point.variants.empty()) return {};
    const VariantVerdict& v = point.binding();
    report::Plan::Binding b;
    const bool unsettled = !v.settled && v.told == Told::misses &&
                           std::none_of(v.objectives.begin(), v.objectives.end(),
                                        [](const Judgement& j) { return j.told == Told::misses; });
    b.objective = unsettled ? "settling (" + v.unsettled + ")"
                            : metrics::to_text(task_.grid.base.slo.objectives[v.binding()]);
    b.under = prepared_.states[point.candidate][v.variant].name;
    b.limited_by = v.limited_by;
    return b;
  }

  report::Plan::Point described(const PointVerdict& verdict) const {
    report::Plan::Point point = empty_point(verdict.candidate);
    point.told = told(verdict.told);
    point.replications = verdict.replications();
    point.binding = binding(verdict);
    for (const VariantVerdict& v : verdict.variants) {
      report::Plan::Variant& variant = point.variants.emplace_back();
      variant.name = prepared_.states[verdict.candidate][v.variant].name;
      variant.told = told(v.told);
      variant.replications = v.replications;
      variant.unsettled = v.unsettled;
      variant.limited_by = v.limited_by;
      for (const Judgement& j : v.objectives)
        variant.objectives.push_back({told(j.told), j.indifferent, j.value, j.interval, j.margin});
    }
    return point;
  }
  report::Plan::Point empty_point(std::size_t candidate) const {
    report::Plan::Point point;
    point.at = task_.grid.points[candidate].at;
    point.objective = objective(candidate);
    return point;
  }
  /// A point of which arithmetic says that it cannot hold.
  report::Plan::Point impossible(std::size_t candidate) const {
    report::Plan::Point point = empty_point(candidate);
    point.told = report::Plan::Told::misses;
    point.binding = {"load below capacity", prepared_.worst_state[candidate],
                     prepared_.worst[candidate].limited_by};
    return point;
  }

  void hear(const Planner& planner, const PointVerdict& last) {
    if (!decided_) return;
    int replications = 0;
    for (const PointVerdict& p : planner.tested()) replications += p.replications();
    const auto values = [&](std::size_t candidate) {
      return report::values_text(reported().axes, task_.grid.points[candidate].at);
    };
    std::string line = values(last.candidate);
    line += last.told == Told::holds ? " holds" : last.told == Told::misses ? " misses" : " is undecided";
    if (const std::string objective = binding(last).objective; last.told != Told::holds && !objective.empty())
      line += " " + objective;
    line += fmt::format(" ({} tested, {} replications", planner.tested().size(), replications);
    if (const auto best = planner.search().answer()) line += "; best so far: " + values(*best);
    decided_(line + ")");
  }

  void fill(const Planner& planner, const PlanAnswer& answer) {
    report::Plan& plan = reported();
    const Search& search = planner.search();
    std::map<std::size_t, std::size_t> place;  // of a candidate, in plan.points
    for (const PointVerdict& verdict : answer.tested) {
      if (verdict.variants.empty()) continue;  // it was stopped before
      place[verdict.candidate] = plan.points.size();
      plan.points.push_back(described(verdict));
    }
    const auto show = [&](std::size_t candidate) {
      if (!place.contains(candidate)) {
        place[candidate] = plan.points.size();
        plan.points.push_back(impossible(candidate));
      }
      return place.at(candidate);
    };
    if (answer.best) {
      plan.answer = place.at(*answer.best);
      for (std::size_t axis = 0; axis < plan.axes.size(); ++axis) {
        if (!prepared_.problem.directed[axis]) continue;
        for (const int step : {-1, +1}) {
          const auto other = search.neighbour(*answer.best, axis, step);
          if (!other) continue;
          report::Plan::Neighbour neighbour;
          neighbour.axis = axis;
          // In the axis's own sense, not in that of what is better.
          const report::Scale scale = report::scale_of(plan.axes[axis]);
          const auto value = [&](std::size_t c) { return task_.grid.points[c].at[axis]; };
          neighbour.more = scale.at[value(*other)] > scale.at[value(*answer.best)];
          neighbour.value = plan.axes[axis].values[value(*other)];
          if (place.contains(*other) || search.candidate(*other).overloaded)
            neighbour.point = show(*other);
          else if (!search.ruled_out(*other))
            continue;
          plan.neighbours.push_back(std::move(neighbour));
        }
      }
    } else {
      // Where arithmetic ruled out all, the one with the most to spare.
      shown_ = answer.nearest;
      if (!shown_) {
        for (std::size_t c = 0; c < search.size(); ++c)
          if (search.candidate(c).overloaded &&
              (!shown_ || search.candidate(c).slack > search.candidate(*shown_).slack))
            shown_ = c;
      }
      if (shown_) plan.nearest = show(*shown_);
    }
    for (const std::size_t c : task_.measured ? as_good_ : search.undecided())
      if (place.contains(c)) plan.undecided.push_back(place.at(c));
    if (const auto& found = search.contradiction())
      plan.contradiction = std::pair(place.at(found->first), place.at(found->second));
    if (task_.options.growth && plan.answer && plan.own) {
      report::Plan::Growth growth;
      growth.per_period = task_.options.growth->per_period;
      growth.period_s = task_.options.growth->period_s;
      growth.lasts_s = std::log(plan.points[*plan.answer].objective / *plan.own) /
                       std::log1p(growth.per_period) * growth.period_s;
      plan.growth = growth;
    }
  }

  report::Plan& reported() { return outcome_.files.plan; }
  const report::Plan& reported() const { return outcome_.files.plan; }

  const PlanTask& task_;
  const Executor& executor_;
  int at_once_;
  KeptReplications& kept_;
  std::function<void(const std::string&)> decided_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Prepared prepared_;
  PlanOutcome outcome_;
  std::set<std::string> known_;
  std::optional<std::size_t> shown_;
  std::vector<std::optional<Told>> known_points_;
  std::map<std::size_t, std::vector<double>> measured_;  ///< the goal, by undisturbed point and replication
  std::vector<std::size_t> as_good_;                     ///< points that may be as good as the answer
};

/// Plans each world by itself, and finds the point that is right in enough of them.
class Worlds {
 public:
  /// `as_it_stands`: has planned the scenario itself.
  Worlds(const PlanTask& task, const Study& as_it_stands, const Executor& executor, int at_once,
         KeptReplications& kept, const std::function<void(const std::string&)>& decided)
      : task_(task),
        as_it_stands_(as_it_stands),
        executor_(executor),
        at_once_(at_once),
        kept_(kept),
        decided_(decided) {}

  /// `all`: the plan of the scenario itself, which becomes that of all worlds.
  PlanOutcome run(PlanOutcome all) {
    report::Plan& plan = all.files.plan;
    before_s_ = all.files.effort.wall_clock_s;
    report::Plan::Uncertain found;
    for (const config::Uncertain& one : task_.uncertain) found.inputs.push_back(one.path + "=" + one.text);
    found.wanted = static_cast<int>(task_.worlds.size());
    tallies_.resize(task_.grid.points.size());
    for (const PlanTask::World& world : task_.worlds) {
      if (plan.ended != report::Plan::Ended::found) break;
      one_world(world, found, all);
    }
    choose(found);
    plan.uncertain = std::move(found);
    all.files.effort.wall_clock_s = elapsed();
    return all;
  }

 private:
  struct Tally {
    int right = 0, holds = 0;
    double too_much = 0;
  };

  void one_world(const PlanTask::World& world, report::Plan::Uncertain& found, PlanOutcome& all) {
    PlanTask task;
    task.grid = world.grid;
    task.plan = task_.plan;
    task.goal = task_.goal;
    task.measured = task_.measured;
    task.options = task_.options;
    task.options.growth.reset();
    if (task.options.budget_s) task.options.budget_s = std::max(0.0, *task.options.budget_s - elapsed());
    Study study(task, executor_, at_once_, kept_, {});
    PlanOutcome outcome = study.run();
    report::Plan& plan = outcome.files.plan;
    all.keys.insert(all.keys.end(), outcome.keys.begin(), outcome.keys.end());
    all.failures.insert(all.failures.end(), outcome.failures.begin(), outcome.failures.end());
    all.violated.insert(all.violated.end(), outcome.violated.begin(), outcome.violated.end());
    if (!all.problem) all.problem = outcome.problem;
    all.refused = all.refused || outcome.refused;
    report::add_part(all.files.effort, outcome.files.effort);
    all.files.effort.simulated_s += outcome.files.effort.simulated_s;
    all.files.effort.events += outcome.files.effort.events;
    all.files.plan.ended = plan.ended;
    if (plan.ended != report::Plan::Ended::found) return;
    ++found.worlds;
    found.replications += plan.replications();
    const auto cheapest =
        plan.answer ? std::optional(plan.points[*plan.answer].objective) : std::optional<double>();
    std::optional<std::size_t> right;
    for (std::size_t c = 0; c < task.grid.points.size(); ++c) {
      Tally& tally = tallies_[c];
      if (plan.answer && plan.points[*plan.answer].at == task.grid.points[c].at) right = c;
      if (study.known()[c] != Told::holds) continue;
      ++tally.holds;
      const double costs = study.objective(c);
      if (std::isfinite(costs)) tally.too_much += std::abs(costs - cheapest.value_or(costs));
    }
    if (right) ++tallies_[*right].right;
    right_in_.push_back(right);
    found.by_world.emplace_back(world.drawn, std::nullopt);
    if (!decided_) return;
    std::string drawn;
    for (const std::string& value : world.drawn) drawn += (drawn.empty() ? "" : ", ") + value;
    decided_(fmt::format(
        "world {} of {} ({}): {}", found.worlds, found.wanted, drawn,
        right ? report::values_text(plan.axes, task.grid.points[*right].at) : std::string("nothing holds")));
  }

  void choose(report::Plan::Uncertain& found) {
    std::vector<std::size_t> order;
    std::optional<std::size_t> answer;
    const double enough = task_.plan.confidence.value * found.worlds;
    const auto better = [&](std::size_t a, std::size_t b) {
      const double x = as_it_stands_.objective(a), y = as_it_stands_.objective(b);
      return x != y ? (task_.plan.maximize ? x > y : x < y) : tallies_[a].holds > tallies_[b].holds;
    };
    for (std::size_t c = 0; c < tallies_.size(); ++c) {
      if (found.worlds > 0 && tallies_[c].holds >= enough - 1e-9 && (!answer || better(c, *answer)))
        answer = c;
      if (tallies_[c].right > 0) order.push_back(c);
    }
    if (answer && tallies_[*answer].right == 0) order.push_back(*answer);
    std::stable_sort(order.begin(), order.end(), better);
    for (const std::size_t c : order) {
      const Tally& tally = tallies_[c];
      if (answer == c) found.answer = found.choices.size();
      for (std::size_t w = 0; w < right_in_.size(); ++w)
        if (right_in_[w] == c) found.by_world[w].second = found.choices.size();
      found.choices.push_back({task_.grid.points[c].at, as_it_stands_.objective(c), tally.right, tally.holds,
                               found.worlds - tally.holds,
                               tally.holds > 0 ? std::optional(tally.too_much / tally.holds) : std::nullopt});
    }
  }

  /// Since the plan of the scenario itself began.
  double elapsed() const {
    return before_s_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

  const PlanTask& task_;
  const Study& as_it_stands_;
  const Executor& executor_;
  int at_once_;
  KeptReplications& kept_;
  double before_s_ = 0;
  const std::function<void(const std::string&)>& decided_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::vector<Tally> tallies_;
  std::vector<std::optional<std::size_t>> right_in_;  ///< by world
};

/// Draws what is uncertain, world by world; every world has all points.
void add_worlds(PlanTask& task, const std::string& file, std::span<const std::string> sets,
                Diagnostics& diagnostics) {
  if (task.options.uncertain.empty()) return;
  if (task.measured)
    diagnostics.error({}, file + ": --uncertain needs a goal that is known without a run, expected " +
                              std::string(kCost) + " or a path that is varied");
  const auto source = std::make_shared<config::Source>();
  source->text = resolved_yaml(task.grid.base);
  const auto tree = config::read_text(source, diagnostics);
  for (const std::string& text : task.options.uncertain) {
    auto one = config::parse_uncertain(text, diagnostics);
    if (!one) continue;
    const auto wrong = [&](const std::string& message) { diagnostics.error(one->where, message); };
    const auto like = tree ? text_at(*tree, one->path) : std::nullopt;
    if (std::any_of(task.uncertain.begin(), task.uncertain.end(),
                    [&](const config::Uncertain& other) { return other.path == one->path; }))
      wrong("this is uncertain twice");
    else if (std::any_of(task.grid.axes.begin(), task.grid.axes.end(),
                         [&](const config::Axis& axis) { return axis.label == one->path; }))
      wrong("this is varied, so that it is for you to choose and not uncertain");
    else if (!like)
      wrong("the scenario has no value there, expected the path of a rate, a share, a duration or a size");
    else if (config::read_law(*one, *like, diagnostics))
      task.uncertain.push_back(std::move(*one));
  }
  if (!diagnostics.ok()) return;
  const StreamKey key = StreamKey(static_cast<std::uint64_t>(task.grid.base.seed)) / "worlds";
  for (int w = 0; w < task.options.worlds && diagnostics.ok(); ++w) {
    PlanTask::World world;
    std::vector<std::string> drawn(sets.begin(), sets.end());
    for (const config::Uncertain& one : task.uncertain) {
      Engine draw = (key / one.path).engine_for(static_cast<std::uint64_t>(w));
      world.drawn.push_back(one.draw(draw));
      drawn.push_back(one.path + "=" + world.drawn.back());
    }
    auto grid = load_grid(file, drawn, task.options.varies, diagnostics, For::plan);
    if (!grid) return;
    world.grid = std::move(*grid);
    task.worlds.push_back(std::move(world));
  }
}

/// What is to be planned of those points.
std::optional<PlanTask> task_of(Grid grid, const std::string& file, std::span<const std::string> sets,
                                const PlanOptions& options, Diagnostics& diagnostics) {
  PlanTask task;
  task.options = options;
  if (grid.base.plan) task.plan = *grid.base.plan;
  task.grid = std::move(grid);
  PlanConfig& plan = task.plan;
  if (!options.minimize.empty()) {
    plan.minimize = options.minimize;
    if (options.maximize.empty()) plan.maximize.reset();
  }
  if (!options.maximize.empty()) {
    plan.maximize = options.maximize;
    if (options.minimize.empty()) plan.minimize.reset();
  }
  if (!options.survive.empty()) plan.survive = options.survive;
  if (options.confidence) plan.confidence = Share{*options.confidence};
  if (options.indifference) plan.indifference = Share{*options.indifference};

  const auto wrong = [&](const std::string& message) { diagnostics.error({}, file + ": " + message); };
  if (task.grid.base.slo.objectives.empty())
    wrong("there are no objectives, expected `slo:`, such as slo: {yield: 99.9%, latency.p99_ms: 500}");
  if (plan.minimize && plan.maximize) wrong("both minimize and maximize are given, expected one of them");
  if (options.growth && !plan.maximize) wrong("--growth needs --maximize PATH, the load that grows");

  std::vector<std::string_view> numeric;
  const auto is_numeric = [](const config::Axis& axis) {
    return report::scale_of(reported_axis(axis)).numeric;
  };
  for (const config::Axis& axis : task.grid.axes)
    if (is_numeric(axis)) numeric.push_back(axis.label);
  const auto is_varied = [&](const std::string& path) {
    return std::find(numeric.begin(), numeric.end(), path) != numeric.end();
  };
  const auto varied_numbers = [&] {
    return numeric.empty() ? std::string("a path that is varied, with numbers") : config::list_of(numeric);
  };
  if (plan.maximize) {
    task.goal = *plan.maximize;
    if (!is_varied(task.goal))
      wrong("what is to be made large is not varied: " + config::quote(task.goal) + ", expected " +
            varied_numbers() + config::did_you_mean(task.goal, numeric));
  } else {
    const auto priced = [](const ScenarioConfig& s) { return price(s) > 0; };
    const bool prices = std::any_of(task.grid.points.begin(), task.grid.points.end(),
                                    [&](const Grid::Point& p) { return priced(p.scenario); });
    // Without prices, the only thing that is varied is what is to be few of.
    task.goal = plan.minimize.value_or(!prices && numeric.size() == 1 ? std::string(numeric.front())
                                                                      : std::string(kCost));
    if (task.goal == kCost && !prices)
      wrong(
          "no host has a price, so that cost.usd_per_hour says nothing: expected platform.hosts.GROUP.price, "
          "or "
          "another goal: " +
          varied_numbers());
    if (task.goal != kCost && !is_varied(task.goal)) {
      // Where the goal was given.
      const auto refuse = [&](const std::string& message) {
        const bool option = !options.minimize.empty();
        const auto tree = option ? std::nullopt : config::load_tree(file, sets, diagnostics);
        const auto from = std::make_shared<config::Source>(config::Source{"--minimize", {}, task.goal});
        diagnostics.error(tree ? config::locate(*tree, "plan.minimize") : config::Mark{from, 1, 1}, message);
      };
      std::vector<std::string_view> known = numeric;
      known.push_back(kCost);
      const std::string expected = config::list_of(known);
      const metrics::MetricInfo* metric = find_metric(task.goal);
      if (metric == nullptr) {
        const auto names = metric_names();
        known.insert(known.end(), names.begin(), names.end());
        refuse("what is to be made small is no metric and not varied: " + config::quote(task.goal) +
               ", expected " + expected + ", or a metric" + config::did_you_mean(task.goal, known));
      } else {
        for (const Grid::Point& point : task.grid.points) {
          const config::Node resolved = config::dump(point.scenario);
          const std::string missing = unmet(task.goal, *metric, resolved);
          if (missing.empty()) continue;
          refuse("what is to be made small is a metric that there will not be, " + config::quote(task.goal) +
                 ": it needs " + missing + config::did_you_mean(task.goal, reported_names(resolved)));
          break;
        }
      }
      task.measured = metric != nullptr;
    }
  }
  if (!diagnostics.ok()) return std::nullopt;
  if (plan.maximize) {
    const auto tree = config::load_tree(file, sets, diagnostics);
    const auto own = tree ? text_at(*tree, task.goal) : std::nullopt;
    if (own) {
      for (const config::Axis& axis : task.grid.axes) {
        if (axis.label != task.goal) continue;
        report::Sweep::Axis with = reported_axis(axis);
        with.values.push_back(*own);
        const report::Scale scale = report::scale_of(with);
        if (scale.numeric) task.own = scale.at.back();
      }
    }
    if (options.growth && !task.own)
      wrong("--growth needs the scenario's own value of " + config::quote(task.goal) + ", and it has none");
  }
  if (!diagnostics.ok()) return std::nullopt;
  add_worlds(task, file, sets, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;
  return task;
}

}  // namespace

std::optional<PlanTasks> load_plans(const std::string& file, std::span<const std::string> sets,
                                    const PlanOptions& options, Diagnostics& diagnostics) {
  auto grid = load_grid(file, sets, options.varies, diagnostics, For::plan, options.each);
  if (!grid) return std::nullopt;
  PlanTasks all;
  std::vector<Grid> grids;
  if (options.each.empty()) {
    grids.push_back(std::move(*grid));
  } else {
    all.each = reported_axis(grid->axes.front());
    grids = split_by_first(*grid);
    if (!options.uncertain.empty())
      diagnostics.error({}, file + ": --each and --uncertain both want several plans, expected one of them");
  }
  for (Grid& one : grids) {
    if (!diagnostics.ok()) return std::nullopt;
    auto task = task_of(std::move(one), file, sets, options, diagnostics);
    if (!task) return std::nullopt;
    all.tasks.push_back(std::move(*task));
  }
  return diagnostics.ok() ? std::optional(std::move(all)) : std::nullopt;
}

PlanOutcome run_plan(const PlanTask& task, const Executor& executor, int at_once, KeptReplications& kept,
                     const std::function<void(const std::string&)>& decided) {
  Study study(task, executor, at_once, kept, decided);
  PlanOutcome outcome = study.run();
  if (task.worlds.empty()) return outcome;
  outcome = Worlds(task, study, executor, at_once, kept, decided).run(std::move(outcome));
  if (const auto& found = *outcome.files.plan.uncertain; found.answer) {
    const auto& at = found.choices[*found.answer].at;
    for (const Grid::Point& point : task.grid.points) {
      if (point.at != at) continue;
      ScenarioConfig scenario = point.scenario;
      scenario.forget_studies();
      outcome.files.scenario_yaml = resolved_yaml(scenario);
    }
  }
  return outcome;
}

}  // namespace headroom::study
