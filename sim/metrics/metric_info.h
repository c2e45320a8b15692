#pragma once

#include <span>
#include <string_view>

namespace headroom::metrics {

/// Which direction of a metric people want.
enum class Better { higher, lower, neither };

/// What a metric means. Every component has a static table of these, from which `headroom metrics` prints. A
/// part of the name in angle brackets stands for any: "outcome.<kind>".
struct MetricInfo {
  std::string_view name;        ///< flat and dotted; the unit is the last part where there is one
  std::string_view unit;        ///< "ms", "s", "1/s", "share" (0 to 1), "count", "USD/h" …
  std::string_view definition;  ///< one sentence
  Better better = Better::neither;
};

/// What the catalogue says about the metric of that name: an exact entry before a pattern. Null if nothing.
inline const MetricInfo* find(std::span<const MetricInfo> catalogue, std::string_view name) {
  const MetricInfo* matching = nullptr;
  for (const MetricInfo& info : catalogue) {
    if (info.name == name) return &info;
    const auto open = info.name.find('<');
    const auto close = info.name.find('>');
    if (open == std::string_view::npos || close == std::string_view::npos || matching != nullptr) continue;
    const auto before = info.name.substr(0, open);
    const auto after = info.name.substr(close + 1);
    if (name.size() > before.size() + after.size() && name.starts_with(before) && name.ends_with(after)) {
      matching = &info;
    }
  }
  return matching;
}

}  // namespace headroom::metrics
