#pragma once

#include <concepts>

namespace headroom::faults {

/// The load that a fault of traffic brings on top when it has grown to its full size, for estimates that are
/// made without simulating.
struct MoreLoad {
  double of_own = 0;      ///< times the scenario's own
  double per_second = 0;  ///< requests
  double users = 0;       ///< who send those
};

/// A kind that brings some.
template <class K>
concept Loading = requires(const K& kind) {
  { kind.more_load() } -> std::same_as<MoreLoad>;
};

}  // namespace headroom::faults
