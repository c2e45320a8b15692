#include "models/usage/ring.h"

#include <algorithm>

#include "sim/base/random.h"

namespace headroom::usage {
namespace {

std::uint64_t point_of(const std::string& name, int number) {
  return (StreamKey(0) / name / std::to_string(number)).hash();
}

}  // namespace

Ring::Ring(const std::vector<std::string>& hosts) : hosts_(hosts.size()) {
  for (std::size_t h = 0; h < hosts.size(); ++h)
    for (int k = 0; k < kPoints; ++k) points_.emplace_back(point_of(hosts[h], k), static_cast<int>(h));
  std::sort(points_.begin(), points_.end());
}

std::vector<int> Ring::walk(std::uint64_t point) const {
  std::vector<int> order;
  std::vector<bool> met(hosts_);
  const auto start = std::lower_bound(points_.begin(), points_.end(), std::pair(point, 0));
  for (std::size_t i = 0; i < points_.size() && order.size() < hosts_; ++i) {
    const auto at = (static_cast<std::size_t>(start - points_.begin()) + i) % points_.size();
    const int host = points_[at].second;
    if (met[static_cast<std::size_t>(host)]) continue;
    met[static_cast<std::size_t>(host)] = true;
    order.push_back(host);
  }
  return order;
}

std::vector<std::vector<int>> preference_lists(const std::vector<std::string>& hosts, int shards) {
  const Ring ring(hosts);
  const int most = (shards + static_cast<int>(hosts.size()) - 1) / static_cast<int>(hosts.size());
  std::vector<int> leads(hosts.size());
  std::vector<std::vector<int>> lists;
  for (int shard = 0; shard < shards; ++shard) {
    std::vector<int> list = ring.walk(point_of("shard", shard));
    const auto first = std::find_if(list.begin(), list.end(),
                                    [&](int host) { return leads[static_cast<std::size_t>(host)] < most; });
    ++leads[static_cast<std::size_t>(*first)];
    std::rotate(list.begin(), first, first + 1);
    lists.push_back(std::move(list));
  }
  return lists;
}

}  // namespace headroom::usage
