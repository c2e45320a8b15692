// What SimGrid alone costs for the traffic of the reference region: no library of ours, nothing modelled but
// the traffic. Poisson arrivals at 10 000/s × scale; 2 balancers, 3 × scale API hosts, 40 × scale workers on
// the links of the reference platform; per request 4 bulk transfers (client → API 256 KB through a balancer,
// API → worker 256 KB, worker → API 51 KB, API → client 51 KB) and 11 timed events for control messages and
// CPU, kept on a heap that one SimGrid timer drives. All network factors neutral.
//
//     simgrid_floor [scale = 1] [simulated seconds = 10]

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <random>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>

namespace sg = simgrid::s4u;
using simgrid::kernel::timer::Timer;

namespace {

struct Request {
  int api, worker, balancer;
  int stage = 0;
  double born = 0;
  sg::CommPtr comm;
};

struct Entry {
  double date;
  std::uint64_t sequence;
  Request* request;  // nullptr: an arrival
  bool operator<(const Entry& other) const {
    return date > other.date || (date == other.date && sequence > other.sequence);
  }
};

class Floor {
 public:
  Floor(sg::Engine& engine, double scale, double seconds)
      : engine_(engine), rate_(10'000 * scale), end_(seconds) {
    build(static_cast<int>(std::lround(3 * scale)), static_cast<int>(std::lround(40 * scale)));
    sg::Activity::on_completion_cb([this](const sg::Activity& activity) {
      auto* request = activity.get_data<Request>();
      ended_.push_back(std::move(request->comm));
      at(sg::Engine::get_clock(), request);
      arm();
    });
    at(draw(1 / rate_), nullptr);
    arm();
  }
  void run() const { engine_.run(); }
  std::uint64_t finished() const { return finished_; }
  double mean_latency() const { return latency_ / static_cast<double>(finished_); }

 private:
  // Three zones with 2 × scale racks each; every host one network card each way. `clients@lb-i` hangs behind
  // balancer i, so that what clients exchange with API hosts occupies the balancer's card both ways.
  void build(int apis, int workers) {
    root_ = sg::create_full_zone("region");
    using Way = sg::LinkInRoute::Direction;
    const std::size_t racks = static_cast<std::size_t>(std::max(6, 2 * apis));  // rack r is in zone r mod 3
    std::vector<const sg::Link*> zone_links, rack_links;
    std::vector<simgrid::kernel::routing::NetPoint*> routers;
    for (int z = 0; z < 3; ++z)
      zone_links.push_back(root_->create_split_duplex_link("zone-uplink" + std::to_string(z), 400e9 / 8));
    for (std::size_t r = 0; r < racks; ++r) {
      const std::string name = std::to_string(r);
      sg::NetZone* rack = sg::create_star_zone("rack" + name);
      rack->set_parent(root_);
      routers.push_back(rack->create_router("router" + name));
      rack->add_route(routers.back(), nullptr, nullptr, nullptr, {}, true);
      rack_links.push_back(root_->create_split_duplex_link("rack-uplink" + name, 100e9 / 8));
      racks_.push_back(rack);
    }
    for (std::size_t a = 0; a < racks; ++a)
      for (std::size_t b = 0; b < racks; ++b) {
        if (a == b) continue;
        std::vector<sg::LinkInRoute> way{sg::LinkInRoute(rack_links[a], Way::UP)};
        if (a % 3 != b % 3) {
          way.emplace_back(zone_links[a % 3], Way::UP);
          way.emplace_back(zone_links[b % 3], Way::DOWN);
        }
        way.emplace_back(rack_links[b], Way::DOWN);
        root_->add_route(racks_[a]->get_netpoint(), racks_[b]->get_netpoint(), routers[a], routers[b], way,
                         false);
      }
    const auto place = [&](const std::string& name, int i, double bandwidth) {
      sg::NetZone* rack = racks_[static_cast<std::size_t>(i) % racks_.size()];
      sg::Host* host = rack->create_host(name, 1e9);
      const auto* nic = rack->create_split_duplex_link("nic-" + name, bandwidth);
      rack->add_route(host->get_netpoint(), nullptr, nullptr, nullptr, {sg::LinkInRoute(nic, Way::UP)}, true);
      return host;
    };
    const int lbs = std::max(2, apis * 2 / 3);
    for (int i = 0; i < lbs; ++i) clients_.push_back(place("clients@lb-" + std::to_string(i), i, 100e9 / 8));
    for (int i = 0; i < apis; ++i) apis_.push_back(place("api-" + std::to_string(i), i, 25e9 / 8));
    for (int i = 0; i < workers; ++i) workers_.push_back(place("worker-" + std::to_string(i), i, 25e9 / 8));
    root_->seal();
  }

  double draw(double mean) { return std::exponential_distribution<double>(1 / mean)(random_); }
  int below(std::size_t n) { return static_cast<int>(random_() % n); }
  void at(double date, Request* request) { heap_.push({date, sequence_++, request}); }
  void arm() {
    if (heap_.empty() || (timer_ != nullptr && timer_->get_date() <= heap_.top().date)) return;
    if (timer_ != nullptr) timer_->remove();
    timer_ = Timer::set(std::max(heap_.top().date, sg::Engine::get_clock()), [this] { tick(); });
  }
  void tick() {
    timer_ = nullptr;
    ended_.clear();
    while (!heap_.empty() && heap_.top().date <= sg::Engine::get_clock()) {
      const Entry entry = heap_.top();
      heap_.pop();
      if (entry.request == nullptr)
        arrive(entry.date);
      else
        step(*entry.request, sg::Engine::get_clock());
    }
    arm();
  }
  void arrive(double now) {
    auto* request =
        new Request{below(apis_.size()), below(workers_.size()), below(clients_.size()), 0, now, nullptr};
    at(now + 10e-3, request);
    const double next = now + draw(1 / rate_);
    if (next < end_) at(next, nullptr);
  }
  void transfer(Request& request, sg::Host* from, sg::Host* to, std::uint64_t bytes) {
    request.comm = sg::Comm::sendto_init();
    request.comm->set_payload_size(bytes);
    request.comm->set_data(&request);
    request.comm->set_source(from);
    request.comm->set_destination(to);
  }
  // 15 stages: 4 transfers and 11 timed events (latencies, 800 µs at the API, 100 ms at the worker).
  void step(Request& request, double now) {
    sg::Host* client = clients_[static_cast<std::size_t>(request.balancer)];
    sg::Host* api = apis_[static_cast<std::size_t>(request.api)];
    sg::Host* worker = workers_[static_cast<std::size_t>(request.worker)];
    switch (request.stage++) {
      case 0:
        transfer(request, client, api, 256'000);
        break;
      case 5:
        transfer(request, api, worker, 256'000);
        break;
      case 9:
        transfer(request, worker, api, 51'000);
        break;
      case 12:
        transfer(request, api, client, 51'000);
        break;
      case 2:
        at(now + 800e-6, &request);
        break;
      case 7:
        at(now + draw(100e-3), &request);
        break;
      case 14:
        latency_ += now - request.born;
        ++finished_;
        delete &request;
        break;
      default:
        at(now + 460e-6, &request);
        break;
    }
  }

  sg::Engine& engine_;
  double rate_, end_;
  sg::NetZone* root_ = nullptr;
  std::vector<sg::NetZone*> racks_;
  std::vector<sg::Host*> clients_, apis_, workers_;
  std::vector<sg::CommPtr> ended_;
  std::priority_queue<Entry> heap_;
  std::uint64_t sequence_ = 0;
  std::mt19937_64 random_{1};
  Timer* timer_ = nullptr;
  std::uint64_t finished_ = 0;
  double latency_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const double scale = argc > 1 ? std::atof(argv[1]) : 1;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  char name[] = "simgrid_floor";
  char quiet[] = "--log=root.thresh:critical";
  char* arguments[] = {name, quiet, nullptr};
  int count = 2;
  static sg::Engine engine(&count, arguments);
  for (const char* option : {"network/model:CM02", "network/crosstraffic:0", "network/latency-factor:1",
                             "network/bandwidth-factor:1", "network/TCP-gamma:0", "network/weight-S:0"})
    sg::Engine::set_config(option);
  Floor floor(engine, scale, seconds);
  const auto begin = std::clock();
  floor.run();
  const double cpu_s = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf(
      "%llu requests in %.2f s of CPU time: %.0f requests/s, %.2f us per request; mean latency %.3f ms\n",
      static_cast<unsigned long long>(floor.finished()), cpu_s, static_cast<double>(floor.finished()) / cpu_s,
      cpu_s * 1e6 / static_cast<double>(floor.finished()), floor.mean_latency() * 1e3);
}
