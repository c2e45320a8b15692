#include "sim/faults/outage.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/world/network.h"

namespace headroom::faults {
namespace {

constexpr Duration kBoot = Duration::s(60);
constexpr Share kThrottle{0.5};
constexpr Duration kStopsAfter = Duration::s(300);

/// What goes out when a domain does.
struct Shared {
  std::vector<std::string> feeds;
  std::vector<std::vector<world::HostId>> racks;  ///< without their switch
  std::set<world::HostId> hot;                    ///< without cooling
};

void add(Shared& shared, const std::string& domain, const world::Topology& topology) {
  const std::vector<world::HostId>& hosts = *topology.domain(domain);
  if (domain.starts_with("power/")) {
    shared.feeds.push_back(domain);
  } else if (domain.starts_with("switch/")) {
    shared.racks.push_back(hosts);
  } else if (domain.starts_with("cooling/")) {
    shared.hot.insert(hosts.begin(), hosts.end());
  } else {
    for (const world::HostId host : hosts) {
      const world::Topology::Member& member = topology.host(host);
      for (const int feed : member.feeds)
        shared.feeds.push_back("power/" + topology.feed_name(member.rack, feed));
    }
  }
}

class Breakdown final : public Effect, world::Event {
 public:
  Breakdown(Hardware& hardware, Shared shared, Duration boot, double throttle, Duration stops_after)
      : hardware_(hardware),
        shared_(std::move(shared)),
        boot_(boot),
        throttle_(throttle),
        stops_after_(stops_after) {}
  ~Breakdown() override {
    hardware_.restore_feeds(shared_.feeds, boot_);
    for (const std::uint64_t cut : cuts_) hardware_.world().network().remove(cut);
    for (const world::HostId host : shared_.hot) {
      hardware_.cpu(host).release(throttle_);
      if (stopped_) hardware_.power(host).release(boot_);
    }
  }
  void begin() override {
    hardware_.cut_feeds(shared_.feeds);
    for (const auto& rack : shared_.racks) cuts_.push_back(isolate(rack));
    for (const world::HostId host : shared_.hot) hardware_.cpu(host).take(throttle_);
    if (!shared_.hot.empty()) hardware_.world().scheduler().schedule_in(*this, stops_after_);
  }
  std::string struck() const override {
    std::set<world::HostId> all = shared_.hot;
    for (const auto& rack : shared_.racks) all.insert(rack.begin(), rack.end());
    for (const world::HostId host : hardware_.hanging_on(shared_.feeds)) all.insert(host);
    return names_of(hardware_.world(), {all.begin(), all.end()});
  }

 private:
  void fire() override {
    stopped_ = true;
    for (const world::HostId host : shared_.hot) hardware_.power(host).take();
  }
  std::uint64_t isolate(const std::vector<world::HostId>& rack) {
    world::Impairment impairment;
    impairment.a = rack;
    impairment.b = {world::kClients};
    for (const auto& host : hardware_.world().hosts())
      if (!std::binary_search(rack.begin(), rack.end(), host->id())) impairment.b.push_back(host->id());
    impairment.blocked = true;
    return hardware_.world().network().add(std::move(impairment));
  }

  Hardware& hardware_;
  Shared shared_;
  Duration boot_;
  double throttle_;
  Duration stops_after_;
  bool stopped_ = false;
  std::vector<std::uint64_t> cuts_;
};

/// Whether some name in the target begins so.
bool names_some(const Target& target, std::string_view domain) {
  return target.name.starts_with(domain) ||
         std::any_of(target.of.begin(), target.of.end(),
                     [&](const Target& part) { return names_some(part, domain); });
}

bool takes_power(const Target& target) {
  return names_some(target, "power/") || names_some(target, "cooling/") || names_some(target, "zone/") ||
         names_some(target, "region/");
}

}  // namespace

void Outage::check(const Outage& outage, Complaints& complaints) {
  if (outage.boot && names_some(outage.target, "switch/") && !takes_power(outage.target))
    complaints.add("boot", "hosts behind a switch that fails stay up and need not boot, expected no boot");
  if (names_some(outage.target, "cooling/")) return;
  constexpr std::string_view kOnly = "only hosts without cooling do that, expected target: cooling/…";
  if (outage.throttle) complaints.add("throttle", std::string(kOnly));
  if (outage.stops_after) complaints.add("stops_after", std::string(kOnly));
}

double Outage::throttled() const {
  return throttle.value_or(kThrottle).value;
}

Duration Outage::stays_on() const {
  return stops_after.value_or(kStopsAfter);
}

Duration Outage::recovery() const {
  return takes_power(target) ? boot.value_or(kBoot) : Duration();
}

Duration Outage::onset() const {
  return names_some(target, "cooling/") ? stays_on() : Duration();
}

std::unique_ptr<Effect> Outage::strike(Hardware& hardware, Engine& draw) const {
  Shared shared;
  const world::Topology& topology = hardware.world().topology();
  for (const std::string& domain : hardware.domains(target, draw)) add(shared, domain, topology);
  std::sort(shared.feeds.begin(), shared.feeds.end());
  shared.feeds.erase(std::unique(shared.feeds.begin(), shared.feeds.end()), shared.feeds.end());
  return std::make_unique<Breakdown>(hardware, std::move(shared), boot.value_or(kBoot), throttled(),
                                     stays_on());
}

}  // namespace headroom::faults
