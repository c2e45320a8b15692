#include "sim/faults/target.h"

#include <algorithm>
#include <set>

#include "sim/config/diagnostics.h"

namespace headroom::faults {
namespace {

constexpr std::size_t kMostNames = 3;
constexpr std::string_view kDomains[] = {"host/", "group/", "rack/", "zone/", "region/"};

bool is_role(std::string_view name, const Names& names) {
  return std::find(names.roles.begin(), names.roles.end(), name) != names.roles.end();
}

bool can_strike(std::string_view name, Strikes strikes, const Names& names) {
  if (name == kClientsName) return strikes == Strikes::hosts_and_clients;
  return is_role(name, names) || std::any_of(std::begin(kDomains), std::end(kDomains),
                                             [&](std::string_view d) { return name.starts_with(d); });
}

/// Everything that `kind` can strike, by name.
std::vector<std::string> candidates(Strikes strikes, const Names& names) {
  std::vector<std::string> all = names.roles;
  if (strikes == Strikes::hosts_and_clients) all.emplace_back(kClientsName);
  for (std::string& domain : names.topology.domain_names())
    if (can_strike(domain, strikes, names)) all.push_back(std::move(domain));
  return all;
}

std::string expected_forms(Strikes strikes, const Names& names) {
  std::vector<std::string> forms;
  for (const std::string_view domain : kDomains) forms.push_back(std::string(domain) + "…");
  if (strikes == Strikes::hosts_and_clients) forms.emplace_back(kClientsName);
  forms.insert(forms.end(), names.roles.begin(), names.roles.end());
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

}  // namespace

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
    const auto from = target.pick > 0 ? members(target.of.front(), names) : std::nullopt;
    if (from && static_cast<std::int64_t>(from->size()) < target.pick)
      complaints.add(path + ".pick", to_text(target.of.front()) + " has only " +
                                         std::to_string(from->size()) + " to pick from, got " +
                                         std::to_string(target.pick));
    return;
  }
  const bool known = target.name == kClientsName || is_role(target.name, names) ||
                     names.topology.domain(target.name) != nullptr;
  if (!known)
    complaints.add(path, unknown(target.name, strikes, names));
  else if (!can_strike(target.name, strikes, names))
    complaints.add(path, "a " + std::string(kind) + " cannot strike " + config::quote(target.name) +
                             ", expected " + expected_forms(strikes, names));
  else if (const auto hosts = members(target, names); hosts && hosts->empty())
    complaints.add(path,
                   "no host stands in " + config::quote(target.name) + ", so there is nothing to strike");
}

}  // namespace headroom::faults
