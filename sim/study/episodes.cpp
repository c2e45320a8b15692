#include "sim/study/episodes.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

#include "sim/study/whole_seconds.h"

namespace headroom::study {
namespace {

template <class K>
concept Targeted = requires(const K& kind) {
  { kind.target } -> std::convertible_to<faults::Target>;
};

/// What a target's names take with them, and the names that are no hosts of their own.
struct Struck {
  std::vector<world::HostId> hosts;
  std::set<std::string, std::less<>> feeds;
  std::string sorts;  ///< "host", "rack", "clients"
};

Struck struck_by(const faults::Target& target, const world::Topology& topology) {
  Struck struck;
  std::set<world::HostId> hosts;
  std::set<std::string> sorts;
  for (const std::string& name : faults::names_in(target, topology)) {
    const auto* members = topology.domain(name);
    if (members == nullptr) {
      sorts.insert(name);  // a role, or the clients
      continue;
    }
    sorts.insert(name.substr(0, name.find('/')));
    if (name.starts_with("power/"))
      struck.feeds.insert(name);
    else
      hosts.insert(members->begin(), members->end());
  }
  struck.hosts.assign(hosts.begin(), hosts.end());
  for (const std::string& sort : sorts) struck.sorts += (struck.sorts.empty() ? "" : ", ") + sort;
  if (target.pick > 0) struck.sorts += " " + std::to_string(target.pick);
  return struck;
}

/// A change, and from when until when it is under way.
struct DatedChange {
  TimePoint from, to;
  std::size_t failure = 0;
  bool begins = false;
};

std::vector<DatedChange> changes_of(const std::vector<Failure>& failures, TimePoint end,
                                    const std::vector<PartTraits>& traits) {
  std::vector<DatedChange> changes;
  for (std::size_t f = 0; f < failures.size(); ++f) {
    const Failure& failure = failures[f];
    const TimePoint full = failure.begin + traits[failure.part].onset;
    changes.push_back({failure.begin, std::min(full, failure.end), f, true});
    if (failure.end < end) changes.push_back({failure.end, failure.again, f, false});
  }
  std::sort(changes.begin(), changes.end(), [](const DatedChange& a, const DatedChange& b) {
    return std::tuple(a.from, a.failure, !a.begins) < std::tuple(b.from, b.failure, !b.begins);
  });
  return changes;
}

}  // namespace

std::vector<world::HostId> fallen(std::span<const PartTraits> parts, const world::Topology& topology) {
  std::set<world::HostId> hosts;
  std::set<std::string, std::less<>> feeds;
  for (const PartTraits& part : parts) {
    hosts.insert(part.hosts.begin(), part.hosts.end());
    feeds.insert(part.feeds.begin(), part.feeds.end());
  }
  if (!feeds.empty())
    for (const world::HostId host : topology.without_power(feeds)) hosts.insert(host);
  return {hosts.begin(), hosts.end()};
}

std::vector<PartTraits> traits_of(const std::vector<faults::Part>& parts, const world::Topology& topology,
                                  const Roles& roles) {
  std::vector<PartTraits> all;
  // What it is of one domain that fails, by what is alike: "cooling/a". Empty: no domain, or several at once.
  std::vector<std::string> domain_of;
  std::map<std::string, std::set<std::string>, std::less<>> domains;
  for (const faults::Part& part : parts) {
    PartTraits& traits = all.emplace_back();
    traits.onset = faults::onset(part.kind);
    std::string tag, subject, sorts, falls;
    std::visit(
        [&]<class K>(const K& kind) {
          tag = K::tag;
          subject = kind.subject();
          if constexpr (Targeted<K>) {
            Struck struck = struck_by(kind.target, topology);
            traits.hosts = std::move(struck.hosts);
            traits.feeds = std::move(struck.feeds);
            sorts = struck.sorts;
          }
          if constexpr (std::is_same_v<K, faults::Crash>)
            traits.stops = !kind.process;
          else if constexpr (std::is_same_v<K, faults::Outage>)
            traits.stops = !sorts.starts_with("switch") && !sorts.starts_with("cooling");
        },
        part.kind);
    falls = to_text(roles.losses(fallen({&traits, 1}, topology)));
    const bool equals = !falls.empty();
    // What has no hosts of its own is like nothing else.
    traits.alike = std::to_string(part.number) + (part.common ? " all at once " : " ") +
                   (equals ? sorts + ": " + falls : subject);
    traits.cause = tag + " " + (!equals ? subject : (sorts == "host" ? "" : sorts + ": ") + falls);
    if (part.common) traits.cause += ", all at once";
    const bool one_domain =
        equals && !part.common && sorts != "host" && subject.find(',') == std::string::npos;
    domain_of.push_back(one_domain ? tag + " " : "");
    if (one_domain) domains[traits.alike].insert(subject);
  }
  // A few of them are called by their names, which says more than what falls with each.
  constexpr std::size_t kFew = 2;
  for (std::size_t p = 0; p < all.size(); ++p) {
    if (domain_of[p].empty()) continue;
    const std::set<std::string>& names = domains[all[p].alike];
    if (names.size() > kFew) continue;
    all[p].cause = domain_of[p];
    for (const std::string& name : names) all[p].cause += (name == *names.begin() ? "" : " or ") + name;
  }
  return all;
}

States::States(const std::vector<PartTraits>& traits, const world::Topology& topology, const Roles& roles)
    : traits_(traits), topology_(topology), roles_(roles) {
  of({});
}

States::Id States::of(const std::vector<std::uint32_t>& parts) {
  const auto [place, fresh] = ids_.try_emplace(parts, static_cast<Id>(ids_.size()));
  if (fresh) {
    parts_.push_back(&place->first);
    classes_.push_back(by_name_.try_emplace(name(parts), by_name_.size()).first->second);
  }
  return place->second;
}

std::string States::name(const std::vector<std::uint32_t>& parts) const {
  std::multiset<std::string> sorts;
  std::vector<PartTraits> traits;
  for (const std::uint32_t part : parts) {
    sorts.insert(traits_[part].alike);
    traits.push_back(traits_[part]);
  }
  std::string text;
  for (const std::string& sort : sorts) text += (text.empty() ? "" : " + ") + sort;
  // A host and its rack take no more than the rack; two feeds more than each.
  if (parts.size() > 1) text += " = " + to_text(roles_.losses(fallen(traits, topology_)));
  return text;
}

std::vector<std::uint32_t> Transient::parts() const {
  std::set<std::uint32_t> all;
  for (const Failure& failure : failures) all.insert(failure.part);
  return {all.begin(), all.end()};
}

bool Transient::begins() const {
  return std::any_of(failures.begin(), failures.end(), [&](const Failure& f) { return f.begin >= from; });
}

bool Transient::ends() const {
  return std::any_of(failures.begin(), failures.end(), [&](const Failure& f) { return f.end < to; });
}

std::vector<Failure> timeline_of(const std::vector<faults::Part>& parts, std::uint64_t number,
                                 TimePoint end) {
  const std::string name = "timeline " + std::to_string(number);
  std::vector<Failure> failures;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    faults::RandomStrikes strikes(parts[p], parts[p].key / name);
    while (const auto next = strikes.next(end))
      failures.push_back({static_cast<std::uint32_t>(p), next->begin, next->end, next->again});
  }
  std::sort(failures.begin(), failures.end(), [](const Failure& a, const Failure& b) {
    return std::pair(a.begin, a.part) < std::pair(b.begin, b.part);
  });
  return failures;
}

Chain chain_of(const std::vector<Failure>& failures, TimePoint end, const std::vector<PartTraits>& traits,
               States& states, const Levels& levels, const Settling& settling) {
  const std::vector<DatedChange> changes = changes_of(failures, end, traits);
  Chain chain;
  std::map<std::uint32_t, std::size_t> broken;  // part to failure
  const auto state = [&] {
    std::vector<std::uint32_t> parts;
    for (const auto& [part, failure] : broken) parts.push_back(part);
    return states.of(parts);
  };
  TimePoint now;
  for (std::size_t c = 0; c < changes.size();) {
    Transient transient;
    transient.before = transient.after = state();
    transient.first = changes[c].from;
    transient.from = std::max(now, transient.first - settling.lead);
    std::set<std::size_t> took_part;
    for (const auto& [part, failure] : broken) took_part.insert(failure);
    TimePoint settled = transient.first;
    bool never = false;
    do {
      const DatedChange& dated = changes[c++];
      took_part.insert(dated.failure);
      const Failure& failure = failures[dated.failure];
      Change change{transient.after, transient.after, {}};
      if (dated.begins) {
        broken.insert_or_assign(failure.part, dated.failure);
      } else {
        broken.erase(failure.part);
        change.lasted = failure.end - failure.begin;
      }
      transient.after = change.after = state();
      const Duration settles = settling.settles(change, levels.at(dated.from));
      never = settles == Duration::max();
      const TimePoint next = c < changes.size() ? changes[c].from : end;
      const TimePoint over = never ? next : dated.to + settles;
      if (over >= settled) {
        settled = over;
        transient.slowest = change;
        transient.settles = std::max(Duration(), over - dated.to);
      }
    } while (c < changes.size() && (never || changes[c].from - settling.lead <= settled));
    transient.to = std::min(transient.from + up_to_seconds(settled - transient.from), end);
    transient.covered = transient.to - transient.from <= settling.longest;
    for (const std::size_t failure : took_part) transient.failures.push_back(failures[failure]);
    if (transient.from > now) chain.stays.push_back({transient.before, now, transient.from});
    now = transient.to;
    chain.transients.push_back(std::move(transient));
  }
  if (now < end) chain.stays.push_back({state(), now, end});
  return chain;
}

}  // namespace headroom::study
