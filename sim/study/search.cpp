#include "sim/study/search.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/base/check.h"

namespace headroom::study {
namespace {

/// Halfin and Whitt, Operations Research 29 (1981): with a spare of √load servers about one request in five
/// waits.
constexpr double kUsualSlack = 1;
constexpr double kStep = 0.5;

}  // namespace

Search::Search(std::vector<Candidate> candidates, std::vector<bool> directed, bool exhaustive)
    : candidates_(std::move(candidates)),
      directed_(std::move(directed)),
      exhaustive_(exhaustive),
      told_(candidates_.size()) {
  for (const Candidate& c : candidates_)
    HEADROOM_CHECK(c.rank.size() == directed_.size(), "a candidate has a rank on every axis");
}

bool Search::at_least(std::size_t a, std::size_t b) const {
  for (std::size_t axis = 0; axis < directed_.size(); ++axis) {
    const int left = candidates_[a].rank[axis], right = candidates_[b].rank[axis];
    if (directed_[axis] ? left < right : left != right) return false;
  }
  return true;
}

bool Search::ruled_out(std::size_t candidate) const {
  if (told_[candidate] || contradiction_) return false;
  for (std::size_t i = 0; i < candidates_.size(); ++i)
    if (told_[i] == Told::misses && at_least(i, candidate)) return true;
  return false;
}

std::optional<Told> Search::known(std::size_t candidate) const {
  if (told_[candidate]) return told_[candidate];
  if (candidates_[candidate].overloaded || ruled_out(candidate)) return Told::misses;
  if (!contradiction_)
    for (std::size_t i = 0; i < candidates_.size(); ++i)
      if (told_[i] == Told::holds && at_least(candidate, i)) return Told::holds;
  return std::nullopt;
}

std::optional<std::size_t> Search::answer() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (told_[i] != Told::holds) continue;
    const Candidate& c = candidates_[i];
    if (!best || c.objective < candidates_[*best].objective ||
        (c.objective == candidates_[*best].objective && c.slack > candidates_[*best].slack))
      best = i;
  }
  return best;
}

std::vector<std::size_t> Search::undecided() const {
  const auto best = answer();
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < candidates_.size(); ++i)
    if (told_[i] == Told::undecided && (!best || candidates_[i].objective < candidates_[*best].objective))
      found.push_back(i);
  return found;
}

std::optional<std::size_t> Search::neighbour(std::size_t candidate, std::size_t axis, int step) const {
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    bool is = true;
    for (std::size_t a = 0; a < directed_.size() && is; ++a)
      is = candidates_[i].rank[a] == candidates_[candidate].rank[a] + (a == axis ? step : 0);
    if (is) return i;
  }
  return std::nullopt;
}

std::vector<std::size_t> Search::open() const {
  const auto best = answer();
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (told_[i] || candidates_[i].overloaded) continue;
    if (exhaustive_ || ((!best || candidates_[i].objective < candidates_[*best].objective) && !ruled_out(i)))
      all.push_back(i);
  }
  return all;
}

std::optional<std::size_t> Search::to_check() const {
  const auto best = answer();
  if (!best) return std::nullopt;
  for (std::size_t axis = 0; axis < directed_.size(); ++axis) {
    if (!directed_[axis]) continue;
    const auto more = neighbour(*best, axis, +1);
    if (more && !told_[*more] && !candidates_[*more].overloaded) return more;
  }
  return std::nullopt;
}

std::optional<std::size_t> Search::next() const {
  const std::vector<std::size_t> all = open();
  if (all.empty()) return to_check();
  const auto cheaper = [&](std::size_t a, std::size_t b) {
    const Candidate &x = candidates_[a], &y = candidates_[b];
    if (x.objective != y.objective) return x.objective < y.objective;
    if (x.slack != y.slack) return x.slack > y.slack;
    return a < b;
  };
  if (exhaustive_) return *std::min_element(all.begin(), all.end(), cheaper);

  double missed = -std::numeric_limits<double>::infinity();
  double held = std::numeric_limits<double>::infinity();
  int misses = 0, holds = 0;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (told_[i] == Told::misses) {
      missed = std::max(missed, candidates_[i].slack);
      ++misses;
    }
    if (told_[i] == Told::holds) {
      held = std::min(held, candidates_[i].slack);
      ++holds;
    }
  }
  // The slack from which on candidates are expected to hold.
  double expected = kUsualSlack;
  if (misses > 0 && holds > 0)
    expected = missed < held ? (missed + held) / 2 : held;
  else if (misses > 0)
    expected = std::max(missed, 0.0) + kStep * static_cast<double>(1 << std::min(misses - 1, 20));
  else if (holds > 0)
    expected = held / 2;
  std::optional<std::size_t> chosen;
  for (const std::size_t i : all)
    if (candidates_[i].slack >= expected && (!chosen || cheaper(i, *chosen))) chosen = i;
  if (chosen) return chosen;
  // None is expected to hold: the one that is likeliest to; if it misses, it rules out most.
  return *std::max_element(all.begin(), all.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(candidates_[a].slack, b) < std::pair(candidates_[b].slack, a);
  });
}

void Search::tell(std::size_t candidate, Told told) {
  told_[candidate] = told;
  contradiction_.reset();
  for (std::size_t h = 0; h < candidates_.size(); ++h) {
    if (told_[h] != Told::holds) continue;
    for (std::size_t m = 0; m < candidates_.size(); ++m)
      if (told_[m] == Told::misses && at_least(m, h)) contradiction_ = std::pair(h, m);
  }
}

}  // namespace headroom::study
