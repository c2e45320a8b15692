#pragma once

#include <coroutine>

#include "sim/base/distribution.h"
#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/world/scheduler.h"

namespace headroom::world {

/// A host's disk as a device that does one operation after the other, in the order of request. It models time
/// only. What was written is for the model to keep, outside the process and so out of a crash's reach: apply
/// a change to the stored value after `co_await fsync()` returned; what is in the frame before that is lost
/// with the frame. An operation whose frame is destroyed vanishes, under way or not.
class Disk {
 public:
  class [[nodiscard]] Operation {
   public:
    Operation(Disk& disk, Duration work, bool writes) : disk_(disk), work_(work), writes_(writes) {}
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() {
      if (queued_) disk_.unlink(*this);
    }
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) {
      handle_ = h;
      disk_.append(*this);
    }
    void await_resume() const {}

   private:
    friend class Disk;
    Disk& disk_;
    Duration work_;
    bool writes_;  ///< bytes; else it waits for them to be durable
    std::coroutine_handle<> handle_;
    Operation* next_ = nullptr;
    Operation* previous_ = nullptr;
    bool queued_ = false;
  };

  Disk(Scheduler& scheduler, Bandwidth bandwidth, Distribution<Duration> fsync, Engine engine);
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();

  /// `co_await disk.write(bytes)`: until they have left for the device (not durable before `fsync`).
  Operation write(Bytes bytes);
  /// `co_await disk.fsync()`: until what was written before is durable. The time is drawn when this is
  /// called.
  Operation fsync();
  /// Another law for fsync (a component's own, say).
  void set_fsync(Distribution<Duration> fsync) { fsync_ = std::move(fsync); }
  /// The share of normal speed that is left, ≥ 0; at 0 operations stop and keep their place.
  void set_share(double share);
  /// Operations waiting or under way.
  int operations() const { return operations_; }
  /// Time with an operation under way up to now, those included that are slowed or stand still.
  Duration busy_time() const { return busy_ + (head_ != nullptr ? since() : Duration()); }
  /// That of writes alone, and of whatever stands still: what is left of it no grouping of fsyncs can make
  /// room for.
  Duration writing_time() const {
    return writing_ + (head_ != nullptr && transfers() ? since() : Duration());
  }

 private:
  class Done final : public Event {
   public:
    explicit Done(Disk& disk) : disk_(disk) {}
    ~Done() override = default;

   private:
    void fire() override { disk_.finish_first(); }
    Disk& disk_;
  };
  void append(Operation& operation);
  void unlink(Operation& operation);
  void finish_first();
  void advance();
  void plan();
  Duration since() const { return scheduler_.now() - updated_; }
  bool transfers() const { return head_->writes_ || share_ <= 0; }

  Scheduler& scheduler_;
  Bandwidth bandwidth_;
  Distribution<Duration> fsync_;
  Engine engine_;
  double share_ = 1.0;
  double left_ = 0;  // ns of work left of the first operation
  TimePoint updated_;
  Duration busy_;     // up to `updated_`
  Duration writing_;  // up to `updated_`
  int operations_ = 0;
  Operation* head_ = nullptr;
  Operation* tail_ = nullptr;
  Done done_{*this};
};

}  // namespace headroom::world
