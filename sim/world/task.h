#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/units.h"
#include "sim/world/pool.h"
#include "sim/world/scheduler.h"

/// Processes are coroutines. A `Task` is a coroutine that has not begun; `co_await` it to run it inside the
/// caller (its frame is the caller's: who dies takes its children along), or `scope.spawn` it to run on its
/// own until the scope's host crashes. Coroutines take what they need as parameters: a lambda's captures
/// would die with the lambda object.
namespace headroom::world {

class Scope;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> continuation;  // who awaits us; none for a root
  Scope* scope = nullptr;                // roots only
  PromiseBase* next = nullptr;
  PromiseBase* previous = nullptr;
  std::coroutine_handle<> self;

  static void* operator new(std::size_t size) { return Pool::allocate(size); }
  static void operator delete(void* p, std::size_t size) { Pool::release(p, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept {
    check_failed("no exceptions in model code", "exception left a task", __FILE__, __LINE__);
  }
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) noexcept {
      return finish(h.promise());
    }
    void await_resume() noexcept {}
    static inline std::coroutine_handle<> finish(PromiseBase& promise) noexcept;
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> result;
  std::coroutine_handle<Promise> get_return_object() noexcept {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  template <class U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
};
template <>
struct Promise<void> : PromiseBase {
  std::coroutine_handle<Promise> get_return_object() noexcept {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  void return_void() noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  // NOLINTNEXTLINE(google-explicit-constructor): the promise makes it
  Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().result);
  }

 private:
  friend class Scope;
  Handle handle_;
};

/// The processes that live and die together: those of one simulated process on one host. Destroying a scope
/// (or `clear`) destroys their frames, in the order in which they were spawned; destructors in the frames
/// unlink themselves from whatever they wait for.
class Scope {
 public:
  Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { clear(); }

  /// Starts the task at once; it runs until its first wait before this returns.
  void spawn(Task<void> task) {
    auto handle = std::exchange(task.handle_, nullptr);
    detail::PromiseBase& promise = handle.promise();
    promise.scope = this;
    promise.self = handle;
    promise.previous = tail_;
    (tail_ != nullptr ? tail_->next : head_) = &promise;
    tail_ = &promise;
    ++live_;
    handle.resume();
  }
  /// Destroys all. Call it from the scheduler's root only (an Event's `fire`): never from a process of this
  /// scope, not even indirectly.
  void clear() {
    while (head_ != nullptr) {
      auto handle = head_->self;
      unlink(*head_);
      handle.destroy();
    }
  }
  std::size_t live() const { return live_; }

 private:
  friend struct detail::PromiseBase::FinalAwaiter;
  void unlink(detail::PromiseBase& promise) {
    (promise.previous != nullptr ? promise.previous->next : head_) = promise.next;
    (promise.next != nullptr ? promise.next->previous : tail_) = promise.previous;
    --live_;
  }
  detail::PromiseBase* head_ = nullptr;
  detail::PromiseBase* tail_ = nullptr;
  std::size_t live_ = 0;
};

inline std::coroutine_handle<> detail::PromiseBase::FinalAwaiter::finish(PromiseBase& promise) noexcept {
  if (promise.scope == nullptr) return promise.continuation;
  promise.scope->unlink(promise);
  promise.self.destroy();
  return std::noop_coroutine();
}

/// `co_await Sleep(scheduler, date)`: until a date.
class Sleep final : Event {
 public:
  Sleep(Scheduler& scheduler, TimePoint until) : scheduler_(scheduler), until_(until) {}
  Sleep(Scheduler& scheduler, Duration d) : Sleep(scheduler, scheduler.now() + d) {}
  ~Sleep() override = default;
  bool await_ready() const { return until_ <= scheduler_.now(); }
  void await_suspend(std::coroutine_handle<> h) {
    handle_ = h;
    scheduler_.schedule(*this, until_);
  }
  void await_resume() const {}

 private:
  void fire() override { handle_.resume(); }
  Scheduler& scheduler_;
  TimePoint until_;
  std::coroutine_handle<> handle_;
};

/// Lets everything else that is due now go first. A process that goes round without waiting for anything
/// would never give the scheduler a chance to see it.
class Turn final : Event {
 public:
  explicit Turn(Scheduler& scheduler) : scheduler_(scheduler) {}
  ~Turn() override = default;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    handle_ = h;
    scheduler_.post(*this);
  }
  void await_resume() const {}

 private:
  void fire() override { handle_.resume(); }
  Scheduler& scheduler_;
  std::coroutine_handle<> handle_;
};

/// What processes wait for until another one says so. Waiters are served first come first served, and are
/// resumed by the scheduler's root, at the same instant.
class Condition {
 public:
  class [[nodiscard]] Wait final : Event {
   public:
    Wait(Condition& condition, Scheduler& scheduler, TimePoint until)
        : condition_(condition), scheduler_(scheduler), until_(until) {}
    ~Wait() override {
      if (queued_) condition_.unlink(*this);
    }
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) {
      handle_ = h;
      condition_.append(*this);
      if (until_ != TimePoint::never()) scheduler_.schedule(*this, until_);
    }
    /// Whether somebody notified; false: it is later than `until`.
    bool await_resume() const { return notified_; }

   private:
    friend class Condition;
    void fire() override {
      if (queued_) condition_.unlink(*this);
      handle_.resume();
    }
    void notify() {
      condition_.unlink(*this);
      notified_ = true;
      scheduler_.post(*this);
    }
    Condition& condition_;
    Scheduler& scheduler_;
    TimePoint until_;
    std::coroutine_handle<> handle_;
    Wait* next_ = nullptr;
    Wait* previous_ = nullptr;
    bool queued_ = false;
    bool notified_ = false;
  };

  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  ~Condition() { HEADROOM_CHECK(head_ == nullptr, "a condition dies before those who wait for it"); }

  Wait wait(Scheduler& scheduler, TimePoint until = TimePoint::never()) {
    return Wait(*this, scheduler, until);
  }
  void notify_one() {
    if (head_ != nullptr) head_->notify();
  }
  void notify_all() {
    while (head_ != nullptr) head_->notify();
  }
  bool has_waiters() const { return head_ != nullptr; }

 private:
  void append(Wait& w) {
    w.queued_ = true;
    w.previous_ = tail_;
    w.next_ = nullptr;
    (tail_ != nullptr ? tail_->next_ : head_) = &w;
    tail_ = &w;
  }
  void unlink(Wait& w) {
    w.queued_ = false;
    (w.previous_ != nullptr ? w.previous_->next_ : head_) = w.next_;
    (w.next_ != nullptr ? w.next_->previous_ : tail_) = w.previous_;
  }
  Wait* head_ = nullptr;
  Wait* tail_ = nullptr;
};

}  // namespace headroom::world
