#include "sim/study/resources.h"

#include <algorithm>
#include <utility>

#include "sim/metrics/resource.h"

namespace headroom::study {
namespace {

metrics::Use use_of(std::string_view name, metrics::Duty duty, std::size_t members) {
  metrics::Use use;
  use.id = name;
  use.name = name;
  use.duty = duty;
  use.members = static_cast<std::int64_t>(members);
  return use;
}

double ns(Duration d) {
  return static_cast<double>(d.count_ns());
}

/// What was in use, of what could be. Counters are doubles: no more than all of it, whatever rounding says.
double share(double used, double bound) {
  return bound > 0 ? std::clamp(used / bound, 0.0, 1.0) : 0;
}

}  // namespace

Resources::Resources(world::World& world, const metrics::Window& window) : world_(world), cells_(window) {}

Resources::Tier Resources::add_tier(const std::vector<Member>& members, const std::vector<Tier>& callers,
                                    std::function<std::vector<world::ProcessSlot*>()> leaders) {
  Group& group = groups_.emplace_back();
  for (const Member& member : members) group.members.emplace_back().member = member;
  group.callers = callers;
  group.leaders = std::move(leaders);
  return groups_.size() - 1;
}

void Resources::limit_cores(Tier tier, std::string_view name, Of of) {
  cores_.push_back({tier, of, use_of(name, metrics::Duty::serves, groups_[tier].members.size())});
}

void Resources::limit_held(Tier tier, std::string_view name, double bound, std::function<double()> held) {
  held_.push_back(
      {tier, bound, std::move(held), 0, use_of(name, metrics::Duty::holds, groups_[tier].members.size())});
}

void Resources::limit_one(std::string_view name, std::function<double()> used,
                          std::function<double()> offered) {
  ones_.push_back({std::move(used), std::move(offered), 0, 0, use_of(name, metrics::Duty::holds, 1), 0});
}

void Resources::limit_disk(world::Host& host, Fsync fsync) {
  if (std::find(disks_.begin(), disks_.end(), &host) != disks_.end()) return;
  disks_.push_back(&host);
  const world::Disk& disk = host.disk();
  ones_.push_back(
      {[&disk, fsync] { return ns(fsync == Fsync::counts ? disk.busy_time() : disk.writing_time()); },
       {},
       0,
       0,
       use_of(metrics::resource::disk(host.name()), metrics::Duty::serves, 1),
       0});
}

void Resources::start() {
  scope_.spawn(watch());
}

world::Task<> Resources::watch() {
  if (cells_.edge(0) > world_.now()) co_await world::Sleep(world_.scheduler(), cells_.edge(0));
  begin();
  for (int cell = 0; cell < cells_.count(); ++cell) {
    co_await world::Sleep(world_.scheduler(), cells_.edge(cell + 1));
    read(cells_.edge(cell + 1) - cells_.edge(cell));
  }
}

void Resources::begin() {
  for (const world::LinkLoad& load : world_.network().link_loads()) {
    Link& link = links_.emplace_back();
    link.use = use_of(metrics::resource::link(load.name), metrics::Duty::serves, 1);
    link.use.id = load.name;
    link.use.link = true;
  }
  read(Duration());
  // What was before the window.
  for (Cores& cores : cores_) cores.use.share.clear(), cores.use.alive.clear();
  for (Held& held : held_) held.use.share.clear(), held.use.alive.clear();
  for (One& one : ones_) one.use.share.clear(), one.told = 0;
  for (Link& link : links_) link.use.share.clear();
}

bool Resources::frozen(world::Host& host) {
  return host.cpu().share() <= 0;
}

bool Resources::cut_off(const Group& group, world::HostId host) const {
  const world::Network& network = world_.network();
  const auto meets = [&](world::HostId other) {
    return network.reachable(other, host) && network.reachable(host, other);
  };
  bool anybody = false;
  for (const Tier caller : group.callers) {
    if (caller == kClients) {
      if (meets(world::kClients)) return false;
      anybody = true;
      continue;
    }
    const Group& callers = groups_[caller];
    const auto leaders = callers.leaders ? callers.leaders() : std::vector<world::ProcessSlot*>();
    for (const State& state : callers.members) {
      if (state.alive_ns <= 0 || state.out) continue;
      if (!leaders.empty() && std::find(leaders.begin(), leaders.end(), state.member.slot) == leaders.end())
        continue;
      anybody = true;
      if (meets(state.member.slot->host().id())) return false;
    }
  }
  return anybody;  // with nobody there to call it, it is not the one that is cut off
}

void Resources::read_group(Group& group, Duration cell) {
  for (State& state : group.members) {
    world::Host& host = state.member.slot->host();
    const Duration lived = state.member.slot->lived();
    const Duration busy = host.cpu().busy_time();
    state.out = frozen(host) || (world_.network().impaired() && cut_off(group, host.id()));
    const bool out = state.out && (state.out_before || cell == Duration());
    state.out_before = state.out;
    state.alive_ns = out ? 0 : ns(lived - state.lived);
    // Other processes on the host may have worked while this one was down.
    state.busy_ns = std::min(out ? 0 : ns(busy - state.busy), state.alive_ns * state.member.size);
    state.lived = lived;
    state.busy = busy;
  }
}

void Resources::read_links(Duration cell) {
  const std::vector<world::LinkLoad> loads = world_.network().link_loads();
  for (std::size_t l = 0; l < loads.size(); ++l) {
    Link& link = links_[l];
    // A fault may change it within the cell: the wider of both is what it may have passed.
    const double capacity = loads[l].capacity.bytes_per_second * loads[l].share;
    link.use.share.push_back(
        share(loads[l].bytes - link.bytes_seen, std::max(capacity, link.capacity_seen) * cell.seconds()));
    link.bytes_seen = loads[l].bytes;
    link.capacity_seen = capacity;
  }
}

void Resources::read(Duration cell) {
  for (Group& group : groups_) read_group(group, cell);
  const auto alive = [&](Tier tier) {
    double sum = 0;
    for (const State& state : groups_[tier].members) sum += state.alive_ns;
    return sum;
  };
  for (Cores& cores : cores_) {
    double used = 0, bound = 0, busiest = 0;
    for (const State& state : groups_[cores.tier].members) {
      used += state.busy_ns;
      bound += state.alive_ns * state.member.size;
      busiest = std::max(busiest, share(state.busy_ns, ns(cell) * state.member.size));
    }
    // Nobody is there to do what is asked: the tier is beyond its bound.
    cores.use.share.push_back(bound <= 0 ? 1 : cores.of == Of::busiest ? busiest : share(used, bound));
    cores.use.alive.push_back(cell == Duration() ? 0 : alive(cores.tier) / ns(cell));
  }
  for (Held& held : held_) {
    const double now = held.held();
    held.use.share.push_back(share(now - held.seen, alive(held.tier) * held.bound));
    held.use.alive.push_back(cell == Duration() ? 0 : alive(held.tier) / ns(cell));
    held.seen = now;
  }
  for (One& one : ones_) {
    const double used = one.used();
    const double offered = one.offered ? one.offered() : ns(world_.now().since_start());
    one.use.share.push_back(share(used - one.used_seen, offered - one.offered_seen));
    // What is told only now and then is told for the cells since the last time.
    if (offered > one.offered_seen) {
      std::fill(one.use.share.begin() + static_cast<std::ptrdiff_t>(one.told), one.use.share.end(),
                one.use.share.back());
      one.told = one.use.share.size();
    }
    one.used_seen = used;
    one.offered_seen = offered;
  }
  read_links(cell);
}

std::vector<metrics::Use> Resources::uses() const {
  std::vector<metrics::Use> all;
  // A run that was stopped in its window has no verdict.
  const auto keep = [&](const metrics::Use& use, bool always) {
    if (use.share.size() != static_cast<std::size_t>(cells_.count())) return;
    if (always || std::any_of(use.share.begin(), use.share.end(), [](double s) { return s > 0; }))
      all.push_back(use);
  };
  for (const Cores& cores : cores_) keep(cores.use, true);
  for (const Link& link : links_) keep(link.use, false);
  for (const One& one : ones_)
    if (one.use.duty == metrics::Duty::serves) keep(one.use, false);
  for (const Held& held : held_) keep(held.use, false);
  for (const One& one : ones_)
    if (one.use.duty == metrics::Duty::holds) keep(one.use, false);
  return all;
}

}  // namespace headroom::study
