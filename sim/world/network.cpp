#include "sim/world/network.h"

#include <algorithm>

#include "sim/base/check.h"

namespace headroom::world {
namespace {

// A longer delay (30 years) is as good as for ever, and can be added to any date.
constexpr Duration kForever = Duration::s(1'000'000'000);

}  // namespace

Message::~Message() {
  if (network_ != nullptr) network_->link_out(*this);
}

void Message::fire() {
  network_->step(*this);
}

Network::Network(Scheduler& scheduler, const Topology& topology, Fluid& fluid, StreamKey key)
    : scheduler_(scheduler),
      topology_(topology),
      fluid_(fluid),
      key_(key),
      ideal_(topology.platform().network.ideal),
      hosts_(topology.hosts().size() + 1) {
  for (const Topology::Member& member : topology.hosts()) {
    hosts_[member.id.value].zone = member.zone;
    hosts_[member.id.value].rack = member.rack;
  }
  build_links();
}

Network::~Network() {
  while (all_ != nullptr) {
    Message* message = all_;
    if (message->flow_ != nullptr) fluid_.cancel(message->flow_);
    delete message;
  }
}

Fluid::Link Network::make_link(const std::string& name, const std::optional<Bandwidth>& bandwidth) {
  if (!bandwidth) return Fluid::kNoLink;
  const Fluid::Link link = fluid_.add_link(*bandwidth);
  links_.push_back({name, *bandwidth, link, 1});
  return link;
}

Network::Duplex Network::make_duplex(const std::string& name, const std::optional<Bandwidth>& bandwidth) {
  Duplex duplex;
  duplex.up = make_link(name + "/up", bandwidth);
  duplex.down = make_link(name + "/down", bandwidth);
  return duplex;
}

void Network::build_links() {
  if (ideal_) return;
  const NetworkConfig& config = topology_.platform().network;
  internet_ = make_duplex("internet", config.internet.bandwidth);
  const int zones = topology_.zones();
  for (int zone = 0; zone < zones; ++zone)
    zones_.push_back(make_duplex("zone/" + topology_.zone_name(zone), config.zone_uplink.bandwidth));
  for (int from = 0; from < zones; ++from)
    for (int to = 0; to < zones; ++to)
      between_zones_.push_back(
          from == to ? Fluid::kNoLink
                     : make_link("zones/" + topology_.zone_name(from) + "-" + topology_.zone_name(to),
                                 config.between_zones.bandwidth));
  for (int rack = 0; rack < topology_.racks(); ++rack)
    racks_.push_back(make_duplex("rack/" + topology_.rack_name(rack), config.rack_uplink.bandwidth));
  for (const Topology::Member& member : topology_.hosts()) {
    const auto bandwidth = member.config->nic ? member.config->nic : config.nic.bandwidth;
    hosts_[member.id.value].nic = make_duplex("nic/" + member.name, bandwidth);
  }
}

// The limited links of one leg, in order.
void Network::add_leg(Fluid::Path& path, HostId from, HostId to) const {
  if (from == to) return;
  const HostState& a = hosts_[from.value];
  const HostState& b = hosts_[to.value];
  const bool outside = from == kClients || to == kClients;
  const bool leaves_rack = outside || a.rack != b.rack;
  const bool leaves_zone = outside || a.zone != b.zone;
  if (from == kClients) {
    path.add(internet_.down);
  } else {
    path.add(a.nic.up);
    if (leaves_rack) path.add(racks_[static_cast<std::size_t>(a.rack)].up);
    if (leaves_zone) path.add(zones_[static_cast<std::size_t>(a.zone)].up);
  }
  if (leaves_zone && !outside)
    path.add(between_zones_[static_cast<std::size_t>(a.zone * topology_.zones() + b.zone)]);
  if (to == kClients) {
    path.add(internet_.up);
  } else {
    if (leaves_zone) path.add(zones_[static_cast<std::size_t>(b.zone)].down);
    if (leaves_rack) path.add(racks_[static_cast<std::size_t>(b.rack)].down);
    path.add(b.nic.down);
  }
}

Fluid::Path Network::path(const Route& route) const {
  Fluid::Path path;
  if (route.via == kNoHost) {
    add_leg(path, route.from, route.to);
  } else {
    add_leg(path, route.from, route.via);
    add_leg(path, route.via, route.to);
  }
  return path;
}

Duration Network::latency(const Route& route) const {
  if (route.via == kNoHost) return topology_.latency(route.from, route.to);
  const Duration rest = topology_.latency(route.via, route.to);
  return route.head_arrived ? rest : topology_.latency(route.from, route.via) + rest;
}

bool Network::reachable(HostId from, HostId to) const {
  for (const Active& active : impairments_)
    if (active.impairment.blocked && active.applies(from, to)) return false;
  return true;
}

bool Network::blocked(const Route& route) const {
  if (impairments_.empty()) return false;
  if (route.via == kNoHost) return !reachable(route.from, route.to);
  return !reachable(route.from, route.via) || !reachable(route.via, route.to);
}

headroom::Engine& Network::engine(HostId from, HostId to) {
  const std::uint64_t pair = (std::uint64_t{from.value} << 32) | to.value;
  const auto found = engines_.find(pair);
  if (found != engines_.end()) return found->second;
  const auto name = [&](HostId id) -> std::string_view {
    return id == kClients ? std::string_view("clients") : std::string_view(topology_.host(id).name);
  };
  return engines_.emplace(pair, (key_ / name(from) / name(to)).engine()).first->second;
}

// What chance does to one message on one leg. Every impairment that applies draws, whatever the others drew.
void Network::impair_leg(HostId from, HostId to, Chance& chance) {
  for (const Active& active : impairments_) {
    const Impairment& impairment = active.impairment;
    if (!active.applies(from, to)) continue;
    headroom::Engine& random = engine(from, to);
    if (impairment.delay) {
      const bool hit = impairment.delay_probability >= 1 || uniform01(random) < impairment.delay_probability;
      if (hit)
        chance.delay =
            std::min(chance.delay + std::min(impairment.delay->sample(random), kForever), kForever);
    }
    if (impairment.loss > 0 && uniform01(random) < impairment.loss) chance.dropped = true;
    if (impairment.duplication > 0 && uniform01(random) < impairment.duplication) chance.duplicated = true;
  }
}

Network::Chance Network::impair(const Route& route) {
  Chance chance;
  if (impairments_.empty()) return chance;
  if (route.via == kNoHost) {
    impair_leg(route.from, route.to, chance);
  } else {
    if (!route.head_arrived) impair_leg(route.from, route.via, chance);
    impair_leg(route.via, route.to, chance);
  }
  return chance;
}

void Network::send(const Route& route, Bytes size, std::unique_ptr<Message> owned,
                   std::optional<Duration> takes) {
  HEADROOM_CHECK(owned->network_ == nullptr, "a message is sent twice");
  Message& message = *owned.release();
  message.network_ = this;
  message.route_ = route;
  message.size_ = size;
  link_in(message);
  ++counts_.sent;
  if (!up(route.from)) {
    fail(message, Lost::sender_down);
    return;
  }
  message.boots_from_ = boots(route.from);
  message.boots_to_ = boots(route.to);
  if (route.via != kNoHost) message.boots_via_ = boots(route.via);
  if (impairments_.empty()) {
    dispatch(message, Duration(), takes);
    return;
  }
  if (blocked(route)) {
    fail(message, Lost::unreachable);
    return;
  }
  const Chance chance = impair(route);
  if (chance.duplicated) {
    if (std::unique_ptr<Message> second = message.copy(); second != nullptr) {
      Message& twin = *second.release();
      twin.network_ = this;
      twin.route_ = route;
      twin.size_ = size;
      twin.boots_from_ = message.boots_from_;
      twin.boots_to_ = message.boots_to_;
      twin.boots_via_ = message.boots_via_;
      link_in(twin);
      ++counts_.sent;
      ++counts_.duplicated;
      const Chance its_own = impair(route);
      if (its_own.dropped)
        fail(twin, Lost::dropped);
      else
        dispatch(twin, its_own.delay, takes);
    }
  }
  if (chance.dropped)
    fail(message, Lost::dropped);
  else
    dispatch(message, chance.delay, takes);
}

// Sends the message on its way: the latency first.
void Network::dispatch(Message& message, Duration added, std::optional<Duration> takes) {
  if (ideal_ && !takes && added == Duration()) {
    message.state_ = Message::State::arriving;
    scheduler_.post(message);
    return;
  }
  const bool flows = message.size_ > kPacket && !links_.empty() && !takes;
  message.state_ = flows ? Message::State::before_flow : Message::State::arriving;
  if (!takes) takes = ideal_ ? Duration() : latency(message.route_);
  scheduler_.schedule_in(message, std::min(*takes, kForever) + added);
}

// The next thing in a message's life.
void Network::step(Message& message) {
  switch (message.state_) {
    case Message::State::before_flow: {
      if (const std::optional<Lost> why = obstacle(message)) {
        give_up(message, *why);
        return;
      }
      const Fluid::Path links = path(message.route_);
      if (links.size == 0) {
        arrive(message);
        return;
      }
      message.state_ = Message::State::flowing;
      message.place_ = static_cast<std::uint32_t>(flowing_.size());
      flowing_.push_back(&message);
      ++counts_.flows;
      fluid_.start(links, message.size_, message, message.flow_);
      return;
    }
    case Message::State::flowing:
      unlist_flow(message);
      arrive(message);
      return;
    case Message::State::arriving:
      arrive(message);
      return;
    case Message::State::failed:
      give_up(message, message.why_);
      return;
    case Message::State::in_hand:
      break;
  }
  HEADROOM_CHECK(false, "a message that was not sent");
}

// What stands in the way of a flow that is about to start.
std::optional<Lost> Network::obstacle(const Message& message) const {
  if (gone(message.route_.from, message.boots_from_)) return Lost::sender_down;
  if (blocked(message.route_)) return Lost::unreachable;
  return receiver_gone(message) ? std::optional(Lost::receiver_down) : std::nullopt;
}

bool Network::receiver_gone(const Message& message) const {
  const Route& route = message.route_;
  return gone(route.to, message.boots_to_) || (route.via != kNoHost && gone(route.via, message.boots_via_));
}

void Network::arrive(Message& message) {
  if (receiver_gone(message)) {
    give_up(message, Lost::receiver_down);
    return;
  }
  ++counts_.received;
  const std::unique_ptr<Message> owned(&message);
  message.deliver();
}

std::optional<TimePoint> Message::last_byte() const {
  if (state_ != State::flowing && !cut_) return std::nullopt;
  return network_->last_byte(*this);
}

TimePoint Network::last_byte(const Message& message) const {
  TimePoint last = scheduler_.now();
  if (still_.empty()) return last;
  const Fluid::Path links = path(message.route_);
  for (std::size_t i = 0; i < links.size; ++i)
    if (const auto still = still_.find(links.links[i]); still != still_.end())
      last = std::min(last, still->second);
  return last;
}

// Ends a message at this instant, but not inside the caller's call.
void Network::fail(Message& message, Lost why) {
  message.state_ = Message::State::failed;
  message.why_ = why;
  scheduler_.post(message);
}

void Network::give_up(Message& message, Lost why) {
  ++(why == Lost::sender_down && message.boots_from_ == 0 ? counts_.refused : counts_.lost);
  const std::unique_ptr<Message> owned(&message);
  message.lost(why);
}

void Network::unlist_flow(Message& message) {
  flowing_.back()->place_ = message.place_;
  flowing_[message.place_] = flowing_.back();
  flowing_.pop_back();
}

// Cuts the live flows for which there is a reason to.
template <class Reason>
void Network::cut_flows(Reason reason) {
  for (std::size_t i = 0; i < flowing_.size();) {
    Message& message = *flowing_[i];
    const std::optional<Lost> why =
        message.flow_ != nullptr ? reason(message) : std::nullopt;  // or all is through
    if (!why) {
      ++i;
      continue;
    }
    fluid_.cancel(message.flow_);
    unlist_flow(message);
    message.cut_ = true;
    fail(message, *why);
  }
}

void Network::host_changed(HostId id, bool is_up, std::uint32_t boots_now) {
  hosts_[id.value].up = is_up;
  hosts_[id.value].boots = boots_now;
  if (is_up) return;
  cut_flows([id](const Message& message) -> std::optional<Lost> {
    const Route& route = message.route();
    if (route.to == id) return Lost::receiver_down;
    if (route.from == id || route.via == id) return Lost::sender_down;
    return std::nullopt;
  });
}

std::uint64_t Network::add(Impairment impairment) {
  Active active;
  active.id = next_impairment_++;
  active.in_a.assign(hosts_.size(), false);
  active.in_b.assign(hosts_.size(), false);
  for (HostId id : impairment.a) active.in_a[id.value] = true;
  for (HostId id : impairment.b) active.in_b[id.value] = true;
  active.impairment = std::move(impairment);
  impairments_.push_back(std::move(active));
  if (impairments_.back().impairment.blocked)
    cut_flows([this](const Message& message) -> std::optional<Lost> {
      if (blocked(message.route())) return Lost::unreachable;
      return std::nullopt;
    });
  return impairments_.back().id;
}

void Network::remove(std::uint64_t id) {
  std::erase_if(impairments_, [id](const Active& active) { return active.id == id; });
}

void Network::set_share(const Duplex& duplex, double share) {
  if (duplex.up == Fluid::kNoLink) return;
  // Nothing at all would be a partition: at 0 the smallest share stands in, and flows wait.
  const double least = std::max(share, kLeastShare);
  for (const Fluid::Link link : {duplex.up, duplex.down}) {
    fluid_.set_share(link, least);
    if (share > kLeastShare)
      still_.erase(link);
    else
      still_.emplace(link, scheduler_.now());
  }
  for (NamedLink& link : links_)
    if (link.link == duplex.up || link.link == duplex.down) link.share = least;
}

bool Network::set_bandwidth_share(std::string_view part, double share) {
  HEADROOM_CHECK(share >= 0 && share <= 1, "a share outside 0–1");
  if (part == "clients") {
    set_share(internet_, share);
    return true;
  }
  const std::vector<HostId>* members = topology_.domain(part);
  if (members == nullptr) return false;
  const std::string_view kind = part.substr(0, part.find('/'));
  const std::string_view name = part.substr(part.find('/') + 1);
  if (kind == "host" || kind == "group") {
    for (HostId id : *members) set_share(hosts_[id.value].nic, share);
    return true;
  }
  if (kind == "region") {
    set_share(internet_, share);
    return true;
  }
  if (kind == "rack" || kind == "switch") {
    for (std::size_t rack = 0; rack < racks_.size(); ++rack)
      if (topology_.rack_name(static_cast<int>(rack)) == name) set_share(racks_[rack], share);
    return true;
  }
  if (kind == "zone") {
    for (std::size_t zone = 0; zone < zones_.size(); ++zone)
      if (topology_.zone_name(static_cast<int>(zone)) == name) set_share(zones_[zone], share);
    return true;
  }
  return false;
}

std::vector<LinkLoad> Network::link_loads() const {
  std::vector<LinkLoad> loads;
  loads.reserve(links_.size());
  const std::vector<double> passed = fluid_.bytes_passed();
  for (const NamedLink& link : links_)
    loads.push_back({link.name, link.capacity, link.share, passed[link.link]});
  return loads;
}

InFlight Network::in_flight() const {
  InFlight found;
  for (const Message* m = all_; m != nullptr; m = m->next_)
    ++(m->pending() || m->flow_ != nullptr ? found.under_way : found.stranded);
  return found;
}

void Network::link_in(Message& message) {
  message.next_ = all_;
  message.previous_ = nullptr;
  if (all_ != nullptr) all_->previous_ = &message;
  all_ = &message;
}

void Network::link_out(Message& message) {
  (message.previous_ != nullptr ? message.previous_->next_ : all_) = message.next_;
  if (message.next_ != nullptr) message.next_->previous_ = message.previous_;
}

}  // namespace headroom::world
