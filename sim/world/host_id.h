#pragma once

#include <compare>
#include <cstdint>

namespace headroom::world {

/// A host of the platform: 1, 2, … in the order of (group name, member number). 0 stands for the outside
/// world.
struct HostId {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(HostId, HostId) = default;
};

/// The clients: everything beyond the region's edge. Always up.
inline constexpr HostId kClients{0};
/// No host at all.
inline constexpr HostId kNoHost{0xffffffff};

}  // namespace headroom::world
