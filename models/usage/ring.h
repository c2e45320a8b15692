#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace headroom::usage {

/// Consistent hashing: each host owns `kPoints` points on a ring of 2^64 (virtual nodes), which depend on its
/// name only, so that a host more or less moves only what is its own. (Karger et al., STOC 1997; DeCandia et
/// al., “Dynamo”, SOSP 2007, section 4.2.)
class Ring {
 public:
  static constexpr int kPoints = 64;
  explicit Ring(const std::vector<std::string>& hosts);
  /// All hosts, each once, in the order in which a walk clockwise from `point` meets them.
  std::vector<int> walk(std::uint64_t point) const;

 private:
  std::vector<std::pair<std::uint64_t, int>> points_;  // sorted
  std::size_t hosts_;
};

/// For each shard all hosts in order of preference: the first `replicas` of a list are the shard's homes, the
/// others stand in for them. The order is that of the ring, but for the first: no host is first for more than
/// shards / hosts, rounded up (consistent hashing with bounded loads; Mirrokni et al., SODA 2018), so that
/// few shards are spread as evenly as many.
std::vector<std::vector<int>> preference_lists(const std::vector<std::string>& hosts, int shards);

}  // namespace headroom::usage
