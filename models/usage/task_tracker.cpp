#include "models/usage/task_tracker.h"

#include <algorithm>

#include "sim/base/check.h"

namespace headroom::usage {

TaskTracker::TaskTracker(int tasks, const Rules& rules)
    : rules_(rules), tasks_(static_cast<std::size_t>(tasks)) {}

std::optional<Duration> TaskTracker::patience() const {
  const int left = static_cast<int>(tasks_.size()) - completed_ - given_up_;
  if (!rules_.backup_tasks || completed_ == 0 || completed_ < left) return std::nullopt;
  return durations_[durations_.size() / 2] * rules_.slow;
}

TaskTracker::Assignment TaskTracker::start(std::size_t task, bool backup, TimePoint now) {
  Task& t = tasks_[task];
  if (!backup) {
    t.state = Task::State::in_progress;
    t.started = now;
  }
  ++t.running;
  backups_ += backup;
  reexecutions_ += !backup && t.attempts > 0;
  return {static_cast<int>(task), t.attempts++, backup};
}

std::optional<TaskTracker::Assignment> TaskTracker::assign(TimePoint now) {
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    if (tasks_[i].state == Task::State::idle) return start(i, false, now);
  const auto longest = patience();
  if (!longest) return std::nullopt;
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    if (may_be_backed_up(tasks_[i]) && now - tasks_[i].started >= *longest) return start(i, true, now);
  return std::nullopt;
}

std::optional<TimePoint> TaskTracker::next_backup() const {
  const auto longest = patience();
  std::optional<TimePoint> next;
  if (!longest) return next;
  for (const Task& t : tasks_)
    if (may_be_backed_up(t)) next = std::min(next.value_or(TimePoint::never()), t.started + *longest);
  return next;
}

bool TaskTracker::completed(int task, TimePoint now) {
  Task& t = tasks_[static_cast<std::size_t>(task)];
  HEADROOM_CHECK(t.running > 0, "a task completed that was not in progress");
  --t.running;
  if (t.state != Task::State::in_progress) return false;
  t.state = Task::State::completed;
  const Duration took = now - t.started;
  durations_.insert(std::upper_bound(durations_.begin(), durations_.end(), took), took);
  ++completed_;
  return true;
}

void TaskTracker::failed(int task) {
  Task& t = tasks_[static_cast<std::size_t>(task)];
  HEADROOM_CHECK(t.running > 0, "a task failed that was not in progress");
  --t.running;
  ++t.failures;
  if (t.state != Task::State::in_progress || t.running > 0) return;
  if (t.failures >= rules_.attempts) {
    t.state = Task::State::given_up;
    ++given_up_;
  } else {
    t.state = Task::State::idle;
  }
}

}  // namespace headroom::usage
