#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "sim/base/check.h"

namespace headroom::metrics {

/// Which direction of a metric people want.
enum class Better { higher, lower, neither };

/// What a metric means. Whoever reports one has a constant of this type for it, and reports it by that
/// (result.h); each component lists its constants (models/COMPONENT/metrics.h), and `headroom metrics` prints
/// the lists. A part of the name in angle brackets stands for any: "availability.<group>" is a family.
///
/// `needs` says what a scenario must have for the metric to be reported; without it, it always is. It is the
/// path of something in the resolved scenario (scenario.yaml), as `--set` takes it, which is there unless it
/// is left out, null, `false`, an empty list, or zero: "deployment.api.quota_per_user". With `=VALUE` it must
/// have that value: "deployment.queue.when_full=drop_oldest". `*` stands for any key or element, and for a
/// family the part in angle brackets for what the name has there: "watch.*.group=<group>". Several paths are
/// joined by " and ", alternatives of these by " or "; there are no parentheses. The other way round it holds
/// as well, a metric whose needs are met is reported, but for what only the run can tell (`when_told`).
struct MetricInfo {
  std::string_view name;        ///< flat and dotted; the unit is the last part where there is one
  std::string_view unit;        ///< "ms", "s", "1/s", "share" (0 to 1), "count", "USD/h" …
  std::string_view definition;  ///< one sentence
  Better better = Better::neither;
  std::string_view needs{};
  bool when_told = false;  ///< may be missing although its needs are met; the definition says when
};

/// What a column of the time series means: the same for a slot as a MetricInfo for the window. Of a counter:
/// what happened in the slot; of a level: its mean over the slot.
struct SeriesInfo {
  std::string_view name;
  std::string_view unit;
  std::string_view definition;
  std::string_view needs{};
  bool when_told = false;
};

/// The column that shows over time just what a metric says of the window.
constexpr SeriesInfo over_time(const MetricInfo& metric) {
  return {metric.name, metric.unit, metric.definition, metric.needs, metric.when_told};
}

/// The name under which something is reported: that of an entry of a catalogue, or of one of a family. Only
/// from such an entry, so that nothing is reported that nobody has described.
template <class Info>
class Named {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): results.total(kOffered, …)
  Named(const Info& info) : name_(info.name) {
    HEADROOM_CHECK(info.name.find('<') == std::string_view::npos, "a family is reported one by one");
  }
  /// `Named(kAvailability, "worker")` is "availability.worker" of "availability.<group>".
  Named(const Info& family, std::string_view one) : name_(family.name) {
    const auto open = name_.find('<');
    HEADROOM_CHECK(open != std::string::npos, "one of a family");
    name_.replace(open, name_.find('>') - open + 1, one);
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};
using MetricName = Named<MetricInfo>;
using SeriesName = Named<SeriesInfo>;

/// What of `name` the part in angle brackets stands for; empty if that is not of this family.
inline std::string_view one_of(std::string_view family, std::string_view name) {
  const auto open = family.find('<');
  const auto close = family.find('>');
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  const auto before = family.substr(0, open);
  const auto after = family.substr(close + 1);
  if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after))
    return {};
  return name.substr(before.size(), name.size() - before.size() - after.size());
}

/// What the catalogue says about that name: an exact entry before a family. Null if nothing.
template <class Info>
const Info* find(std::span<const Info> catalogue, std::string_view name) {
  const Info* family = nullptr;
  for (const Info& info : catalogue) {
    if (info.name == name) return &info;
    if (family == nullptr && !one_of(info.name, name).empty()) family = &info;
  }
  return family;
}
// For what only turns into a span.
inline const MetricInfo* find(std::span<const MetricInfo> catalogue, std::string_view name) {
  return find<MetricInfo>(catalogue, name);
}

namespace detail {
/// How many entries a part of a list is: one, or an array of them.
template <class Part>
inline constexpr std::size_t kEntries = 1;
template <class Info, std::size_t N>
inline constexpr std::size_t kEntries<std::array<Info, N>> = N;
}  // namespace detail

/// All that a component reports, of constants and of arrays of them: `list<MetricInfo>(kOffered, kOutcomes)`.
template <class Info, class... Parts>
constexpr auto list(const Parts&... parts) {
  std::array<Info, (detail::kEntries<Parts> + ...)> all{};
  std::size_t next = 0;
  const auto add = [&](const auto& part) {
    if constexpr (std::is_same_v<std::decay_t<decltype(part)>, Info>)
      all[next++] = part;
    else
      for (const Info& one : part) all[next++] = one;
  };
  (add(parts), ...);
  return all;
}

}  // namespace headroom::metrics
