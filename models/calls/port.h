#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/calls/attempts.h"
#include "models/calls/call.h"
#include "models/calls/environment.h"
#include "models/calls/health.h"
#include "models/calls/members.h"
#include "models/calls/port_config.h"
#include "models/calls/retry.h"
#include "models/calls/selector.h"
#include "models/calls/verdict.h"
#include "sim/base/outcome.h"
#include "sim/metrics/batches.h"
#include "sim/world/task.h"

namespace headroom::calls {

/// How members are called.
struct PortConfig {
  std::optional<HealthCheckConfig> health_check;                  ///< none: nobody is checked
  std::optional<OutlierConfig> outlier_ejection;                  ///< none: nobody is ejected
  RetryConfig retry{1, NoBackoff{}, Jitter::none, std::nullopt};  ///< of `ask`; its budget is each port's own
};

/// What all ports of one kind have in common, those of all balancers for example: how they call, and what
/// they count.
struct PortKind {
  PortKind(const PortConfig& c, const Environment& env) : config(c), environment(env) {}
  PortConfig config;
  Environment environment;
  bool winding_down = false;  ///< nobody need be checked any more
  metrics::BatchSum ejections;
  metrics::BatchSum unhealthy;
  metrics::BatchSum panic_picks;
};

class Port;

/// One member, used by one caller for one thing: a call, a job. It ends once, with what that said about the
/// member; if it is destroyed before, nobody knows how it ended.
class [[nodiscard]] Use {
 public:
  Use(Use&& other) noexcept
      : port_(std::exchange(other.port_, nullptr)), member_(other.member_), since_(other.since_) {}
  Use& operator=(Use&& other) noexcept {
    std::swap(port_, other.port_);
    std::swap(member_, other.member_);
    std::swap(since_, other.since_);
    return *this;
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() { end(Verdict::none); }

  /// Of the member; not after the end.
  inline const Endpoint& at() const;
  /// What comes after the first end changes nothing.
  inline void end(Verdict verdict);
  bool over() const { return port_ == nullptr; }

 private:
  friend class Port;
  inline Use(Port& port, int member);
  Port* port_;  ///< null: it has ended
  int member_;
  TimePoint since_;
};

/// How one caller calls the members of a component: whom it chooses, whom it leaves out because checks or
/// calls failed (each change stands in the journal), and whether it tries again. All that calls has one: this
/// is where a policy for calls belongs.
class Port final : Members::Listener, world::Event {
 public:
  /// `selector` was made for all of `members`. `name`: of the caller, for the journal. What is given by
  /// reference outlives the port.
  Port(PortKind& kind, const Members& members, std::unique_ptr<Selector> selector, std::string name);
  ~Port() override = default;

  /// Whether there is a member that may be called now.
  bool any() const { return selector_->any(now()); }
  /// The next member of a round, to be used from now on. Fails with `unreachable` if nobody is left.
  Outcome<Use> take(Round& round);

  struct Question {
    Round round{};
    Engine backoff{};                          ///< draws the waits before retries
    TimePoint until = TimePoint::never();      ///< when the caller gives up …
    std::optional<Duration> timeout{};         ///< … or, earlier, one member
    Verdict (*verdict)(Failure) = verdict_of;  ///< what a failure says about the member
    std::function<void()> retried{};           ///< is called when it is about to be asked again
  };
  /// Asks, and awaits the answer: one member after the other as far as the selector names some, and all of
  /// that again as `retry` says. `send(Call<Reply>&, const Endpoint&)` sends the question to a member. Fails
  /// as the last call did, or with `unreachable` if there was nobody to ask. Runs inside the caller: who dies
  /// with it gives up.
  template <class Reply, class Send>
  world::Task<Outcome<Reply>> ask(Question question, Send send);

  /// Checks each member every so often if that is asked for: a message from `from` to its process and back.
  /// `scope` dies with whoever checks, before this. `key`: of the times of the first checks.
  void check_regularly(world::Scope& scope, world::HostId from, StreamKey key);
  /// Where no process of the world takes it along.
  void tear_down() { cancel(); }

 private:
  friend class Use;
  template <class Reply, class Send>
  class Asking;
  template <class Reply, class Q, class S>
  static world::Task<Outcome<Reply>> ask_once(Port* self, Q question, S send);
  template <class Reply, class Send>
  static world::Task<Outcome<Reply>> ask_until_answered(Port* self, Question question, Send send);
  /// Who checks members, and from where.
  struct Checker {
    world::Scope* scope;
    world::HostId from;
    StreamKey key;
    std::vector<bool> runs;  // by member
  };

  void changed(int member) override;
  void fire() override;
  void ended(int member, TimePoint since, Verdict verdict);
  void check_from_now_on(int member);
  static world::Task<> check(Port* self, int member, Duration phase);
  void checked(int member, bool answered);
  void judge(int member);
  void note(const char* kind, int member, std::vector<metrics::Field> details = {});
  world::World& world() const { return kind_.environment.world; }
  TimePoint now() const { return world().now(); }
  int batch() const { return kind_.environment.window.batch(now()); }

  PortKind& kind_;
  const Members& members_;
  std::unique_ptr<Selector> selector_;
  std::string name_;
  std::optional<RetryBudget> budget_;
  std::optional<Checker> checker_;
  std::vector<HealthState> health_;          ///< empty: nobody is checked
  std::optional<Outliers> outliers_;         ///< none: nobody is ejected
  std::multimap<TimePoint, int> returning_;  ///< who is ejected, by when that is over
};

inline Use::Use(Port& port, int member) : port_(&port), member_(member), since_(port.now()) {
  port.selector_->started(member);
}

inline const Endpoint& Use::at() const {
  return port_->members_[member_];
}

inline void Use::end(Verdict verdict) {
  if (port_ != nullptr) std::exchange(port_, nullptr)->ended(member_, since_, verdict);
}

/// One attempt at a question. `Q`, `S`: held by the attempt, or references to what its caller holds.
template <class Reply, class Q, class S>
world::Task<Outcome<Reply>> Port::ask_once(Port* self, Q question, S send) {
  world::Scheduler& scheduler = self->world().scheduler();
  Failure why = Failure::unreachable;
  while (true) {
    Outcome<Use> use = self->take(question.round);
    if (!use) co_return why;
    TimePoint until = question.until;
    if (question.timeout) until = std::min(until, scheduler.now() + *question.timeout);
    Call<Reply> call(scheduler, until);
    send(call, use->at());
    Outcome<Reply> outcome = co_await call;
    question.round.verdict = outcome ? Verdict::good : question.verdict(outcome.failure());
    use->end(question.round.verdict);
    self->selector_->heard(question.round);
    if (outcome) co_return std::move(outcome);
    why = outcome.failure();
  }
}

/// A question that may be asked again, as `in_attempts` wants it.
template <class Reply, class Send>
class Port::Asking {
 public:
  Asking(Port& port, Question question, Send send)
      : port_(port), question_(std::move(question)), send_(std::move(send)) {}

  world::Task<Outcome<Reply>> attempt(int number) {
    question_.round.retry = number;
    question_.round.named = 0;
    if (number > 0 && question_.retried) question_.retried();
    return ask_once<Reply, Question&, Send&>(&port_, question_, send_);
  }
  world::Task<std::optional<Reply>> pause(TimePoint until) {
    co_await world::Sleep(port_.world().scheduler(), until);
    co_return std::nullopt;
  }

 private:
  Port& port_;
  Question question_;
  Send send_;
};

template <class Reply, class Send>
world::Task<Outcome<Reply>> Port::ask_until_answered(Port* self, Question question, Send send) {
  const Engine backoff = question.backoff;
  const Retries retries(self->kind_.config.retry, self->budget_ ? &*self->budget_ : nullptr, self->now(),
                        question.until);
  Asking<Reply, Send> asking(*self, std::move(question), std::move(send));
  co_return co_await in_attempts<Reply>(self->world().scheduler(), retries, backoff, asking);
}

template <class Reply, class Send>
world::Task<Outcome<Reply>> Port::ask(Question question, Send send) {
  // Most ports never ask again, and each frame less counts where every request passes.
  if (kind_.config.retry.attempts == 1)
    return ask_once<Reply, Question, Send>(this, std::move(question), std::move(send));
  return ask_until_answered<Reply>(this, std::move(question), std::move(send));
}

}  // namespace headroom::calls
