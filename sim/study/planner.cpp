#include "sim/study/planner.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace headroom::study {

std::size_t VariantVerdict::binding() const {
  std::size_t nearest = 0;
  for (std::size_t o = 1; o < objectives.size(); ++o)
    if (objectives[o].margin < objectives[nearest].margin) nearest = o;
  return nearest;
}

int PointVerdict::replications() const {
  int sum = 0;
  for (const VariantVerdict& v : variants) sum += v.replications;
  return sum;
}

const VariantVerdict& PointVerdict::binding() const {
  HEADROOM_CHECK(!variants.empty(), "a tested point has a variant");
  const auto key = [](const VariantVerdict& v) {
    return std::pair(v.told != Told::misses, v.objectives.empty() ? 0.0 : v.objectives[v.binding()].margin);
  };
  return *std::min_element(variants.begin(), variants.end(),
                           [&](const VariantVerdict& a, const VariantVerdict& b) { return key(a) < key(b); });
}

const PointVerdict* PlanAnswer::find(std::size_t candidate) const {
  for (const PointVerdict& point : tested)
    if (point.candidate == candidate) return &point;
  return nullptr;
}

Planner::Planner(PlanProblem problem, Run run, int at_once)
    : problem_(std::move(problem)),
      run_(std::move(run)),
      at_once_(std::max(1, at_once)),
      search_(problem_.candidates, problem_.directed, problem_.exhaustive) {
  HEADROOM_CHECK(!problem_.objectives.empty(), "a plan needs an objective");
  HEADROOM_CHECK(problem_.variants.size() == problem_.candidates.size(), "each candidate has variants");
}

void Planner::judge_variant(const VariantRuns& runs, int look, double error, std::size_t variants,
                            VariantVerdict& verdict) const {
  const bool settled_before = verdict.replications == 0 || verdict.settled;
  verdict.replications = static_cast<int>(runs.runs.size());
  verdict.settled = runs.settled;
  verdict.unsettled = runs.unsettled;
  verdict.limited_by = runs.limited_by;
  verdict.objectives.clear();
  const double misses = error / static_cast<double>(problem_.objectives.size() * variants);
  bool all = true, any = false;
  for (const metrics::Objective& objective : problem_.objectives) {
    verdict.objectives.push_back(judge(objective, runs.runs, error, misses, problem_.indifference));
    all = all && verdict.objectives.back().told == Told::holds;
    any = any || verdict.objectives.back().told == Told::misses;
  }
  // Of many looks one may find a trend by chance.
  any = any || (!runs.settled && !settled_before && look > 1);
  verdict.told = any ? Told::misses : all && runs.settled ? Told::holds : Told::undecided;
}

/// One look at variants of a point; false if there are no more runs.
bool Planner::look(PointVerdict& point, std::vector<VariantVerdict*> variants, int look) {
  const std::size_t place = static_cast<std::size_t>(&point - tested_.data()) + 1;
  const double error = error_at(problem_.alpha, place);
  const int n = replications_at(look);
  const auto together = static_cast<std::size_t>(std::max(1, at_once_ / n));
  for (std::size_t first = 0; first < variants.size(); first += together) {
    std::vector<std::size_t> asked;
    for (std::size_t i = first; i < std::min(first + together, variants.size()); ++i)
      asked.push_back(variants[i]->variant);
    const auto results = run_(point.candidate, asked, n);
    if (!results) return false;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      VariantVerdict& verdict = *variants[first + i];
      judge_variant((*results)[i], look, error, problem_.variants[point.candidate].size(), verdict);
      if (verdict.told != Told::misses) continue;
      point.told = Told::misses;
      return true;
    }
  }
  return true;
}

/// Looks at a point until it is decided; false if there are no more runs.
bool Planner::test(PointVerdict& point, bool all_variants) {
  const auto& variants = problem_.variants[point.candidate];
  std::vector<std::size_t> order;
  for (std::size_t v = 0; v < variants.size(); ++v) {
    const bool known = std::any_of(point.variants.begin(), point.variants.end(),
                                   [&](const VariantVerdict& other) { return other.variant == v; });
    if (!known && (all_variants || variants[v].stands)) order.push_back(v);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return variants[a].slack < variants[b].slack; });
  for (const std::size_t v : order) point.variants.push_back({v, Told::undecided, 0, true, {}, {}, {}});
  point.told = Told::undecided;
  for (int k = 1; k <= kLastLook; ++k) {
    std::vector<VariantVerdict*> open;
    for (VariantVerdict& v : point.variants)
      if (v.told == Told::undecided) open.push_back(&v);
    if (open.empty()) break;
    if (!look(point, open, k)) return false;
    if (point.told == Told::misses) break;
  }
  if (point.told != Told::misses &&
      std::all_of(point.variants.begin(), point.variants.end(),
                  [](const VariantVerdict& v) { return v.told == Told::holds; }))
    point.told = Told::holds;
  // What was not run says nothing.
  std::erase_if(point.variants, [](const VariantVerdict& v) { return v.replications == 0; });
  return true;
}

PlanAnswer Planner::find(const Hear& hear) {
  PlanAnswer answer;
  // A point's number decides its share of the error: the points stay where they are.
  tested_.reserve(problem_.candidates.size());
  const auto tell = [&](const PointVerdict& point) {
    search_.tell(point.candidate, point.told);
    if (hear) hear(*this, point);
  };
  while (!answer.stopped) {
    if (const auto next = search_.next()) {
      tested_.push_back({*next, Told::undecided, {}});
      answer.stopped = !test(tested_.back(), false);
      tell(tested_.back());
      continue;
    }
    // The answer has to hold in what others stood for, too.
    const auto best = search_.answer();
    if (!best) break;
    PointVerdict& point = *std::find_if(tested_.begin(), tested_.end(),
                                        [&](const PointVerdict& p) { return p.candidate == *best; });
    if (point.variants.size() == problem_.variants[*best].size()) break;
    answer.stopped = !test(point, true);
    tell(point);
  }
  answer.best = search_.answer();
  answer.tested = tested_;
  if (!answer.best) {
    const PointVerdict* nearest = nullptr;
    const auto margin = [](const PointVerdict& p) {
      const VariantVerdict& v = p.binding();
      return v.objectives.empty() ? 0.0 : v.objectives[v.binding()].margin;
    };
    for (const PointVerdict& p : answer.tested)
      if (!p.variants.empty() && (nearest == nullptr || margin(p) > margin(*nearest))) nearest = &p;
    if (nearest != nullptr) answer.nearest = nearest->candidate;
  }
  return answer;
}

}  // namespace headroom::study
