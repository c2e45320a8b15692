#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/units.h"

namespace headroom::usage {

/// What the master of a MapReduce knows of its map tasks, and whom it gives them to (Dean and Ghemawat, OSDI
/// 2004, 3.2, 3.3 and 3.6): a task is idle, in progress on one worker or more, completed, or given up. A task
/// that failed is done again. When no task is idle, a worker without work does one that is in progress once
/// more (a backup): the slowest worker does not decide when all is over. The first to complete counts.
class TaskTracker {
 public:
  struct Rules {
    bool backup_tasks = true;
    int attempts = 4;  ///< failures after which a task is given up
    /// A backup starts when a task has taken this many times the median of the tasks that are completed, of
    /// which there must be as many as are left at least.
    double slow = 2;
  };
  TaskTracker(int tasks, const Rules& rules);

  struct Assignment {
    int task = 0;
    int attempt = 0;  ///< of that task, from 0
    bool backup = false;
  };
  /// Work for a worker that has none; none if there is nothing to do now.
  std::optional<Assignment> assign(TimePoint now);
  /// The earliest date at which a backup may start; none: not before something else happens.
  std::optional<TimePoint> next_backup() const;
  /// Whether it is the first to complete that task, and so counts.
  bool completed(int task, TimePoint now);
  void failed(int task);
  /// No task is idle or in progress.
  bool over() const { return completed_ + given_up_ == static_cast<int>(tasks_.size()); }
  int completed() const { return completed_; }
  std::int64_t backups() const { return backups_; }
  std::int64_t reexecutions() const { return reexecutions_; }

 private:
  struct Task {
    enum class State { idle, in_progress, completed, given_up };
    State state = State::idle;
    TimePoint started;
    int running = 0;  ///< on how many workers
    int attempts = 0;
    int failures = 0;
  };
  /// It is slow, perhaps, but does not fail.
  static bool may_be_backed_up(const Task& t) {
    return t.state == Task::State::in_progress && t.running == 1 && t.failures == 0;
  }
  /// How long a task may take before it is done a second time.
  std::optional<Duration> patience() const;
  Assignment start(std::size_t task, bool backup, TimePoint now);

  Rules rules_;
  std::vector<Task> tasks_;
  std::vector<Duration> durations_;  ///< of completed tasks, ascending
  int completed_ = 0;
  int given_up_ = 0;
  std::int64_t backups_ = 0;
  std::int64_t reexecutions_ = 0;
};

}  // namespace headroom::usage
