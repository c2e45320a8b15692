// What the parts of sim/world cost, in ns or µs of CPU time per operation:
//
//     world_cost control     a control message, sent and delivered
//     world_cost job [n]     a job on a 32-core processor that is kept at n jobs (32)
//     world_cost loop [s]    the work of heap_loop (random): Poisson 10 000/s → 40 hosts × 32 slots, for s
//     world_cost flows [scale = 1] [s = 10]   the traffic of simgrid_floor
//     world_cost congested [n = 10 000] [hosts = 40]   a flow over a link that n flows share all the time,
//     from
//                            clients to that many hosts through two balancers; bytes of memory of each

#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <vector>

#include "sim/base/random.h"
#include "sim/world/world.h"

namespace {

using namespace headroom;
using namespace headroom::world;

double draw(headroom::Engine& random, double mean) {
  return -mean * std::log1p(-uniform01(random));
}
double since(std::clock_t begin) {
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

PlatformConfig region(double scale) {
  PlatformConfig p;
  p.layout.zones = 3;
  p.layout.racks_per_zone = std::lround(2 * scale);
  p.network.ideal = false;
  p.network.nic = {Bandwidth{25e9 / 8}, Duration::us(10)};
  p.network.rack_uplink = {Bandwidth{100e9 / 8}, Duration::us(20)};
  p.network.zone_uplink = {Bandwidth{400e9 / 8}, Duration::us(50)};
  p.network.between_zones = {std::nullopt, Duration::us(300)};
  p.network.internet = {Bandwidth{400e9 / 8 * scale}, Duration::ms(10)};
  p.hosts["api"].count = std::lround(3 * scale);
  p.hosts["lb"].count = std::lround(2 * scale);
  p.hosts["lb"].nic = Bandwidth{100e9 / 8};
  p.hosts["worker"].count = std::lround(40 * scale);
  p.hosts["worker"].cores = 32;
  return p;
}

/// A message that, when it arrives, sends the next one.
class Ping final : public Message {
 public:
  Ping(World& world, std::uint64_t& left) : world_(world), left_(left) {}
  ~Ping() override = default;
  static void send(World& world, std::uint64_t& left) {
    const auto n = static_cast<std::uint32_t>(world.hosts().size());
    const HostId from{static_cast<std::uint32_t>(left % n + 1)};
    const HostId to{static_cast<std::uint32_t>(left * 7 % n + 1)};
    world.network().send({from, to}, Bytes(200), std::make_unique<Ping>(world, left));
  }

 private:
  void deliver() override {
    if (left_ == 0) return;
    --left_;
    send(world_, left_);
  }
  World& world_;
  std::uint64_t& left_;
};

void control() {
  World world(region(1), StreamKey(1));
  std::uint64_t left = 5'000'000;
  for (int i = 0; i < 1000; ++i) Ping::send(world, left);
  const auto begin = std::clock();
  world.run_until(TimePoint::never());
  std::printf("%.0f ns per control message (1000 in flight)\n", since(begin) * 1e9 / 5e6);
}

class Again final : public Job {
 public:
  Again(Processor& cpu, headroom::Engine& random, std::uint64_t& left)
      : cpu_(cpu), random_(random), left_(left) {
    start();
  }
  ~Again() override = default;

 private:
  void start() { cpu_.start(*this, Duration::ns(1) + Duration::from_seconds(draw(random_, 0.1))); }
  void done() override {
    if (left_ > 0) {
      --left_;
      start();
    }
  }
  Processor& cpu_;
  headroom::Engine& random_;
  std::uint64_t& left_;
};

void job(int n) {
  Scheduler scheduler;
  headroom::Engine random = StreamKey(1).engine();
  VirtualTimeProcessor cpu(scheduler, 32, 1.0);
  std::uint64_t left = 5'000'000;
  std::vector<std::unique_ptr<Again>> jobs;
  for (int i = 0; i < n; ++i) jobs.push_back(std::make_unique<Again>(cpu, random, left));
  const auto begin = std::clock();
  while (!scheduler.idle()) scheduler.run_next_instant();
  const double all = since(begin);
  const auto begin_draws = std::clock();
  double sum = 0;
  for (int i = 0; i < 5'000'000; ++i) sum += draw(random, 0.1);
  const double draws = since(begin_draws);
  std::printf("%.0f ns per job at %d jobs on 32 cores (without the draw of its work; sum %.0f)\n",
              (all - draws) * 1e9 / 5e6, n, sum);
}

/// One host of the queueing loop: 32 slots, jobs of requests that wait their turn.
struct Station {
  struct Slot final : Job {
    Station* station = nullptr;
    double born = 0;
    ~Slot() override = default;
    void done() override { station->finished(*this); }
  };
  struct Waiting {
    double born;
    double service;
  };
  Scheduler* scheduler = nullptr;
  Processor* cpu = nullptr;
  std::vector<std::unique_ptr<Slot>> slots;
  std::vector<Slot*> free;
  std::deque<Waiting> waiting;
  std::uint64_t* count = nullptr;
  double* latency = nullptr;
  void arrive(const Waiting& request) {
    if (free.empty()) {
      waiting.push_back(request);
      return;
    }
    Slot* slot = free.back();
    free.pop_back();
    begin(*slot, request);
  }
  void begin(Slot& slot, const Waiting& request) {
    slot.born = request.born;
    cpu->start(slot, Duration::ns(1) + Duration::from_seconds(request.service));
  }
  void finished(Slot& slot) {
    ++*count;
    *latency += scheduler->now().since_start().seconds() - slot.born;
    if (waiting.empty()) {
      free.push_back(&slot);
      return;
    }
    const Waiting next = waiting.front();
    waiting.pop_front();
    begin(slot, next);
  }
};

void loop(double seconds) {
  PlatformConfig p;
  p.hosts["worker"].count = 40;
  p.hosts["worker"].cores = 32;
  World world(p, StreamKey(1));
  headroom::Engine random = StreamKey(2).engine();
  std::uint64_t count = 0;
  double latency = 0;
  std::vector<Station> stations(40);
  for (std::size_t i = 0; i < 40; ++i) {
    Station& station = stations[i];
    station.scheduler = &world.scheduler();
    station.cpu = &world.hosts()[i]->cpu();
    station.count = &count;
    station.latency = &latency;
    for (int s = 0; s < 32; ++s) {
      station.slots.push_back(std::make_unique<Station::Slot>());
      station.slots.back()->station = &station;
      station.free.push_back(station.slots.back().get());
    }
  }
  std::unique_ptr<Event> arrival;
  arrival = std::make_unique<Callback<std::function<void()>>>([&] {
    const double now = world.now().since_start().seconds();
    stations[uniform_below(random, 40)].arrive({now, draw(random, 0.1)});
    if (now < seconds) world.scheduler().schedule_in(*arrival, Duration::from_seconds(draw(random, 1e-4)));
  });
  world.scheduler().post(*arrival);
  const auto begin = std::clock();
  world.run_until(TimePoint::never());
  const double cpu_s = since(begin);
  std::printf("%.2f M requests/s; mean latency %.3f ms\n", static_cast<double>(count) / cpu_s / 1e6,
              latency / static_cast<double>(count) * 1e3);
}

/// A request of simgrid_floor: 4 bulk transfers and 11 timed events.
class Request final : public Event, public Pooled {
 public:
  struct Totals {
    std::uint64_t count = 0;
    double latency = 0;
  };
  Request(World& world, headroom::Engine& random, Totals& totals, HostId lb, HostId api, HostId worker)
      : world_(world),
        random_(random),
        totals_(totals),
        lb_(lb),
        api_(api),
        worker_(worker),
        born_(world.now()) {
    world_.scheduler().schedule_in(*this, Duration::ms(10));
  }
  ~Request() override = default;

 private:
  class Body final : public Message {
   public:
    explicit Body(Request& request) : request_(request) {}
    ~Body() override = default;

   private:
    void deliver() override { request_.fire(); }
    Request& request_;
  };
  void transfer(const Route& route, std::int64_t bytes) {
    world_.network().send(route, Bytes(bytes), std::make_unique<Body>(*this));
  }
  void fire() override {
    switch (stage_++) {
      case 0:
        transfer({kClients, api_, lb_, true}, 256'000);
        break;
      case 5:
        transfer({api_, worker_}, 256'000);
        break;
      case 9:
        transfer({worker_, api_}, 51'000);
        break;
      case 12:
        transfer({api_, kClients, lb_}, 51'000);
        break;
      case 2:
        world_.scheduler().schedule_in(*this, Duration::us(800));
        break;
      case 7:
        world_.scheduler().schedule_in(*this, Duration::from_seconds(draw(random_, 0.1)));
        break;
      case 14:
        ++totals_.count;
        totals_.latency += (world_.now() - born_).seconds();
        delete this;
        break;
      default:
        world_.scheduler().schedule_in(*this, Duration::us(460));
        break;
    }
  }
  World& world_;
  headroom::Engine& random_;
  Totals& totals_;
  HostId lb_, api_, worker_;
  TimePoint born_;
  int stage_ = 0;
};

void flows(double scale, double seconds) {
  World world(region(scale), StreamKey(1));
  headroom::Engine random = StreamKey(2).engine();
  Request::Totals totals;
  const auto pick = [&](const std::vector<HostId>& group) {
    return group[uniform_below(random, group.size())];
  };
  const auto& lbs = *world.topology().domain("group/lb");
  const auto& apis = *world.topology().domain("group/api");
  const auto& workers = *world.topology().domain("group/worker");
  std::unique_ptr<Event> arrival;
  arrival = std::make_unique<Callback<std::function<void()>>>([&] {
    const HostId lb = pick(lbs), api = pick(apis), worker = pick(workers);
    new Request(world, random, totals, lb, api, worker);
    if (world.now().since_start().seconds() < seconds)
      world.scheduler().schedule_in(*arrival, Duration::from_seconds(draw(random, 1e-4 / scale)));
  });
  world.scheduler().post(*arrival);
  const auto begin = std::clock();
  world.run_until(TimePoint::never());
  const double cpu_s = since(begin);
  const auto n = static_cast<double>(totals.count);
  std::printf("%.0f requests/s, %.2f us per request of 4 flows; %.2f us per flow; mean latency %.3f ms\n",
              n / cpu_s, cpu_s * 1e6 / n, cpu_s * 1e6 / static_cast<double>(world.network().counts().flows),
              totals.latency / n * 1e3);
}

/// A flow that, when it ends, starts the next one.
class Bulk final : public Message {
 public:
  struct Load {
    World& world;
    headroom::Engine random;
    std::int64_t hosts;
    std::uint64_t left;
    void send() {
      const auto host = [&](std::uint64_t i) { return HostId{static_cast<std::uint32_t>(i + 1)}; };
      const HostId balancer = host(uniform_below(random, 2));
      const HostId to = host(2 + uniform_below(random, static_cast<std::uint64_t>(hosts)));
      const Bytes size(1501 + static_cast<std::int64_t>(draw(random, 256e3)));
      world.network().send({kClients, to, balancer}, size, std::make_unique<Bulk>(*this));
    }
  };
  explicit Bulk(Load& load) : load_(load) {}
  ~Bulk() override = default;

 private:
  void deliver() override {
    if (load_.left == 0) return;
    --load_.left;
    load_.send();
  }
  Load& load_;
};

void congested(int n, int hosts) {
  PlatformConfig p;
  p.network.ideal = false;
  p.network.nic = {Bandwidth{25e9 / 8}, Duration()};
  p.network.internet = {Bandwidth{8e9 / 8}, Duration()};
  p.hosts["balancer"].count = 2;
  p.hosts["worker"].count = hosts;
  World world(p, StreamKey(1));
  constexpr std::uint64_t kFlows = 1'000'000;
  Bulk::Load load{world, StreamKey(2).engine(), hosts, kFlows};
  const auto kib = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss);
  };
  const double before = kib();
  for (int i = 0; i < n; ++i) load.send();
  world.run_until(TimePoint::at(Duration::ns(1)));  // all of them live
  const double each = (kib() - before) * 1024 / n;
  const auto begin = std::clock();
  world.run_until(TimePoint::never(), [&] { return load.left == 0; });
  std::printf("%.2f us per flow, %d live over %d paths; %.0f bytes of memory each\n",
              since(begin) * 1e6 / static_cast<double>(kFlows), n, 2 * hosts, each);
}

}  // namespace

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  const auto number = [&](int i, double otherwise) { return argc > i ? std::atof(argv[i]) : otherwise; };
  if (std::strcmp(what, "control") == 0)
    control();
  else if (std::strcmp(what, "job") == 0)
    job(static_cast<int>(number(2, 32)));
  else if (std::strcmp(what, "loop") == 0)
    loop(number(2, 100));
  else if (std::strcmp(what, "flows") == 0)
    flows(number(2, 1), number(3, 10));
  else if (std::strcmp(what, "congested") == 0)
    congested(static_cast<int>(number(2, 10'000)), static_cast<int>(number(3, 40)));
  else
    std::printf(
        "usage: world_cost control | job [n] | loop [seconds] | flows [scale] [seconds] | congested [flows] "
        "[hosts]\n");
}
