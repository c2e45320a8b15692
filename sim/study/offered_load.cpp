#include "sim/study/offered_load.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "models/calls/call.h"
#include "models/client/expected_requests.h"
#include "models/processing/cost.h"
#include "sim/metrics/resource.h"
#include "sim/study/traits.h"
#include "sim/world/network.h"

namespace headroom::study {
namespace {

using world::HostId;

/// Which share of something each host has. Clients are a host of their own.
using Weights = std::map<HostId, double>;

double total(const Weights& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0,
                         [](double sum, const auto& entry) { return sum + entry.second; });
}
double weight(const Weights& weights, HostId host) {
  const auto found = weights.find(host);
  return found != weights.end() ? found->second : 0;
}
const Weights& clients() {
  static const Weights kAll = {{world::kClients, 1}};
  return kAll;
}

/// Bytes per second on every limited link.
class Links {
 public:
  explicit Links(const world::Topology& topology)
      : topology_(topology),
        racks_(static_cast<std::size_t>(topology.racks())),
        zones_(static_cast<std::size_t>(topology.zones())),
        between_(zones_.size() * zones_.size()) {}

  /// `rate` messages of `size` bytes from some to others, each pair as often as their shares say. Messages of
  /// one packet take no bandwidth.
  void add(const Weights& from, const Weights& to, double rate, double size) {
    if (!(size > static_cast<double>(world::Network::kPacket.count())) || topology_.platform().network.ideal)
      return;
    const double bytes = rate * size;
    const double of_from = total(from);
    const double of_to = total(to);
    std::map<int, double> racks_from, racks_to;
    std::map<int, double> zones_from, zones_to;
    const auto locate = [&](const Weights& side, std::map<int, double>& racks, std::map<int, double>& zones) {
      for (const auto& [host, share] : side) {
        if (host == world::kClients) continue;
        racks[topology_.host(host).rack] += share;
        zones[topology_.host(host).zone] += share;
      }
    };
    locate(from, racks_from, zones_from);
    locate(to, racks_to, zones_to);
    const auto at = [](const std::map<int, double>& shares, int key) {
      const auto found = shares.find(key);
      return found != shares.end() ? found->second : 0;
    };
    for (const auto& [host, share] : from)
      if (host == world::kClients)
        internet_.in += bytes * share;
      else
        cards_[host].out += bytes * share * (of_to - weight(to, host));
    for (const auto& [host, share] : to)
      if (host == world::kClients)
        internet_.out += bytes * share;
      else
        cards_[host].in += bytes * share * (of_from - weight(from, host));
    for (const auto& [rack, share] : racks_from)
      racks_[static_cast<std::size_t>(rack)].out += bytes * share * (of_to - at(racks_to, rack));
    for (const auto& [rack, share] : racks_to)
      racks_[static_cast<std::size_t>(rack)].in += bytes * share * (of_from - at(racks_from, rack));
    for (const auto& [zone, share] : zones_from)
      zones_[static_cast<std::size_t>(zone)].out += bytes * share * (of_to - at(zones_to, zone));
    for (const auto& [zone, share] : zones_to)
      zones_[static_cast<std::size_t>(zone)].in += bytes * share * (of_from - at(zones_from, zone));
    for (const auto& [a, share_a] : zones_from)
      for (const auto& [b, share_b] : zones_to)
        if (a != b)
          between_[static_cast<std::size_t>(a) * zones_.size() + static_cast<std::size_t>(b)] +=
              bytes * share_a * share_b;
  }

  void report(const Degraded& left, std::vector<ResourceLoad>& found) const {
    const world::NetworkConfig& network = topology_.platform().network;
    const auto add = [&](const std::string& name, const std::string& part,
                         const std::optional<Bandwidth>& bandwidth, double bytes) {
      if (!bandwidth || !(bytes > 0)) return;
      const auto narrowed = left.links.find(part);
      const double share = narrowed != left.links.end() ? narrowed->second : 1;
      ResourceLoad load{name, ResourceLoad::Unit::bytes_per_s, bytes, bandwidth->bytes_per_second * share};
      load.busy = bytes / bandwidth->bytes_per_second;
      found.push_back(load);
    };
    const auto fuller = [](const Duplex& link) { return std::max(link.in, link.out); };
    namespace resource = metrics::resource;
    add(resource::link("internet/up"), "internet", network.internet.bandwidth, fuller(internet_));
    for (std::size_t z = 0; z < zones_.size(); ++z) {
      const std::string name = "zone/" + topology_.zone_name(static_cast<int>(z));
      add(resource::link(name + "/up"), name, network.zone_uplink.bandwidth, fuller(zones_[z]));
    }
    for (std::size_t a = 0; a < zones_.size(); ++a)
      for (std::size_t b = a + 1; b < zones_.size(); ++b) {
        const auto name = [&](std::size_t zone) { return topology_.zone_name(static_cast<int>(zone)); };
        add(resource::link("zones/" + name(a) + "-" + name(b)), "", network.between_zones.bandwidth,
            std::max(between_[a * zones_.size() + b], between_[b * zones_.size() + a]));
      }
    for (std::size_t r = 0; r < racks_.size(); ++r) {
      const std::string name = "rack/" + topology_.rack_name(static_cast<int>(r));
      add(resource::link(name + "/up"), name, network.rack_uplink.bandwidth, fuller(racks_[r]));
    }
    for (const auto& [host, card] : cards_) {
      const auto& member = topology_.host(host);
      const auto& bandwidth = member.config->nic ? member.config->nic : network.nic.bandwidth;
      add(resource::link("nic/" + member.name + "/up"), "host/" + member.name, bandwidth, fuller(card));
    }
  }

 private:
  struct Duplex {
    double in = 0;   ///< towards the hosts, or the region
    double out = 0;  ///< away from them
  };
  const world::Topology& topology_;
  Duplex internet_;
  std::map<HostId, Duplex> cards_;
  std::vector<Duplex> racks_, zones_;
  std::vector<double> between_;
};

/// Speed of each busy core relative to one alone when `busy` are; a list as in contention_of.
double speed_with(const std::vector<double>& contention, double busy) {
  if (contention.empty() || !(busy >= 1)) return 1;
  const auto all = static_cast<double>(contention.size());
  return contention[static_cast<std::size_t>(std::min(busy, all)) - 1];
}

/// Mean number of busy slots of a host that is offered so much work (in cores, if nothing slowed it): a birth
/// and death process of which each busy core slows the others (exact for Poisson arrivals and shared cores,
/// whatever the law of the work). Without contention it is the work itself.
double mean_busy(double work, double slots, double cores, const std::vector<double>& contention) {
  const auto rate = [&](double n) {  // of all that are busy
    const double busy = std::min(n, cores);
    return busy * speed_with(contention, busy);
  };
  double state = 1;  // relative probability of n jobs
  double all = 1;
  double busy = 0;
  for (double n = 1; n <= slots; ++n) {
    state *= work / rate(n);
    all += state;
    busy += n * state;
    constexpr double kHuge = 1e200;
    if (all < kHuge) continue;
    state /= kHuge;
    all /= kHuge;
    busy /= kHuge;
  }
  const double left = work / rate(slots);  // of the probability, by each job that waits
  if (left >= 1) return slots;
  const double waiting = state * left / (1 - left);
  return (busy + slots * waiting) / (all + waiting);
}

/// The same where a queue gives jobs to hosts in turn, so that hardly any host is ever much busier than
/// another: speed is that of the mean number of busy cores. A few percent too low, as some spread remains.
double steady_busy(double work, double slots, const std::vector<double>& contention) {
  double busy = work;
  constexpr int kRounds = 100;
  for (int i = 0; i < kRounds; ++i) {
    const double below = std::floor(busy);
    const double part = busy - below;
    const double speed =
        speed_with(contention, below) * (1 - part) + speed_with(contention, below + 1) * part;
    busy = std::min(slots, (busy + work / speed) / 2);
  }
  return busy;
}

/// Images of the workload: in a trace, those of its rows that have a size.
std::optional<double> mean_image(const client::WorkloadConfig& w) {
  if (const auto* trace = std::get_if<client::Trace>(&w.arrivals)) {
    double sum = 0;
    std::size_t count = 0;
    for (const client::TraceRow& row : trace->rows)
      if (row.image_bytes) {
        sum += static_cast<double>(row.image_bytes->count());
        ++count;
      }
    if (count > 0) return sum / static_cast<double>(count);
  }
  if (!w.image_bytes) return std::nullopt;
  const double mean = law::mean(w.image_bytes->law);
  return std::isfinite(mean) ? std::optional(mean) : std::nullopt;
}

class Arithmetic {
 public:
  Arithmetic(const ScenarioConfig& scenario, const world::Topology& topology, double rate,
             const Degraded& left)
      : scenario_(scenario),
        d_(scenario.deployment),
        w_(scenario.workload),
        topology_(topology),
        left_(left),
        rate_(rate),
        links_(topology) {
    if (const auto image = mean_image(w_)) image_ = *image;
    if (w_.image_bytes || image_ > 0) rendition_ = image_ * w_.rendition_bytes.value;
  }

  std::vector<ResourceLoad> run() {
    const double n = static_cast<double>(w_.renditions);
    const bool proxied = d_.load_balancer && d_.load_balancer->hosts;
    choose_leader();

    double passing = rate_;  // requests that reach the next tier
    const Weights* entrance = &clients();
    Tier lb, api, worker;
    if (proxied) {
      lb = tier(metrics::resource::kLoadBalancer, *d_.load_balancer->hosts, faults::Component::load_balancer);
      keep_connected(lb, {world::kClients});
      passing *= spread_over_addresses(lb);
      add_work(lb, passing, seconds(d_.load_balancer->cpu) + tls_s());
      entrance = &lb.weights;
    }
    if (d_.api) {
      api = tier(metrics::resource::kApi, d_.api->hosts, faults::Component::api);
      keep_connected(api, hosts_of(*entrance));
      const double arriving = passing * spread(api, avoids_the_dead());
      passing = arriving - over_quota();
      add_work(api, passing, seconds(d_.api->cpu) + (proxied ? 0 : tls_s()));
      exchange(*entrance, api.weights, arriving, image_ + kControl, rendition_ * n + kControl, proxied);
      entrance = &api.weights;
    }
    ask_for_credentials(api, passing);
    if (d_.processing) {
      worker = tier(metrics::resource::kProcessing, d_.processing->hosts, faults::Component::processing);
      if (d_.queue)
        through_queue(*entrance, worker, passing * n);
      else
        pushed(*entrance, worker, passing, n, proxied);
    }

    std::vector<ResourceLoad> found;
    if (proxied) found.push_back(cores(lb, *d_.load_balancer->hosts));
    if (d_.api) found.push_back(cores(api, d_.api->hosts));
    if (auth_) found.push_back(cores(*auth_, *d_.auth->data_plane.hosts));
    if (no_majority_) found.push_back(*no_majority_);
    if (d_.processing) found.push_back(slots(worker));
    if (std::isfinite(image_)) links_.report(left_, found);
    found.insert(found.end(), disks_.begin(), disks_.end());
    std::stable_sort(found.begin(), found.end(),
                     [](const ResourceLoad& a, const ResourceLoad& b) { return a.share() > b.share(); });
    return found;
  }

 private:
  static constexpr double kControl = static_cast<double>(calls::kControl.count());

  /// Hosts of a component, those that are up and can be reached, and how the load is spread over them.
  struct Tier {
    std::string name;
    faults::Component component{};
    std::vector<HostId> alive;
    std::int64_t members = 0;
    Weights weights;     ///< sum to 1, if any is alive
    bool even = false;   ///< whatever their speed
    double slots_s = 0;  ///< workers: time that a job only holds its slot
    double rate = 0;     ///< of requests, or jobs
    double work_s = 0;   ///< CPU of one on a core of speed 1
  };

  static double seconds(Duration d) { return d.seconds(); }
  double tls_s() const {
    return w_.connections ? (1 - w_.connections->reuse.value) * w_.connections->tls_cpu.seconds() : 0;
  }
  static std::vector<HostId> hosts_of(const Weights& weights) {
    std::vector<HostId> hosts;
    for (const auto& [host, share] : weights) hosts.push_back(host);
    return hosts;
  }
  std::vector<HostId> group(const Ref& ref) const {
    const auto* members = topology_.domain("group/" + ref.name);
    return members != nullptr ? *members : std::vector<HostId>();
  }
  Tier tier(std::string_view name, const Ref& ref, faults::Component component) const {
    Tier t;
    t.name = name;
    t.component = component;
    for (const HostId host : group(ref)) {
      ++t.members;
      if (left_.up(host)) t.alive.push_back(host);
    }
    return t;
  }
  /// Leaves out whom none of those can reach.
  void keep_connected(Tier& t, const std::vector<HostId>& callers) const {
    if (left_.between.empty()) return;
    std::erase_if(t.alive, [&](HostId host) {
      return std::none_of(callers.begin(), callers.end(),
                          [&](HostId caller) { return left_.connected(caller, host); });
    });
  }
  double software(faults::Component component) const {
    const auto found = left_.software.find(component);
    return found != left_.software.end() ? found->second : 1;
  }
  /// Of a host's cores; as far as a component's software makes use of it.
  double speed(HostId host) const {
    const auto slowed = left_.cpu.find(host);
    return topology_.host(host).config->speed * (slowed != left_.cpu.end() ? slowed->second : 1);
  }
  double speed(HostId host, faults::Component component) const { return speed(host) * software(component); }
  static double cores_of(const world::Topology& topology, HostId host) {
    return static_cast<double>(topology.host(host).config->cores);
  }

  bool by_outstanding() const {
    using balancer::Policy;
    const Policy policy = d_.load_balancer ? d_.load_balancer->policy : Policy::random;
    return policy == Policy::least_requests || policy == Policy::power_of_two_choices ||
           policy == Policy::ewma_latency;
  }
  /// Whether requests for a server that is gone go to others, sooner or later.
  bool avoids_the_dead() const {
    return by_outstanding() || w_.retry ||
           (d_.load_balancer && (d_.load_balancer->health_check || d_.load_balancer->outlier_ejection));
  }
  /// Spreads load over who is alive; the share of it that finds somebody.
  double spread(Tier& t, bool avoids) const {
    if (t.alive.empty()) return 0;
    t.even = !by_outstanding();
    double sum = 0;
    for (const HostId host : t.alive) {
      const double share = t.even ? 1 : std::max(speed(host, t.component) * cores_of(topology_, host), 1e-12);
      t.weights[host] = share;
      sum += share;
    }
    for (auto& [host, share] : t.weights) share /= sum;
    return avoids ? 1 : static_cast<double>(t.alive.size()) / static_cast<double>(t.members);
  }
  /// Clients choose an address at random; somebody may have taken over that of a balancer that is gone.
  double spread_over_addresses(Tier& lb) const {
    if (lb.alive.empty()) return 0;
    lb.even = true;
    const auto& redundancy = d_.load_balancer->redundancy;
    if (redundancy == calls::Redundancy::active_passive) {
      lb.weights[lb.alive.front()] = 1;
      return 1;
    }
    const auto all = group(*d_.load_balancer->hosts);
    const double each = 1 / static_cast<double>(lb.members);
    if (redundancy == calls::Redundancy::active_active) {
      for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t step = 0; step < all.size(); ++step) {
          const HostId next = all[(i + step) % all.size()];
          if (std::find(lb.alive.begin(), lb.alive.end(), next) == lb.alive.end()) continue;
          lb.weights[next] += each;
          break;
        }
      return 1;
    }
    for (const HostId host : lb.alive) lb.weights[host] = 1 / static_cast<double>(lb.alive.size());
    return w_.retry ? 1 : static_cast<double>(lb.alive.size()) * each;
  }

  /// Requests of abusers that their quota keeps away, before any work is done.
  double over_quota() const {
    if (!d_.api->quota_per_user) return 0;
    return std::max(0.0, left_.added_rate - left_.added_users * d_.api->quota_per_user->per_second);
  }
  void add_work(Tier& t, double rate, double work_s) {
    t.rate = rate;
    t.work_s = work_s;
    for (const auto& [host, share] : t.weights) work_[host] += rate * share * work_s / software(t.component);
  }
  /// A request there and its answer back; a proxy between clients and a server passes both on.
  void exchange(const Weights& from, const Weights& to, double rate, double there, double back,
                bool proxied) {
    if (proxied) {
      links_.add(clients(), from, rate, there);
      links_.add(from, clients(), rate, back);
    }
    links_.add(from, to, rate, there);
    links_.add(to, from, rate, back);
  }

  void choose_leader() {
    if (!d_.queue) return;
    const auto members = group(d_.queue->hosts);
    if (d_.queue->replication == queue::Replication::none) {
      if (left_.up(members.front())) queue_[members.front()] = 1;
    } else if (d_.queue->replication == queue::Replication::availability_first) {
      for (const HostId host : members)
        if (left_.up(host)) queue_[host] = 1;
      for (auto& [host, share] : queue_) share = 1 / static_cast<double>(queue_.size());
    } else {
      for (const HostId host : members) {
        if (!left_.up(host)) continue;
        const auto heard = std::count_if(members.begin(), members.end(), [&](HostId other) {
          return left_.up(other) && (other == host || left_.connected(host, other));
        });
        if (heard * 2 <= static_cast<std::ptrdiff_t>(members.size())) continue;
        queue_[host] = 1;
        break;
      }
    }
    if (!queue_.empty()) return;
    const auto up =
        std::count_if(members.begin(), members.end(), [&](HostId host) { return left_.up(host); });
    no_majority_ = {"queue", ResourceLoad::Unit::jobs_per_s, rate_ * static_cast<double>(w_.renditions), 0};
    no_majority_->alive = up;
    no_majority_->members = static_cast<std::int64_t>(members.size());
  }

  void ask_for_credentials(const Tier& api, double requests) {
    if (!d_.auth || !d_.auth->data_plane.hosts) return;
    auth_ = tier(metrics::resource::kAuth, *d_.auth->data_plane.hosts, faults::Component::auth);
    if (d_.api) keep_connected(*auth_, api.alive);
    if (!auth_->alive.empty()) {
      auth_->even = true;
      if (d_.auth->data_plane.redundancy == calls::Redundancy::active_passive)
        auth_->weights[auth_->alive.front()] = 1;
      else
        for (const HostId host : auth_->alive)
          auth_->weights[host] = 1 / static_cast<double>(auth_->alive.size());
    }
    const double caches = d_.api ? static_cast<double>(std::max<std::size_t>(api.alive.size(), 1)) : 1;
    add_work(*auth_, requests * miss_ratio(requests / caches), d_.auth->data_plane.cpu.seconds());
  }
  /// Share of a cache's requests that it must ask about. A user who asks at rate r misses once per life of an
  /// entry and mean time to the next request, 1/r (renewal theory); the life is the TTL, or ends when the
  /// user has been silent for the cache's characteristic time (H. Che et al., IEEE JSAC 20(7), 2002).
  double miss_ratio(double rate) const {
    const auto& cache = d_.auth->edge_cache;
    if (!cache || left_.cold_cache || !(rate > 0)) return 1;
    // Users in groups of like popularity: exact for the first ones, then ever wider.
    struct Group {
      double users, rate;
    };
    std::vector<Group> groups;
    const auto* zipf = std::get_if<client::Zipf>(&w_.popularity);
    const double exponent = zipf != nullptr ? zipf->exponent : 0;
    const auto all = static_cast<double>(w_.users);
    double sum = 0;
    for (double first = 1; first <= all;) {
      const double count = std::min(std::max(1.0, std::floor(first / 50)), all - first + 1);
      const double each = std::pow(first + (count - 1) / 2, -exponent);
      groups.push_back({count, each});
      sum += count * each;
      first += count;
    }
    for (Group& g : groups) g.rate *= rate / sum;
    const double ttl = cache->ttl.seconds();
    const auto life = [&](const Group& g, double silence) {
      const double until_silent = std::expm1(std::min(g.rate * silence, 700.0)) / g.rate;
      return std::min(ttl, until_silent);
    };
    double low = 0;
    double high = ttl * 1e3;
    const auto kept = [&](double silence) {
      double entries = 0;
      for (const Group& g : groups) entries += g.users * life(g, silence) / (life(g, silence) + 1 / g.rate);
      return entries;
    };
    if (kept(high) > static_cast<double>(cache->entries)) {
      constexpr int kHalvings = 60;
      for (int i = 0; i < kHalvings; ++i) {
        const double middle = (low + high) / 2;
        (kept(middle) > static_cast<double>(cache->entries) ? high : low) = middle;
      }
    }
    double misses = 0;
    for (const Group& g : groups) misses += g.users / (life(g, high) + 1 / g.rate);
    return std::min(misses / rate, 1.0);
  }

  /// Mean time of a message of one packet, over pairs of the two sides.
  double way_s(const Weights& from, const Weights& to) const {
    constexpr std::size_t kMost = 50;  // of a side: hosts of a group are alike but for where they stand
    double sum = 0;
    double pairs = 0;
    const auto step = [](const Weights& side) { return std::max<std::size_t>(1, side.size() / kMost); };
    std::size_t i = 0;
    for (const auto& [a, share_a] : from) {
      if (i++ % step(from) != 0) continue;
      std::size_t j = 0;
      for (const auto& [b, share_b] : to) {
        if (j++ % step(to) != 0) continue;
        sum += (topology_.latency(a, b).seconds() + left_.added_s(a, b)) * share_a * share_b;
        pairs += share_a * share_b;
      }
    }
    return pairs > 0 ? sum / pairs : 0;
  }
  /// Time that bytes take over the narrower of two kinds of cards, if nothing else flows.
  double transfer_s(const Weights& from, const Weights& to, double bytes) const {
    if (topology_.platform().network.ideal || bytes <= static_cast<double>(world::Network::kPacket.count()))
      return 0;
    double slowest = 0;
    for (const Weights* side : {&from, &to}) {
      if (side->empty()) continue;
      const HostId host = side->begin()->first;
      const world::NetworkConfig& network = topology_.platform().network;
      const auto& bandwidth = host == world::kClients            ? network.internet.bandwidth
                              : topology_.host(host).config->nic ? topology_.host(host).config->nic
                                                                 : network.nic.bandwidth;
      if (bandwidth) slowest = std::max(slowest, bytes / bandwidth->bytes_per_second);
    }
    return slowest;
  }

  void through_queue(const Weights& askers, Tier& worker, double jobs) {
    if (queue_.empty()) {
      jobs = 0;
    } else {
      std::vector<HostId> givers = hosts_of(queue_);
      keep_connected(worker, givers);
      keep_connected(worker, hosts_of(askers));
    }
    const bool in_line = d_.queue->payload == queue::Payload::in_line;
    const double image = image_;
    if (!worker.alive.empty()) spread_by_slots(worker);
    // To the queue, through its log, to the worker, back to who asked.
    links_.add(askers, queue_, jobs, kControl + (in_line ? image : 0));
    const auto entry = static_cast<double>(d_.queue->entry_bytes.count());
    constexpr double kEntries = 3;  // enqueue, deliver, settle
    const double log = kEntries * entry + (in_line ? image : 0);
    if (d_.queue->replication != queue::Replication::none)
      for (const HostId follower : group(d_.queue->hosts)) {
        if (!left_.up(follower)) continue;
        Weights others = queue_;
        others.erase(follower);
        links_.add(others, {{follower, 1}}, jobs, log);
      }
    links_.add(queue_, worker.weights, jobs, kControl + (in_line ? image : 0));
    if (!in_line) links_.add(askers, worker.weights, jobs, image + kControl);
    links_.add(worker.weights, askers, jobs, rendition_ + kControl);
    // From one job's end to the next one's start: it is told, and gives one; and the image is fetched.
    worker.slots_s = way_s(worker.weights, queue_) + way_s(queue_, worker.weights);
    if (!topology_.platform().network.ideal) {
      if (in_line)
        worker.slots_s += transfer_s(queue_, worker.weights, image + kControl);
      else
        worker.slots_s += way_s(worker.weights, askers) + way_s(askers, worker.weights) +
                          transfer_s(askers, worker.weights, image + kControl);
    }
    add_work(worker, jobs, job_s());
    if (in_line) count_disks(jobs, log);
  }
  void count_disks(double jobs, double bytes) {
    for (const HostId host : group(d_.queue->hosts)) {
      if (!left_.up(host)) continue;
      const auto slowed = left_.disk.find(host);
      const double bandwidth = topology_.host(host).config->disk.bandwidth.bytes_per_second;
      ResourceLoad load{
          metrics::resource::disk(topology_.host(host).name), ResourceLoad::Unit::bytes_per_s,
          jobs * bytes * (d_.queue->replication == queue::Replication::none ? weight(queue_, host) : 1),
          bandwidth * (slowed != left_.disk.end() ? slowed->second : 1)};
      load.busy = load.offered / bandwidth;
      if (load.offered > 0) disks_.push_back(load);
    }
  }

  void pushed(const Weights& askers, Tier& worker, double requests, double n, bool proxied) {
    keep_connected(worker, hosts_of(askers));
    // A server that asks hears nothing of a worker that is gone, but outstanding jobs keep others away.
    const double passing =
        requests * spread(worker, d_.api ? by_outstanding() || w_.retry : avoids_the_dead());
    if (d_.api) {
      exchange(askers, worker.weights, passing * n, image_ + kControl, rendition_ + kControl, false);
    } else {
      exchange(askers, worker.weights, passing, image_ + kControl, rendition_ * n + kControl, proxied);
    }
    add_work(worker, passing * n, job_s());
  }

  double job_s() const {
    processing::CostModel model = cost_model(scenario_, StreamKey(0));
    double mean = model.mean_seconds();
    // A trace has images of its own; cost grows with their size.
    if (d_.processing->cost && w_.image_bytes && image_ > 0) {
      const double usual = law::mean(w_.image_bytes->law);
      if (std::isfinite(usual) && usual > 0) mean *= image_ / usual;
    }
    return std::isfinite(mean) ? mean : 0;
  }
  double slots_of(HostId host) const {
    return static_cast<double>(d_.processing->slots.value_or(topology_.host(host).config->cores));
  }
  const std::vector<double>& contention(HostId host) {
    const std::int64_t cores = topology_.host(host).config->cores;
    const auto found = contention_.find(cores);
    if (found != contention_.end()) return found->second;
    std::vector<double> curve;
    if (d_.processing->cost) curve = processing::contention_of(*d_.processing->cost, encoding(w_), cores);
    return contention_.emplace(cores, std::move(curve)).first->second;
  }
  /// Jobs per second that a worker does with all slots busy.
  double jobs_per_s(HostId host, const Tier& worker) {
    const double slots = slots_of(host);
    const double busy = std::min(slots, cores_of(topology_, host));
    const double fast = speed(host, faults::Component::processing) * speed_with(contention(host), busy);
    if (fast <= 0) return 0;
    const double service = job_s() / fast * std::max(1.0, slots / cores_of(topology_, host));
    return service + worker.slots_s > 0 ? slots / (service + worker.slots_s)
                                        : std::numeric_limits<double>::infinity();
  }
  /// A queue gives jobs to whoever has a slot free: the faster, the more.
  void spread_by_slots(Tier& worker) {
    double sum = 0;
    for (const HostId host : worker.alive) {
      const double does = std::min(jobs_per_s(host, worker), 1e12);
      worker.weights[host] = does;
      sum += does;
    }
    if (sum <= 0) worker.weights.clear();
    for (auto& [host, share] : worker.weights) share /= sum;
  }

  /// A tier's load; if a member is fuller than the whole, because the load is spread without looking, its
  /// own.
  struct Fullest {
    double share = 0;
    double capacity = 0;
    HostId host{};
    void see(double asked, double can, double its_capacity, HostId it) {
      const double its = asked <= 0 ? 0 : can > 0 ? asked / can : std::numeric_limits<double>::infinity();
      if (its <= share) return;
      share = its;
      capacity = its_capacity;
      host = it;
    }
  };
  void fill(ResourceLoad& load, double share, const Fullest& fullest) const {
    constexpr double kMore = 1 + 1e-6;
    if (fullest.share > share * kMore) {
      share = fullest.share;
      load.capacity = fullest.capacity;
      load.where = "host/" + topology_.host(fullest.host).name;
    }
    load.offered = share * load.capacity;
  }

  ResourceLoad slots(Tier& worker) {
    ResourceLoad load{worker.name, ResourceLoad::Unit::slots};
    load.members = worker.members;
    load.alive = static_cast<std::int64_t>(worker.alive.size());
    double sum = 0;
    Fullest fullest;
    for (const HostId host : worker.alive) {
      const double does = jobs_per_s(host, worker);
      load.capacity += slots_of(host);
      sum += does;
      if (worker.even) fullest.see(worker.rate * weight(worker.weights, host), does, slots_of(host), host);
      // Other components on the same host want its cores, too.
      fullest.see(work_[host], cores_of(topology_, host) * speed(host), slots_of(host), host);
    }
    load.busy = busy_slots(worker) / configured_slots();
    if (sum <= 0) {  // nothing is left
      load.offered = worker.rate * worker.work_s;
      load.capacity = 0;
      return load;
    }
    fill(load, worker.rate / sum, fullest);
    return load;
  }
  double configured_slots() const {
    double slots = 0;
    for (const HostId host : group(d_.processing->hosts)) slots += slots_of(host);
    return slots;
  }
  /// Slots that are busy at this load, on average: fewer busy cores slow each other less than all.
  double busy_slots(const Tier& worker) {
    double sum = 0;
    double busy = 0;
    std::optional<std::array<double, 3>> before;  // of a group's hosts most are alike
    for (const auto& [host, share] : worker.weights) {
      const double fast = speed(host, faults::Component::processing);
      if (fast <= 0) continue;
      const double work = worker.rate * share * worker.work_s / fast;
      const std::array<double, 3> its = {work, slots_of(host), cores_of(topology_, host)};
      if (its != before)
        busy = d_.queue ? steady_busy(work, its[1], contention(host))
                        : mean_busy(work, its[1], its[2], contention(host));
      before = its;
      sum += busy;
    }
    return sum;
  }

  ResourceLoad cores(const Tier& t, const Ref& ref) {
    ResourceLoad load{t.name, ResourceLoad::Unit::cores};
    load.members = t.members;
    load.alive = static_cast<std::int64_t>(t.alive.size());
    double speeds = 0;
    double work = 0;
    double configured = 0;
    double busy = 0;
    Fullest fullest;
    for (const HostId host : group(ref)) configured += cores_of(topology_, host);
    for (const HostId host : t.alive) {
      const double cores = cores_of(topology_, host);
      const double fast = cores * speed(host);
      load.capacity += cores;
      speeds += fast;
      work += work_[host];
      if (t.even) fullest.see(work_[host], fast, cores, host);
      if (fast > 0) busy += std::min(1.0, work_[host] / fast) * cores;
    }
    load.busy = configured > 0 ? busy / configured : 0;
    if (speeds <= 0) {  // nothing is left
      load.offered = rate_ * std::max(t.work_s, 1e-9);
      load.capacity = 0;
      return load;
    }
    fill(load, work / speeds, fullest);
    return load;
  }

  const ScenarioConfig& scenario_;
  const DeploymentConfig& d_;
  const client::WorkloadConfig& w_;
  const world::Topology& topology_;
  const Degraded& left_;
  const double rate_;
  double image_ = 0;      // bytes, on average
  double rendition_ = 0;  // bytes of one, on average
  Links links_;
  std::map<HostId, double> work_;  // CPU seconds per second, on cores of speed 1
  Weights queue_;                  // who hands out jobs
  std::optional<Tier> auth_;
  std::optional<ResourceLoad> no_majority_;
  std::vector<ResourceLoad> disks_;
  std::map<std::int64_t, std::vector<double>> contention_;
};

/// The rate of arrivals that have one, by date.
class RateOf {
 public:
  explicit RateOf(TimePoint from, TimePoint to) : from_(seconds(from)), to_(std::max(seconds(to), from_)) {}

  double peak(const client::Poisson& a) const { return a.rate.per_second; }
  double peak(const client::Constant& a) const { return a.rate.per_second; }
  double peak(const client::Bursts& a) const { return std::max(a.calm.per_second, a.burst.per_second); }
  double peak(const client::Profile& a) const {
    double most = std::max(at(a, from_), at(a, to_));
    constexpr int kSteps = 10'000;
    for (int i = 0; i <= kSteps; ++i) most = std::max(most, at(a, from_ + (to_ - from_) * i / kSteps));
    const double period = a.repeat ? a.repeat->seconds() : 0;
    if (a.points)
      for (const client::ProfilePoint& p : *a.points)
        if (within(p.at.seconds(), period)) most = std::max(most, p.rate.per_second);
    if (a.diurnal && within(a.diurnal->peak_at.seconds(), a.diurnal->period.seconds()))
      most = std::max(most, a.diurnal->peak.per_second);
    return most;
  }
  double peak(const client::Trace& a) const {
    std::size_t most = 0;
    std::size_t first = 0;
    for (std::size_t i = 0; i < a.rows.size(); ++i) {
      const double date = a.rows[i].at.seconds();
      if (date < from_ || date > to_) {
        first = i + 1;
        continue;
      }
      while (a.rows[first].at.seconds() <= date - 1) ++first;
      most = std::max(most, i + 1 - first);
    }
    return static_cast<double>(most);
  }
  double peak(const client::NoArrivals&) const { return 0; }

 private:
  static double seconds(TimePoint t) { return t.since_start().seconds(); }
  /// Whether something that happens then, and again after each period, happens.
  bool within(double date, double period) const {
    if (period > 0) date += std::max(0.0, std::ceil((from_ - date) / period)) * period;
    return date >= from_ && date <= to_;
  }
  static double at(const client::Profile& a, double t) {
    if (a.diurnal) {
      constexpr double kTurn = 2 * 3.14159265358979323846;
      const client::Diurnal& d = *a.diurnal;
      return d.mean.per_second + (d.peak.per_second - d.mean.per_second) *
                                     std::cos(kTurn * (t - d.peak_at.seconds()) / d.period.seconds());
    }
    const auto& points = *a.points;
    if (a.repeat) t = std::fmod(t, a.repeat->seconds());
    const auto next =
        std::upper_bound(points.begin(), points.end(), t,
                         [](double date, const client::ProfilePoint& p) { return date < p.at.seconds(); });
    if (next == points.begin()) return next->rate.per_second;
    const client::ProfilePoint& last = *(next - 1);
    if (a.between == client::Between::step || (next == points.end() && !a.repeat))
      return last.rate.per_second;
    const client::ProfilePoint& then = next != points.end() ? *next : points.front();
    const double ends = next != points.end() ? then.at.seconds() : a.repeat->seconds();
    const double part = (t - last.at.seconds()) / (ends - last.at.seconds());
    return last.rate.per_second + (then.rate.per_second - last.rate.per_second) * part;
  }
  double from_, to_;
};

/// What users who never wait ask for: a request, its service, thinking.
double without_waiting(const ScenarioConfig& s, const client::Closed& a) {
  const double think = law::mean(a.think_time.law) / 1e9;
  double busy = 0;
  const DeploymentConfig& d = s.deployment;
  if (d.api) busy += d.api->cpu.seconds();
  if (d.load_balancer && d.load_balancer->hosts) busy += d.load_balancer->cpu.seconds();
  if (d.processing) {
    const double mean = cost_model(s, StreamKey(0)).mean_seconds();
    if (std::isfinite(mean)) busy += mean / s.platform.hosts.at(d.processing->hosts.name).speed;
  }
  const world::NetworkConfig& network = s.platform.network;
  if (!network.ideal) busy += 2 * (network.internet.latency + network.nic.latency).seconds();
  return think + busy > 0 ? static_cast<double>(a.users) / (think + busy) : 0;
}

/// How often a scheduled fault strikes.
std::int64_t strikes_before(TimePoint end, const faults::FaultConfig& fault) {
  if (fault.first() >= end) return 0;
  if (!fault.every) return 1;
  return 1 + ((end - fault.first()).count_ns() - 1) / fault.every->count_ns();
}

}  // namespace

double ResourceLoad::share() const {
  if (offered <= 0) return 0;
  return capacity > 0 ? offered / capacity : std::numeric_limits<double>::infinity();
}

std::vector<ResourceLoad> offered_load(const ScenarioConfig& scenario, const world::Topology& topology,
                                       double requests_per_s, const Degraded& left) {
  return Arithmetic(scenario, topology, requests_per_s, left).run();
}

double peak_rate(const ScenarioConfig& scenario, TimePoint from, TimePoint to) {
  const client::Arrivals& arrivals = scenario.workload.arrivals;
  if (const auto* closed = std::get_if<client::Closed>(&arrivals)) return without_waiting(scenario, *closed);
  return std::visit(
      [&]<class A>(const A& a) {
        if constexpr (std::is_same_v<A, client::Closed>)
          return 0.0;
        else
          return RateOf(from, to).peak(a);
      },
      arrivals);
}

double expected_requests(const ScenarioConfig& scenario) {
  const TimePoint end = TimePoint::at(scenario.run.warmup + scenario.run.duration);
  const client::Arrivals& arrivals = scenario.workload.arrivals;
  const auto between = [&](TimePoint from, TimePoint to) {
    if (const auto* closed = std::get_if<client::Closed>(&arrivals))
      return without_waiting(scenario, *closed) * (to - from).seconds();
    return client::requests_between(arrivals, from, to).value_or(0);
  };
  double all = between(TimePoint(), end);
  for (const faults::FaultConfig& fault : scenario.faults) {
    if (fault.stochastic()) continue;
    const faults::MoreLoad more = faults::more_load(fault.kind);
    if (more.of_own == 0 && more.per_second == 0) continue;
    const std::int64_t strikes = strikes_before(end, fault);
    // Of very many, so many that are spread evenly over the run.
    const std::int64_t seen = std::min<std::int64_t>(strikes, 1000);
    double added = 0;
    for (std::int64_t i = 0; i < seen; ++i) {
      const auto n = static_cast<std::int64_t>((static_cast<double>(i) + 0.5) * static_cast<double>(strikes) /
                                               static_cast<double>(seen));
      const TimePoint from = fault.first() + fault.every.value_or(Duration()) * n;
      const auto lasts = fault.lasts();
      const TimePoint to = lasts ? std::min(from + *lasts, end) : end;
      if (more.of_own != 0) added += more.of_own * between(from, to);
      added += more.per_second * (to - from).seconds();
    }
    const double chance = fault.probability ? fault.probability->value : 1;
    if (seen > 0) all += chance * added * static_cast<double>(strikes) / static_cast<double>(seen);
  }
  return all * static_cast<double>(scenario.run.replications);
}

std::vector<PhaseLoad> offered_load(const ScenarioConfig& scenario) {
  const world::Topology topology(scenario.platform);
  std::vector<PhaseLoad> all;
  for (Phase& phase : phases(scenario)) {
    const Degraded left = degraded(scenario, topology, phase);
    const double rate = peak_rate(scenario, phase.from, phase.to) * left.factor + left.added_rate;
    std::vector<ResourceLoad> resources = offered_load(scenario, topology, rate, left);
    all.push_back({std::move(phase), rate, std::move(resources)});
  }
  return all;
}

}  // namespace headroom::study
