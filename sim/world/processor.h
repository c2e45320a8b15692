#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "sim/base/units.h"
#include "sim/world/scheduler.h"
#include "sim/world/virtual_time.h"

namespace headroom::world {

class Processor;

/// A piece of work on a processor. It lives in whoever waits for it and is withdrawn when it is destroyed:
/// keep it in the process that runs on the host (its frames, its members), so that a crash takes it along.
/// Derive from it where a coroutine is not wanted; `done` is called by the scheduler's root at the finish
/// date.
class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() { withdraw(); }
  bool running() const { return processor_ != nullptr; }
  /// Takes it off the processor, unfinished; nothing if it is not on one.
  inline void withdraw();

 protected:
  /// It is no longer on the processor then, and may be started again or destroyed inside the call.
  virtual void done() = 0;

 private:
  friend class Processor;
  Processor* processor_ = nullptr;
  std::uint32_t place_ = 0;  // the processor's own notes
  std::uint64_t turn_ = 0;
};

/// The cores of one host. Jobs share them equally, and no job uses more than one core: with n jobs on c cores
/// each advances at speed · share · contention(busy cores) · min(1, c/n) seconds of work per second. Work is
/// counted in seconds of the reference core. One slot per core is had by never starting more jobs than cores.
class Processor {
 public:
  class [[nodiscard]] Run final : Job {
   public:
    Run(Processor& processor, Duration work) : processor_(processor), work_(work) {}
    ~Run() override = default;
    bool await_ready() const { return work_ <= Duration(); }
    void await_suspend(std::coroutine_handle<> h) {
      handle_ = h;
      processor_.start(*this, work_);
    }
    void await_resume() const {}

   private:
    void done() override { handle_.resume(); }
    Processor& processor_;
    Duration work_;
    std::coroutine_handle<> handle_;
  };

  explicit Processor(int cores) : cores_(cores) {}
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;
  virtual ~Processor() = default;

  int cores() const { return cores_; }
  /// `co_await cpu.run(work)`: until the work is done. Without work it does not wait.
  Run run(Duration work) { return Run(*this, work); }
  /// The same with a callback (`Job::done`). The job must not be on a processor; work > 0.
  virtual void start(Job& job, Duration work) = 0;
  /// Jobs on it, those included that share a core.
  virtual int jobs() const = 0;
  /// The share of normal speed that is left, ≥ 0; at 0 everything is frozen and keeps its place.
  virtual void set_share(double share) = 0;
  virtual double share() const = 0;
  /// Relative rate of each busy core when 1, 2, … cores are busy (shared caches and memory, as calibrated);
  /// the last value holds beyond. Default: 1 throughout.
  virtual void set_contention(std::vector<double> rate) = 0;
  /// Core-time busy up to now: the integral of min(jobs, cores), frozen and slowed jobs included.
  virtual Duration busy_time() const = 0;

 protected:
  static void attach(Job& job, Processor& processor) { job.processor_ = &processor; }
  static void detach(Job& job) { job.processor_ = nullptr; }
  static std::uint32_t& place(Job& job) { return job.place_; }
  static void finish(Job& job) { job.done(); }
  using JobHeap = MarkHeap<Job, &Job::place_, &Job::turn_>;

 private:
  friend class Job;
  virtual void withdraw(Job& job) = 0;
  int cores_;
};

inline void Job::withdraw() {
  if (processor_ != nullptr) processor_->withdraw(*this);
}

/// Egalitarian processor sharing in virtual time: one work clock (what a job has received since the processor
/// went busy, in ns), a heap of finish marks on that clock, one pending event. O(log jobs) per job. The clock
/// restarts when the processor goes idle, so errors do not build up; with rate 0 nothing is pending. Which
/// job finishes is decided by the heap, not by comparing dates. Finish dates round up to the next nanosecond;
/// at rate 1 a job of work w ends exactly w after its start. Validated against SimGrid's solver and a naive
/// fluid simulation (tests/world).
class VirtualTimeProcessor final : public Processor, Event {
 public:
  /// `speed`: of one core, 1.0 is the reference.
  VirtualTimeProcessor(Scheduler& scheduler, int cores, double speed);
  ~VirtualTimeProcessor() override;

  void start(Job& job, Duration work) override;
  int jobs() const override { return static_cast<int>(heap_.size()); }
  void set_share(double share) override;
  double share() const override { return share_; }
  void set_contention(std::vector<double> rate) override;
  Duration busy_time() const override;

 private:
  void fire() override;
  void withdraw(Job& job) override;
  int busy() const { return jobs() < cores() ? jobs() : cores(); }
  void advance();
  void update_rate();
  void plan();

  Scheduler& scheduler_;
  double speed_;
  double share_ = 1.0;
  std::vector<double> contention_;
  double clock_ = 0;  // ns of work that a job which was there from the start has received
  double rate_ = 0;   // of the clock, ns per ns
  TimePoint updated_;
  Duration busy_time_;
  bool firing_ = false;
  JobHeap heap_;  // marks on the work clock
};

}  // namespace headroom::world
