#include "sim/faults/target.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

#include "sim/config/diagnostics.h"

namespace headroom::faults {
namespace {

constexpr std::size_t kMostNames = 3;
std::span<const std::string_view> domains_for(Strikes strikes) {
  static constexpr std::string_view kHosts[] = {"host/", "group/", "rack/", "zone/", "region/"};
  static constexpr std::string_view kLinks[] = {"host/", "group/", "rack/", "switch/", "zone/", "region/"};
  static constexpr std::string_view kShared[] = {"power/", "switch/", "cooling/", "zone/", "region/"};
  switch (strikes) {
    case Strikes::hosts:
    case Strikes::hosts_and_clients:
      return kHosts;
    case Strikes::links:
      return kLinks;
    case Strikes::shared:
      return kShared;
  }
  return {};
}
bool clients_too(Strikes strikes) {
  return strikes == Strikes::hosts_and_clients || strikes == Strikes::links;
}
/// Picks are among whole domains, not among hosts.
bool whole_domains(Strikes strikes) {
  return strikes == Strikes::links || strikes == Strikes::shared;
}

bool is_role(std::string_view name, const Names& names) {
  return std::find(names.roles.begin(), names.roles.end(), name) != names.roles.end();
}

bool can_strike(std::string_view name, Strikes strikes, const Names& names) {
  if (name == kClientsName) return clients_too(strikes);
  if (is_role(name, names)) return strikes != Strikes::shared;
  const auto domains = domains_for(strikes);
  return std::any_of(domains.begin(), domains.end(),
                     [&](std::string_view domain) { return name.starts_with(domain); });
}

/// Everything that `kind` can strike, by name.
std::vector<std::string> candidates(Strikes strikes, const Names& names) {
  std::vector<std::string> all;
  if (strikes != Strikes::shared) all = names.roles;
  if (clients_too(strikes)) all.emplace_back(kClientsName);
  for (std::string& domain : names.topology.domain_names())
    if (can_strike(domain, strikes, names)) all.push_back(std::move(domain));
  return all;
}

std::string expected_forms(Strikes strikes, const Names& names) {
  std::vector<std::string> forms;
  for (const std::string_view domain : domains_for(strikes)) forms.push_back(std::string(domain) + "…");
  if (clients_too(strikes)) forms.emplace_back(kClientsName);
  if (strikes != Strikes::shared) forms.insert(forms.end(), names.roles.begin(), names.roles.end());
  return config::list_of(std::vector<std::string_view>(forms.begin(), forms.end()));
}

std::string unknown(const std::string& name, Strikes strikes, const Names& names) {
  const std::vector<std::string> all = candidates(strikes, names);
  std::vector<std::string_view> of_its_kind;
  const std::size_t slash = name.find('/');
  const std::string_view kind = std::string_view(name).substr(0, slash == std::string::npos ? 0 : slash + 1);
  if (!kind.empty())
    std::copy_if(all.begin(), all.end(), std::back_inserter(of_its_kind),
                 [&](const std::string& c) { return c.starts_with(kind); });
  const std::string expected =
      of_its_kind.empty() ? expected_forms(strikes, names) : config::list_of(of_its_kind);
  // `worker` is meant to be `group/worker`, `a1` to be `rack/a1`.
  std::string nearest;
  for (const std::string& candidate : all)
    if (slash == std::string::npos && candidate.ends_with("/" + name) && nearest.empty())
      nearest = "; did you mean " + config::quote(candidate) + "?";
  if (nearest.empty())
    nearest = config::did_you_mean(name, std::vector<std::string_view>(all.begin(), all.end()));
  return "there is no " + config::quote(name) + ", expected " + expected + nearest;
}

/// The hosts that a target can stand for; none if that is not known before it strikes (a role).
std::optional<std::set<world::HostId>> members(const Target& target, const Names& names) {
  if (target.pick > 0) return std::nullopt;
  if (target.name == kClientsName) return std::set<world::HostId>{world::kClients};
  std::set<world::HostId> all;
  if (!target.name.empty()) {
    const auto* domain = names.topology.domain(target.name);
    if (domain == nullptr) return std::nullopt;
    all.insert(domain->begin(), domain->end());
  }
  for (const Target& part : target.of) {
    const auto more = members(part, names);
    if (!more) return std::nullopt;
    all.insert(more->begin(), more->end());
  }
  return all;
}

/// How many a pick has to choose from, if that is known beforehand.
std::optional<std::size_t> choice(const Target& from, Strikes strikes, const Names& names) {
  const auto hosts = members(from, names);
  if (!hosts) return std::nullopt;
  if (!whole_domains(strikes)) return hosts->size();
  const auto domains = names_in(from, names.topology);
  return std::set(domains.begin(), domains.end()).size();
}

std::string with_article(std::string_view kind) {
  return (std::string_view("aeiou").find(kind.front()) == std::string_view::npos ? "a " : "an ") +
         std::string(kind);
}

}  // namespace

std::vector<Target> each_alone(const Target& target, const world::Topology& topology) {
  const auto* group = target.name.starts_with("group/") ? topology.domain(target.name) : nullptr;
  if (group == nullptr && (target.pick > 0 || !target.name.empty())) return {target};
  std::vector<Target> parts;
  if (group != nullptr)
    for (const world::HostId host : *group) parts.push_back({"host/" + topology.host(host).name, {}, 0});
  for (const Target& element : target.of)
    for (Target& part : each_alone(element, topology)) parts.push_back(std::move(part));
  return parts;
}

std::vector<std::string> names_in(const Target& target, const world::Topology& topology) {
  std::vector<std::string> names;
  for (Target& part : each_alone({target.name, target.of, 0}, topology)) {
    if (part.pick == 0) {
      names.push_back(std::move(part.name));
      continue;
    }
    for (std::string& name : names_in(part, topology)) names.push_back(std::move(name));
  }
  return names;
}

std::string to_text(const Target& target) {
  if (target.pick > 0) return std::to_string(target.pick) + " of " + to_text(target.of.front());
  if (!target.name.empty()) return target.name;
  std::string text;
  const std::size_t shown = std::min(target.of.size(), kMostNames);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + to_text(target.of[i]);
  if (target.of.size() > shown) text += " and " + std::to_string(target.of.size() - shown) + " more";
  return text;
}

void check_target(const Target& target, const std::string& path, std::string_view kind, Strikes strikes,
                  const Names& names, Complaints& complaints) {
  if (target.name.empty()) {
    const std::string below = path + (target.pick > 0 ? ".of" : "");
    for (std::size_t i = 0; i < target.of.size(); ++i)
      check_target(target.of[i], target.pick > 0 ? below : below + "." + std::to_string(i), kind, strikes,
                   names, complaints);
    const auto from = target.pick > 0 ? choice(target.of.front(), strikes, names) : std::nullopt;
    if (from && static_cast<std::int64_t>(*from) < target.pick)
      complaints.add(path + ".pick", to_text(target.of.front()) + " has only " + std::to_string(*from) +
                                         " to pick from, got " + std::to_string(target.pick));
    return;
  }
  const bool known = target.name == kClientsName || is_role(target.name, names) ||
                     names.topology.domain(target.name) != nullptr;
  if (!known)
    complaints.add(path, unknown(target.name, strikes, names));
  else if (!can_strike(target.name, strikes, names))
    complaints.add(path, with_article(kind) + " cannot strike " + config::quote(target.name) + ", expected " +
                             expected_forms(strikes, names));
  else if (const auto hosts = members(target, names); hosts && hosts->empty())
    complaints.add(path,
                   "no host stands in " + config::quote(target.name) + ", so there is nothing to strike");
}

}  // namespace headroom::faults
