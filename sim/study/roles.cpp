#include "sim/study/roles.h"

#include <optional>

#include "models/usage/ring.h"

namespace headroom::study {

std::string to_text(const std::vector<Loss>& falls) {
  std::string text;
  for (const Loss& loss : falls) {
    text += (text.empty() ? "" : ", ") + std::to_string(loss.count) + " of " + std::to_string(loss.of) + " " +
            loss.group;
    if (!loss.role.empty()) text += " (" + loss.role + ")";
  }
  return text;
}

Roles::Roles(const ScenarioConfig& scenario, const world::Topology& topology, Moment moment)
    : topology_(topology), moment_(moment) {
  const DeploymentConfig& d = scenario.deployment;
  if (d.load_balancer && d.load_balancer->hosts) pair(*d.load_balancer->hosts, d.load_balancer->redundancy);
  if (d.api) all(d.api->hosts);
  if (d.auth) {
    if (d.auth->data_plane.hosts) pair(*d.auth->data_plane.hosts, d.auth->data_plane.redundancy);
    if (d.auth->management && d.auth->management->hosts)
      plays(members(*d.auth->management->hosts).front(), "management");
  }
  if (d.queue) queue(*d.queue);
  if (d.processing) all(d.processing->hosts);
  if (d.usage) {
    store(d.usage->store);
    if (d.usage->billing.hosts) all(*d.usage->billing.hosts);
  }
  // One who leads is known by that alone if nothing else tells the members of the group apart.
  if (!electing_.empty())
    for (const world::HostId host : members({electing_}))
      if (!words_.at(host).empty()) electing_.clear();
}

std::string Roles::of(world::HostId host) const {
  std::string text;
  for (const std::string& word : words_.at(host)) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<Loss> Roles::losses(const std::vector<world::HostId>& hosts) const {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const world::HostId host : hosts)
    if (used(host)) ++counts[{topology_.host(host).group, of(host)}];
  std::vector<Loss> falls;
  for (const auto& [who, count] : counts) falls.push_back({who.first, who.second, count, size(who.first)});
  return falls;
}

std::int64_t Roles::size(const std::string& group) const {
  return static_cast<std::int64_t>(topology_.domain("group/" + group)->size());
}

const std::vector<world::HostId>& Roles::members(const Ref& group) const {
  return *topology_.domain("group/" + group.name);
}

void Roles::plays(world::HostId host, const std::string& word) {
  auto& words = words_[host];
  if (!word.empty()) words.insert(word);
}

void Roles::all(const Ref& group, const std::string& word) {
  ++parts_[group.name];
  for (const world::HostId host : members(group)) plays(host, word);
}

void Roles::pair(const Ref& group, std::optional<calls::Redundancy> redundancy) {
  if (redundancy != calls::Redundancy::active_passive || members(group).size() < 2) return all(group);
  all(group, "standby");
  words_[members(group).front()].erase("standby");
  plays(members(group).front(), "active");
}

void Roles::queue(const queue::QueueConfig& config) {
  if (config.replication == queue::Replication::none) {
    ++parts_[config.hosts.name];
    plays(members(config.hosts).front(), members(config.hosts).size() > 1 ? "the only copy" : "");
    return;
  }
  all(config.hosts);
  if (config.replication == queue::Replication::raft && moment_ == Moment::running &&
      members(config.hosts).size() > 1)
    electing_ = config.hosts.name;
}

void Roles::store(const usage::StoreConfig& config) {
  ++parts_[config.hosts.name];
  std::vector<std::string> names;
  for (const world::HostId host : members(config.hosts)) names.push_back(topology_.host(host).name);
  const auto replicas = static_cast<std::size_t>(config.replicas_of(std::ssize(names)));
  std::set<int> homes;
  for (const auto& hosts : usage::preference_lists(names, static_cast<int>(config.shards)))
    homes.insert(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(replicas));
  int n = 0;
  for (const world::HostId host : members(config.hosts)) plays(host, homes.contains(n++) ? "" : "stand-in");
}

}  // namespace headroom::study
