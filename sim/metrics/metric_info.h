#pragma once

#include <string_view>

namespace headroom::metrics {

/// Which direction of a metric people want.
enum class Better { higher, lower, neither };

/// What a metric means. Every component has a static table of these, from which `headroom metrics` prints.
struct MetricInfo {
  std::string_view name;        ///< flat and dotted; the unit is the last part where there is one
  std::string_view unit;        ///< "ms", "s", "1/s", "share", "count", "USD/h" …
  std::string_view definition;  ///< one sentence
  Better better = Better::neither;
};

}  // namespace headroom::metrics
