#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "sim/world/disk.h"
#include "sim/world/host_id.h"
#include "sim/world/processor.h"
#include "sim/world/scheduler.h"
#include "sim/world/task.h"
#include "sim/world/topology.h"

namespace headroom::world {

class Host;
class ProcessSlot;
class World;

/// What is wrong with the software of a process (a bad configuration, a bug). What a component makes of it is
/// the component's matter; nothing is wrong by default.
struct Defect {
  double error_rate = 0;  ///< share of its work that comes to nothing, 0–1
  double speed = 1;       ///< share of its normal speed that is left, > 0
  StreamKey stream{0};    ///< tells which work; the same for all processes of a component

  bool errs() const { return error_rate > 0; }
};

/// One operating-system process of the simulated service: its coroutines (in `scope`) and its volatile state
/// (the derived class's members). A crash destroys the coroutine frames first, then the object.
class Process {
 public:
  explicit Process(Host& host) : host_(host) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  virtual ~Process() = default;
  Scope& scope() { return scope_; }
  Host& host() { return host_; }
  /// Where it runs; nullptr while it is being made.
  ProcessSlot* slot() const { return slot_; }
  /// What is wrong with it at the moment. Not while it is being made.
  inline const Defect& defect() const;

 protected:
  /// `co_await sleep(d)`.
  inline Sleep sleep(Duration d);

 private:
  friend class ProcessSlot;
  Host& host_;
  ProcessSlot* slot_ = nullptr;
  Scope scope_;
};

/// A place on a host where one kind of process runs, and how to start it. It stays where it is as long as the
/// world; the process in it comes and goes.
class ProcessSlot {
 public:
  ProcessSlot(Host& host, std::function<std::unique_ptr<Process>(Host&)> make);
  ProcessSlot(const ProcessSlot&) = delete;
  ProcessSlot& operator=(const ProcessSlot&) = delete;
  ~ProcessSlot();

  Host& host() { return host_; }
  /// The live process; nullptr while it is down.
  Process* get() const { return process_.get(); }
  /// The live process as what `make` made; nullptr while it is down.
  template <class P>
  P* as() const {
    return static_cast<P*>(process_.get());
  }
  /// How often it was started: tells one life from the next.
  std::uint64_t starts() const { return starts_; }
  /// How long a process was alive here up to now, all its lives together.
  Duration lived() const;

  /// Orders the process's death; it goes on until its next suspension, and the scheduler's root destroys it
  /// at the same instant. Nothing if it is not alive then.
  void kill();
  /// Orders a start; nothing if it is alive or disabled, or if its host is down, when the order is carried
  /// out.
  void start();
  /// `kill`, and nothing starts it until it is enabled again, the host's boot included.
  void disable();
  void enable();

  /// What is wrong with the software that is installed here: with the process in it, and those to come.
  const Defect& defect() const { return defect_; }
  void set_defect(const Defect& defect) { defect_ = defect; }

 private:
  friend class Host;
  template <void (ProcessSlot::*act)()>
  class Act final : public Event {
   public:
    explicit Act(ProcessSlot& slot) : slot_(slot) {}
    ~Act() override = default;

   private:
    void fire() override { (slot_.*act)(); }
    ProcessSlot& slot_;
  };
  void destroy_now();
  void start_now();

  Host& host_;
  std::function<std::unique_ptr<Process>(Host&)> make_;
  std::unique_ptr<Process> process_;
  std::uint64_t starts_ = 0;
  Duration lived_;   // in earlier lives
  TimePoint began_;  // this life
  bool enabled_ = true;
  Defect defect_;
  Act<&ProcessSlot::destroy_now> kill_{*this};
  Act<&ProcessSlot::start_now> start_{*this};
};

/// A machine: up or down, with its cores, its disk, its clock, and the processes that it runs.
class Host {
 public:
  Host(World& world, const Topology::Member& member, std::unique_ptr<Processor> processor,
       Engine disk_engine);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  HostId id() const { return member_.id; }
  const std::string& name() const { return member_.name; }
  const std::string& group() const { return member_.group; }
  /// 1 … count, within the group.
  int index() const { return member_.index; }
  const Topology::Member& place() const { return member_; }
  const HostGroupConfig& config() const { return *member_.config; }
  int cores() const { return processor_->cores(); }
  double speed() const { return member_.config->speed; }

  World& world() { return world_; }
  Scheduler& scheduler() { return scheduler_; }
  Processor& cpu() { return *processor_; }
  Disk& disk() { return disk_; }

  bool up() const { return up_; }
  /// How often it was booted (1 after the start of the simulation): tells one life from the next.
  std::uint32_t boots() const { return boots_; }

  /// Adds a process and orders its start. The slot lives as long as the host. Boot starts all of a host's
  /// processes in the order of `install`.
  ProcessSlot& install(std::function<std::unique_ptr<Process>(Host&)> make);
  const std::vector<std::unique_ptr<ProcessSlot>>& slots() const { return slots_; }

  /// Orders the loss of power: processes are destroyed (last installed first), flows from, to and through the
  /// host are lost. The scheduler's root does it at the same instant. Nothing if it is down then.
  void crash();
  /// Orders the start; nothing if it is up then. How long booting takes is up to whoever orders it.
  void boot();
  /// Called by the scheduler's root after each change of `up`: after a crash destroyed everything, and before
  /// a boot starts the processes.
  void on_change(std::function<void(Host&)> listener) { listeners_.push_back(std::move(listener)); }

  /// What its own clock shows. Simulated time, unless `set_clock` made it differ.
  TimePoint local_time() const;
  /// From now on its clock is `offset` ahead and gains `drift` seconds per second.
  void set_clock(Duration offset, double drift);

 private:
  friend class World;
  template <void (Host::*act)()>
  class Act final : public Event {
   public:
    explicit Act(Host& host) : host_(host) {}
    ~Act() override = default;

   private:
    void fire() override { (host_.*act)(); }
    Host& host_;
  };
  void crash_now();
  void boot_now();

  World& world_;
  Scheduler& scheduler_;
  const Topology::Member& member_;
  std::unique_ptr<Processor> processor_;
  Disk disk_;
  bool up_ = true;
  std::uint32_t boots_ = 1;
  std::vector<std::unique_ptr<ProcessSlot>> slots_;
  std::vector<std::function<void(Host&)>> listeners_;
  Act<&Host::crash_now> crash_{*this};
  Act<&Host::boot_now> boot_{*this};
  Duration clock_offset_;
  double clock_drift_ = 0;
  TimePoint clock_set_;
};

inline const Defect& Process::defect() const {
  return slot_->defect();
}

inline Sleep Process::sleep(Duration d) {
  return Sleep(host_.scheduler(), d);
}

}  // namespace headroom::world
