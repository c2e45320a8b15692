#include "sim/metrics/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "sim/metrics/statistics.h"

namespace headroom::metrics {
namespace {

constexpr Duration kMinute = Duration::s(60);
constexpr std::int64_t kMostCells = 2000;
/// What only holds limits if it is nearer to its bound by more than this.
constexpr double kMargin = 0.05;

/// Adds `values` to `sums`; what is missing is 0.
void add(std::vector<double>& sums, const std::vector<double>& values) {
  if (sums.size() < values.size()) sums.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

/// Means over the replications, by cell. A resource that a replication does not name was not used in it.
std::vector<Use> means(const std::vector<const std::vector<Use>*>& replications) {
  std::vector<Use> all;
  for (const std::vector<Use>* replication : replications) {
    std::size_t next = 0;  // replications mostly have the same in the same order
    for (const Use& use : *replication) {
      const auto same = [&](const Use& u) { return u.id == use.id; };
      auto found = next < all.size() && same(all[next]) ? all.begin() + static_cast<std::ptrdiff_t>(next)
                                                        : std::find_if(all.begin(), all.end(), same);
      if (found == all.end()) {
        all.push_back(use);
        all.back().share.clear();
        all.back().alive.clear();
        found = all.end() - 1;
      }
      add(found->share, use.share);
      add(found->alive, use.alive);
      next = static_cast<std::size_t>(found - all.begin()) + 1;
    }
  }
  for (Use& use : all) {
    for (double& share : use.share) share /= static_cast<double>(replications.size());
    for (double& alive : use.alive) alive /= static_cast<double>(replications.size());
  }
  return all;
}

double mean_of(const std::vector<double>& values, std::size_t from, std::size_t count) {
  double sum = 0;
  for (std::size_t i = from; i < from + count; ++i) sum += values[i];
  return sum / static_cast<double>(count);
}

Limit worst_minute(const Use& use, const Cells& cells) {
  const auto minute = static_cast<std::size_t>(cells.in_a_minute());
  std::size_t worst = 0;
  double highest = -1;
  for (std::size_t i = 0; i + minute <= use.share.size(); ++i) {
    const double share = mean_of(use.share, i, minute);
    if (share <= highest) continue;
    highest = share;
    worst = i;
  }
  const auto members = static_cast<double>(use.members);
  return {use.name,
          std::max(0.0, highest),
          use.alive.empty() ? members : mean_of(use.alive, worst, minute),
          use.members,
          cells.edge(static_cast<int>(worst)).since_start().seconds(),
          use.duty,
          use.link};
}

}  // namespace

Cells::Cells(const Window& window) : window_(window) {
  const std::int64_t length = window.length().count_ns();
  const std::int64_t wanted = window.length() <= kMinute
                                  ? Duration::s(1).count_ns()
                                  : std::max(Duration::s(5).count_ns(), length / kMostCells);
  count_ = static_cast<int>(std::max<std::int64_t>(1, (length + wanted - 1) / wanted));
  width_ = Duration::ns(length / count_);
}

int Cells::in_a_minute() const {
  const auto minute = static_cast<std::int64_t>(std::llround(kMinute / width_));
  return static_cast<int>(std::clamp<std::int64_t>(minute, 1, count_));
}

std::string alive_text(const Limit& limit) {
  const double tenths = std::round(limit.alive * 10);
  return std::fmod(tenths, 10) == 0 ? fmt::format("{:.0f} of {}", tenths / 10, limit.members)
                                    : fmt::format("{:.1f} of {}", tenths / 10, limit.members);
}

std::vector<Limit> worst_minutes(const std::vector<const std::vector<Use>*>& replications,
                                 const Window& window) {
  const Cells cells(window);
  std::vector<Limit> limits;
  for (const Use& use : means(replications)) {
    // A replication that was kept in a file may have any number.
    if (use.share.size() == static_cast<std::size_t>(cells.count()))
      limits.push_back(worst_minute(use, cells));
  }
  std::stable_sort(limits.begin(), limits.end(),
                   [](const Limit& a, const Limit& b) { return a.share > b.share; });
  std::vector<Limit> once;
  for (Limit& limit : limits) {
    const bool known =
        std::any_of(once.begin(), once.end(), [&](const Limit& l) { return l.name == limit.name; });
    if (limit.share > 0 && !(limit.link && known)) once.push_back(std::move(limit));
  }
  return once;
}

std::optional<Limit> bottleneck(const std::vector<Limit>& limits) {
  const auto first = [&](Duty duty) {
    return std::find_if(limits.begin(), limits.end(), [&](const Limit& l) { return l.duty == duty; });
  };
  const auto serves = first(Duty::serves);
  const auto holds = first(Duty::holds);
  if (holds != limits.end() && (serves == limits.end() || holds->share > serves->share + kMargin))
    return *holds;
  if (serves != limits.end()) return *serves;
  return std::nullopt;
}

std::optional<Limit> busiest_link(const std::vector<Limit>& limits) {
  const auto found = std::find_if(limits.begin(), limits.end(), [](const Limit& l) { return l.link; });
  return found == limits.end() ? std::nullopt : std::optional(*found);
}

std::optional<std::string> saturated(const std::vector<const std::vector<Use>*>& replications) {
  std::optional<std::string> fullest;
  double highest = 0;
  for (const Use& use : means(replications)) {
    if (use.duty != Duty::serves || use.alive.empty()) continue;
    const std::size_t middle = use.share.size() / 2;
    if (mean_of(use.alive, middle, use.share.size() - middle) == 0) continue;  // dead, not full
    Moments half;
    for (std::size_t i = middle; i < use.share.size(); ++i) half.add(use.share[i]);
    const double error = std::sqrt(half.variance() / static_cast<double>(half.count()));
    const bool full = half.mean() >= 0.999 || (half.mean() >= 0.98 && half.mean() + 3 * error >= 1);
    if (!full || half.mean() <= highest) continue;
    highest = half.mean();
    fullest = use.name;
  }
  return fullest;
}

}  // namespace headroom::metrics
