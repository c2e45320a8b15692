#include "sim/faults/abuse.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/config/units.h"

namespace headroom::faults {

namespace {

constexpr std::size_t kMostNames = 3;

/// n different ones of `all`, in ascending order (Floyd's algorithm: Bentley and Floyd, CACM 30(9), 1987).
std::vector<std::uint64_t> sample(std::uint64_t n, std::uint64_t all, Engine& draw) {
  std::set<std::uint64_t> chosen;
  for (std::uint64_t last = all - n; last < all; ++last)
    if (!chosen.insert(uniform_below(draw, last + 1)).second) chosen.insert(last);
  return {chosen.begin(), chosen.end()};
}

}  // namespace

void Abuse::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (users > names.workload.users)
    complaints.add(path + ".users", "there are not so many users, expected at most " +
                                        std::to_string(names.workload.users) + " (workload.users)");
}

std::string Abuse::subject() const {
  return std::to_string(users) + (users == 1 ? " user, " : " users, ") + config::print(rate);
}

std::unique_ptr<Effect> Abuse::strike(Hardware& hardware, Engine& draw) const {
  world::Traffic& traffic = hardware.service().traffic();
  auto chosen = sample(static_cast<std::uint64_t>(users), traffic.users(), draw);
  std::vector<std::string> names;
  for (const std::uint64_t user : chosen) names.push_back("user " + std::to_string(user));
  world::Load load{.key = StreamKey(draw()), .rate = rate, .users = std::move(chosen)};
  return altering(list_of_names(names, kMostNames),
                  [&traffic, load = std::move(load)] { return traffic.add(load); });
}

}  // namespace headroom::faults
