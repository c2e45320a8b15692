#include "sim/world/simgrid_fluid.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <set>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>
#include <vector>

#include "sim/base/check.h"
#include "sim/world/pool.h"

namespace headroom::world {
namespace {

namespace sg = simgrid::s4u;
using simgrid::kernel::timer::Timer;

// The platform of SimGrid is one zone in which the route of the next flow is whatever we say it is: no
// routing tables, whatever the number of hosts.
class PathZone final : public simgrid::kernel::routing::NetZoneImpl {
 public:
  explicit PathZone(const std::string& name) : NetZoneImpl(name) {}
  std::vector<simgrid::kernel::resource::StandardLinkImpl*> next_route;

 private:
  void get_local_route(const simgrid::kernel::routing::NetPoint*, const simgrid::kernel::routing::NetPoint*,
                       simgrid::kernel::routing::Route* route, double*) override {
    route->link_list_ = next_route;
  }
  void get_graph(const s_xbt_graph_t*, std::map<std::string, xbt_node_t, std::less<>>*,
                 std::map<std::string, xbt_edge_t, std::less<>>*) override {}
};

// Every option that bears on the result is set, whatever SimGrid's defaults are. CM02 with latency 0, no
// cross traffic and neutral factors is plain max-min fairness over the links' bandwidths.
sg::Engine* make_engine() {
  const char* options[] = {"headroom",
                           "--log=root.thresh:critical",
                           "--cfg=network/model:CM02",
                           "--cfg=network/optim:Lazy",
                           "--cfg=network/crosstraffic:0",
                           "--cfg=network/latency-factor:1",
                           "--cfg=network/bandwidth-factor:1",
                           "--cfg=network/TCP-gamma:0",
                           "--cfg=network/weight-S:0",
                           "--cfg=cpu/model:Cas01",
                           "--cfg=cpu/optim:Lazy",
                           "--cfg=surf/precision:1e-9",
                           "--cfg=maxmin/precision:1e-5",
                           "--cfg=debug/clean-atexit:0"};
  std::vector<char*> argv;
  for (const char* option : options) argv.push_back(const_cast<char*>(option));
  argv.push_back(nullptr);
  int argc = static_cast<int>(std::size(options));

  // SimGrid installs handlers of its own; the program's stay in force.
  constexpr int kSignals[] = {SIGINT, SIGSEGV, SIGBUS};
  struct sigaction actions[std::size(kSignals)];
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], nullptr, &actions[i]);
  auto* engine = new sg::Engine(&argc, argv.data());  // stays until the process ends: it cannot be made again
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &actions[i], nullptr);
  return engine;
}

// SimGrid has no speed 0, and resumes suspended work wrongly: frozen is a billion times slower.
constexpr double kFrozen = 1e-9;

// SimGrid counts whole units: it is given bytes in parts of 1024, so that what is left of a flow is hardly
// rounded.
constexpr double kUnit = 1024;

double seconds(TimePoint t) {
  return static_cast<double>(t.since_start().count_ns()) / 1e9;
}
TimePoint rounded(double clock) {
  return TimePoint::at(Duration::from_ns(clock * 1e9));
}

}  // namespace

struct SimgridFluid::Flow : Pooled {
  Path path;
  double size = 0;  // bytes, or ns of work
  Event* when_done = nullptr;
  Flow** handle = nullptr;   // nullptr once it is over for its owner
  sg::ActivityPtr activity;  // nullptr before it starts
  sg::Host* cpu = nullptr;   // of work
  std::size_t place = 0;     // in `flows`
};

class SimgridFluid::Impl {
 public:
  explicit Impl(Scheduler& s) : scheduler(s), engine(make_engine()) {
    zone = new PathZone("region");  // SimGrid's own from here on
    source = zone->get_iface()->create_host("source", 1e9);
    sink = zone->get_iface()->create_host("sink", 1e9);
    engine->track_vetoed_activities(&leave_run);
    sg::Activity::on_completion_cb([this](const sg::Activity& activity) { on_completion(activity); });
  }
  ~Impl() {
    for (Flow* flow : flows) {
      flow->handle = nullptr;
      if (flow->activity != nullptr) flow->activity->cancel();
      delete flow;
    }
    bury();
    disarm();
  }

  struct LinkState {
    sg::Link* link;
    double bandwidth;
    double share = 1;
    double passed = 0;
    double capacity() const { return bandwidth * share; }
  };
  struct Change {
    enum class Kind { start, cancel, link_share, cpu_share } kind;
    Flow* flow;
    std::uint32_t resource;
    double share;
  };

  Flow* make(Event& when_done, Flow*& handle) {
    auto* flow = new Flow;
    flow->when_done = &when_done;
    flow->handle = &handle;
    flow->place = flows.size();
    flows.push_back(flow);
    handle = flow;
    changes.push_back({Change::Kind::start, flow, 0, 0});
    return flow;
  }

  void run(TimePoint until, const std::function<bool()>& stop_if) {
    end = until;
    stop = &stop_if;
    if (proceed()) return;
    leave_run.clear();
    inside = true;
    engine->run();
    inside = false;
    HEADROOM_CHECK(!leave_run.empty(), "SimGrid stopped although flows are live");
  }

  // Runs the scheduler as far as no flow has a say. True: the run is over. False: SimGrid's clock must move,
  // and `tick` or `on_completion` will be called when it has.
  bool proceed() {
    bury();
    bool stale = true;  // something about flows may have changed
    while (true) {
      if (!changes.empty()) {
        if (scheduler.now() > synced || !inside) {
          arm(scheduler.now());
          return false;
        }
        apply();
        stale = true;
      }
      if (stale) {
        if (endings_pending()) return false;
        find_horizon();
        stale = false;
      }
      if (*stop && (*stop)()) return true;
      const TimePoint next = scheduler.next_date();
      if (horizon != TimePoint::never() && horizon <= std::min(next, end)) return false;
      if (next > end || next == TimePoint::never()) return true;
      scheduler.run_next_instant();
    }
  }

  void tick() {
    timer = nullptr;
    synced = std::max(synced, timer_date);
    // An entry here, whatever it is, makes SimGrid's loop return after this round.
    if (proceed()) leave_run.insert(nullptr);
  }

  void on_completion(const sg::Activity& activity) {
    auto* flow = activity.get_data<Flow>();
    const sg::Activity::State state = activity.get_state();
    // A cancellation is announced twice; only the second time is SimGrid through with it.
    if (flow == nullptr || (state != sg::Activity::State::FINISHED && state != sg::Activity::State::FAILED))
      return;
    synced = std::max(synced, rounded(sg::Engine::get_clock()));
    if (flow->handle != nullptr) {
      HEADROOM_CHECK(state == sg::Activity::State::FINISHED, "a flow failed that nobody cancelled");
      for (std::size_t i = 0; i < flow->path.size; ++i) links[flow->path.links[i]].passed += flow->size;
      scheduler.advance_to(synced);
      scheduler.post(*flow->when_done);
      *flow->handle = nullptr;
      flow->handle = nullptr;
    }
    remove(flow);
    graveyard.push_back(flow);  // SimGrid still holds its address until this round is over
    if (timer == nullptr) arm(synced);
  }

  void remove(Flow* flow) {
    flows.back()->place = flow->place;
    flows[flow->place] = flows.back();
    flows.pop_back();
  }
  void bury() {
    for (Flow* flow : graveyard) delete flow;
    graveyard.clear();
  }

  void arm(TimePoint date) {
    disarm();
    timer_date = date;
    timer = Timer::set(std::max(seconds(date), sg::Engine::get_clock()), [this] { tick(); });
  }
  void disarm() {
    if (timer != nullptr) timer->remove();
    timer = nullptr;
  }

  // When the next flow ends if nothing changes.
  void find_horizon() {
    horizon = TimePoint::never();
    if (flows.empty()) return;
    const double clock = sg::Engine::get_clock();
    double soonest = -1;
    for (simgrid::kernel::resource::Model* model : engine->get_all_models()) {
      if (model->get_started_action_set()->empty()) continue;
      const double delta = model->next_occurring_event(clock);
      if (delta >= 0 && (soonest < 0 || delta < soonest)) soonest = delta;
    }
    if (soonest >= 0) horizon = rounded(clock + soonest);
  }

  // SimGrid knows of the end of a flow and has not told us yet.
  bool endings_pending() const {
    if (flows.empty()) return false;
    for (simgrid::kernel::resource::Model* model : engine->get_all_models())
      if (!model->get_finished_action_set()->empty() || !model->get_failed_action_set()->empty()) return true;
    return false;
  }

  void apply() {
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const Change& change = changes[i];
      Flow* flow = change.flow;
      switch (change.kind) {
        case Change::Kind::start:
          if (flow->handle != nullptr) begin(*flow);
          break;
        case Change::Kind::cancel:
          if (flow->activity == nullptr) {  // it was cancelled before it began
            remove(flow);
            delete flow;
            break;
          }
          for (std::size_t k = 0; k < flow->path.size; ++k)
            links[flow->path.links[k]].passed += flow->size - left_of(*flow);
          flow->activity->cancel();
          break;
        case Change::Kind::link_share: {
          LinkState& link = links[change.resource];
          link.share = change.share;
          link.link->set_bandwidth(link.capacity() * kUnit);
          break;
        }
        case Change::Kind::cpu_share: {
          const CpuState& cpu = cpus[change.resource];
          const auto found = std::find(cpu.shares.begin(), cpu.shares.end(), change.share);
          HEADROOM_CHECK(found != cpu.shares.end(), "a share that was not announced");
          cpu.host->set_pstate(static_cast<unsigned long>(found - cpu.shares.begin()));
          break;
        }
      }
    }
    changes.clear();
  }

  void begin(Flow& flow) {
    if (flow.cpu != nullptr) {
      const sg::ExecPtr exec = sg::Exec::init();
      exec->set_data(&flow);
      exec->set_flops_amount(flow.size);
      exec->set_host(flow.cpu);
      flow.activity = exec;
      exec->start();
      return;
    }
    transfer(flow);
  }

  static double left_of(const Flow& flow) { return flow.activity->get_remaining() / kUnit; }

  void transfer(Flow& flow) {
    zone->next_route.clear();
    // SimGrid never lets a flow exceed the bandwidth that its links had when it started: it must start on
    // full ones.
    for (std::size_t i = 0; i < flow.path.size; ++i) {
      const LinkState& link = links[flow.path.links[i]];
      zone->next_route.push_back(link.link->get_impl());
      if (link.share < 1) link.link->set_bandwidth(link.bandwidth * kUnit);
    }
    const sg::CommPtr comm = sg::Comm::sendto_init();
    comm->set_payload_size(static_cast<std::uint64_t>(std::llround(flow.size * kUnit)));
    comm->set_data(&flow);
    flow.activity = comm;
    comm->set_source(source);
    comm->set_destination(sink);  // with both ends known it starts
    leave_run.clear();            // with one end known it was noted down as vetoed
    for (std::size_t i = 0; i < flow.path.size; ++i) {
      const LinkState& link = links[flow.path.links[i]];
      if (link.share < 1) link.link->set_bandwidth(link.capacity() * kUnit);
    }
  }

 public:
  struct CpuState {
    sg::Host* host;
    std::vector<double> shares;
  };

  Scheduler& scheduler;
  sg::Engine* engine;
  PathZone* zone;
  sg::Host* source;
  sg::Host* sink;
  std::vector<LinkState> links;
  std::vector<CpuState> cpus;
  std::vector<Flow*> flows;  // live or about to start
  std::vector<Flow*> graveyard;
  std::vector<Change> changes;  // wait for SimGrid's clock
  std::set<sg::Activity*> leave_run;
  Timer* timer = nullptr;
  TimePoint timer_date;
  TimePoint synced;                        // the date at which SimGrid's clock stands
  TimePoint horizon = TimePoint::never();  // no flow ends before
  TimePoint end;
  const std::function<bool()>* stop = nullptr;
  bool inside = false;  // of SimGrid's loop
};

SimgridFluid::SimgridFluid(Scheduler& scheduler) : impl_(std::make_unique<Impl>(scheduler)) {}
SimgridFluid::~SimgridFluid() = default;

SimgridFluid::Link SimgridFluid::add_link(Bandwidth bandwidth) {
  const std::string name = "link-" + std::to_string(impl_->links.size());
  sg::Link* link = impl_->zone->get_iface()->create_link(name, bandwidth.bytes_per_second * kUnit);
  link->seal();
  impl_->links.push_back({link, bandwidth.bytes_per_second});
  return static_cast<Link>(impl_->links.size() - 1);
}

void SimgridFluid::set_share(Link link, double share) {
  HEADROOM_CHECK(share > 0 && share <= 1, "a share of bandwidth outside (0, 1]");
  impl_->changes.push_back({Impl::Change::Kind::link_share, nullptr, link, share});
}

std::vector<double> SimgridFluid::bytes_passed() const {
  std::vector<double> passed;
  for (const Impl::LinkState& link : impl_->links) passed.push_back(link.passed);
  return passed;
}

void SimgridFluid::start(const Path& path, Bytes bytes, Event& when_done, Flow*& handle) {
  Flow* flow = impl_->make(when_done, handle);
  flow->path = path;
  flow->size = static_cast<double>(bytes.count());
}

void SimgridFluid::cancel(Flow*& handle) {
  impl_->changes.push_back({Impl::Change::Kind::cancel, handle, 0, 0});
  handle->handle = nullptr;
  handle = nullptr;
}

SimgridFluid::Cpu SimgridFluid::add_cpu(const std::string& name, int cores, double speed,
                                        const std::vector<double>& shares) {
  std::vector<double> speeds;
  for (double share : shares)
    speeds.push_back(speed * std::max(share, kFrozen) * 1e9);  // a flop is 1 ns of work
  sg::Host* host = impl_->zone->get_iface()->create_host(name, speeds);
  host->set_core_count(cores);
  impl_->cpus.push_back({host, shares});
  return static_cast<Cpu>(impl_->cpus.size() - 1);
}

void SimgridFluid::set_cpu_share(Cpu cpu, double share) {
  impl_->changes.push_back({Impl::Change::Kind::cpu_share, nullptr, cpu, share});
}

void SimgridFluid::start_work(Cpu cpu, Duration work, Event& when_done, Flow*& handle) {
  Flow* flow = impl_->make(when_done, handle);
  flow->cpu = impl_->cpus[cpu].host;
  flow->size = static_cast<double>(work.count_ns());
}

std::size_t SimgridFluid::live() const {
  return impl_->flows.size();
}
void SimgridFluid::run(TimePoint end, const std::function<bool()>& stop) {
  impl_->run(end, stop);
}

}  // namespace headroom::world
