#pragma once

#include <string_view>

#include "sim/base/describe.h"

namespace headroom::faults {

/// Components that have processes of their own, whose software can be wrong.
enum class Component { load_balancer, api, auth, queue, processing, usage_store };

constexpr std::string_view name_of(Component component);

}  // namespace headroom::faults

namespace headroom {
template <>
struct enum_names<faults::Component> {
  static constexpr std::string_view names[] = {"load_balancer", "api",        "auth",
                                               "queue",         "processing", "usage/store"};
};
}  // namespace headroom

constexpr std::string_view headroom::faults::name_of(Component component) {
  return enum_names<Component>::names[static_cast<std::size_t>(component)];
}
