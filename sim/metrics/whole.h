#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace headroom::metrics {

/// A whole number in [least, most] of a JSON document. Throws like the library does if it is something else:
/// the library itself would convert whatever number there is, and one that does not fit has no meaning in
/// C++.
template <std::integral T, class Json>
T whole(const Json& j, T least = std::numeric_limits<T>::min(), T most = std::numeric_limits<T>::max()) {
  const auto refuse = [&] {
    throw Json::other_error::create(600, "expected a whole number within its range", &j);
  };
  if (!j.is_number_integer()) refuse();
  const bool fits = j.is_number_unsigned() ? std::in_range<T>(j.template get<std::uint64_t>())
                                           : std::in_range<T>(j.template get<std::int64_t>());
  if (!fits) refuse();
  const T value = j.template get<T>();
  if (value < least || value > most) refuse();
  return value;
}

}  // namespace headroom::metrics
