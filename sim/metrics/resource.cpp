#include "sim/metrics/resource.h"

#include <array>
#include <utility>

namespace headroom::metrics::resource {
namespace {

using Words = std::pair<std::string_view, std::string_view>;

std::string_view look_up(const auto& table, std::string_view name, std::string_view otherwise) {
  for (const Words& words : table)
    if (words.first == name) return words.second;
  return otherwise;
}

}  // namespace

std::string disk(std::string_view host) {
  return "disk host/" + std::string(host);
}

std::string link(std::string_view network_link) {
  std::string_view rest = network_link;
  for (const std::string_view direction : {"/up", "/down"})
    if (rest.ends_with(direction) && rest.size() == network_link.size()) rest.remove_suffix(direction.size());
  const auto take = [&](std::string_view kind) {
    if (!rest.starts_with(kind)) return false;
    rest.remove_prefix(kind.size());
    return true;
  };
  if (take("nic/")) return "nic host/" + std::string(rest);
  if (rest.starts_with("rack/") || rest.starts_with("zone/")) return "uplink " + std::string(rest);
  if (take("zones/")) {
    const auto dash = rest.find('-');  // zones are single letters
    std::string a(rest.substr(0, dash)), b(rest.substr(dash + 1));
    if (b < a) std::swap(a, b);
    return "between zone/" + a + " and zone/" + b;
  }
  return std::string(rest);
}

std::string_view members(std::string_view name) {
  static constexpr std::array<Words, 7> kMembers = {{{kLoadBalancer, "balancers"},
                                                     {kApi, "servers"},
                                                     {kMaxInFlight, "servers"},
                                                     {kAuth, "hosts"},
                                                     {kProcessing, "workers"},
                                                     {kHeldSlots, "workers"},
                                                     {kMaxWaiting, "workers"}}};
  return look_up(kMembers, name, name == kQueueCapacity ? "members" : "");
}

std::string_view state(std::string_view name) {
  static constexpr std::array<Words, 5> kStates = {{{kHeldSlots, "taken"},
                                                    {kMaxWaiting, "full"},
                                                    {kQueueCapacity, "full"},
                                                    {kMaxInFlight, "in use"},
                                                    {kQuota, "used up"}}};
  return look_up(kStates, name, "busy");
}

}  // namespace headroom::metrics::resource
