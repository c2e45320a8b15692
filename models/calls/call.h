#pragma once

#include <algorithm>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "models/calls/span.h"
#include "sim/base/counted.h"
#include "sim/base/outcome.h"
#include "sim/base/units.h"
#include "sim/world/network.h"
#include "sim/world/pool.h"
#include "sim/world/scheduler.h"

/// Calls between components. The caller keeps a `Call` in its frame and waits for it; the callee gets a
/// `Responder`. Between them is a reply slot that belongs to neither, so that either side can die alone: a
/// caller that is gone makes the answer go nowhere, and a responder that is destroyed without an answer (its
/// process died) tells the caller, by a reset message if its host is still up, and not at all if it is not.
namespace headroom::calls {

/// A message of control: at most one packet.
inline constexpr Bytes kControl{512};

template <class Reply>
class Call;

/// What both sides of a call share. `if_silent` says what a time-out really was; observers note it.
template <class Reply>
struct ReplySlot : world::Pooled, Counted<ReplySlot<Reply>, std::int16_t> {
  Call<Reply>* caller = nullptr;  ///< null once the caller is gone, or has its outcome
  std::optional<Outcome<Reply>> outcome;
  Failure if_silent = Failure::timeout;    ///< too late; or lost (request or answer), or the server died
  std::int16_t attempt = -1;               ///< at the request, from 0, if it is traced
  boost::intrusive_ptr<ReplySlot> behind;  ///< of a call that the callee makes to answer this one (a proxy)
  metrics::TraceId trace;                  ///< of the request that is answered; null: none is traced
  /// What a time-out really was: if the callee itself waited in vain, that.
  Failure silence() const { return if_silent == Failure::timeout && behind ? behind->silence() : if_silent; }
};

template <class Reply>
using ReplySlotPtr = boost::intrusive_ptr<ReplySlot<Reply>>;

/// What a message that carries a question does if it fails (messages.h): if it is lost, the silence is that;
/// if nobody is there, the responder dies and says so.
template <class Reply>
auto lost_if(ReplySlotPtr<Reply> slot) {
  return [slot = std::move(slot)](Failure why) {
    if (why == Failure::lost) slot->if_silent = why;
  };
}

/// An answer on its way back.
template <class Reply>
class ReplyMessage final : public world::Message {
 public:
  /// `from`: where the answer comes from.
  inline ReplyMessage(ReplySlotPtr<Reply> slot, Outcome<Reply> outcome, world::HostId from);
  inline ~ReplyMessage() override;
  inline void deliver() override;
  inline void lost(world::Lost why) override;

 private:
  ReplySlotPtr<Reply> slot_;
  Outcome<Reply> outcome_;
  Span span_;
};

/// The callee's side: answers at most once.
template <class Reply>
class Responder {
 public:
  Responder() = default;
  /// `back`: the way of the answer.
  Responder(world::Network& network, ReplySlotPtr<Reply> slot, world::Route back)
      : network_(&network), slot_(std::move(slot)), back_(back) {}
  Responder(Responder&& other) noexcept
      : network_(other.network_), slot_(std::move(other.slot_)), back_(other.back_) {}
  Responder& operator=(Responder&& other) noexcept {
    std::swap(network_, other.network_);
    std::swap(slot_, other.slot_);
    std::swap(back_, other.back_);
    return *this;
  }
  ~Responder() {
    if (!slot_ || slot_->if_silent == Failure::lost) return;  // a request that never arrived dies silently
    slot_->if_silent = Failure::died;
    reply(Failure::died);
  }

  void reply(Outcome<Reply> outcome, Bytes size = kControl) { reply(std::move(outcome), size, back_); }
  /// By another way than the one it was asked by (an answer that streams through a balancer).
  void reply(Outcome<Reply> outcome, Bytes size, world::Route way) {
    const world::HostId from = way.via == world::kNoHost ? way.from : way.via;
    network_->send(way, size,
                   std::make_unique<ReplyMessage<Reply>>(std::move(slot_), std::move(outcome), from));
    slot_ = nullptr;
  }
  /// The answer will be that of another call: while that is silent, this is, for the same reason.
  void pass_on(const ReplySlotPtr<Reply>& from) { slot_->behind = from; }
  /// Whether anybody still waits for the answer (a real server sees the connection closed).
  bool wanted() const { return slot_ && slot_->caller != nullptr; }
  explicit operator bool() const { return slot_ != nullptr; }

 private:
  world::Network* network_ = nullptr;
  ReplySlotPtr<Reply> slot_;
  world::Route back_;
};

/// How long a caller of something large waits: as long as bytes of the answer keep coming.
struct Patience {
  Duration silence;  ///< so long without a byte, and it gives up
};

/// The caller's side: `Call<R> call(scheduler, until); send(…, call.responder(…)); auto outcome = co_await
/// call;` If there is no answer by `until`, or its bytes have stopped coming for longer than the `Patience`
/// that is given in place of a date, the outcome is a failure that says what the silence was.
template <class Reply>
class [[nodiscard]] Call final : world::Event {
 public:
  Call(world::Scheduler& scheduler, TimePoint until)
      : scheduler_(scheduler), until_(until), slot_(new ReplySlot<Reply>) {
    slot_->caller = this;
  }
  Call(world::Scheduler& scheduler, Patience patience) : Call(scheduler, scheduler.now() + patience.silence) {
    silence_ = patience.silence;
  }
  ~Call() override { slot_->caller = nullptr; }

  Responder<Reply> responder(world::Network& network, world::Route back) {
    return Responder<Reply>(network, slot_, back);
  }
  /// For the message that carries the request: it notes there what becomes of itself.
  const ReplySlotPtr<Reply>& slot() const { return slot_; }

  bool await_ready() const { return slot_->outcome.has_value(); }
  void await_suspend(std::coroutine_handle<> h) {
    handle_ = h;
    if (until_ != TimePoint::never()) scheduler_.schedule(*this, until_);
  }
  Outcome<Reply> await_resume() {
    slot_->caller = nullptr;
    return slot_->outcome ? std::move(*slot_->outcome) : Outcome<Reply>(slot_->silence());
  }

 private:
  friend class ReplyMessage<Reply>;
  void fire() override {
    if (silence_ && coming_ != nullptr) heard(*coming_);
    if (until_ > scheduler_.now())
      scheduler_.schedule(*this, until_);
    else
      handle_.resume();
  }
  void answered() {
    cancel();
    if (handle_) handle_.resume();
  }
  /// Waits as long again since the last byte of the answer.
  void heard(const world::Message& answer) {
    if (const auto last = answer.last_byte(); silence_ && last) until_ = std::max(until_, *last + *silence_);
  }
  world::Scheduler& scheduler_;
  TimePoint until_;
  std::optional<Duration> silence_;
  const world::Message* coming_ = nullptr;  ///< the answer, on its way
  ReplySlotPtr<Reply> slot_;
  std::coroutine_handle<> handle_;
};

template <class Reply>
ReplyMessage<Reply>::ReplyMessage(ReplySlotPtr<Reply> slot, Outcome<Reply> outcome, world::HostId from)
    : slot_(std::move(slot)),
      outcome_(std::move(outcome)),
      span_(slot_->trace, metrics::Step::answer, from, slot_->attempt) {
  if (slot_->caller != nullptr) slot_->caller->coming_ = this;
}

template <class Reply>
ReplyMessage<Reply>::~ReplyMessage() {
  if (slot_->caller != nullptr) slot_->caller->coming_ = nullptr;
}

template <class Reply>
void ReplyMessage<Reply>::lost(world::Lost why) {
  slot_->if_silent = why == world::Lost::sender_down ? Failure::died : Failure::lost;
  span_.end("lost");
  if (slot_->caller != nullptr) slot_->caller->heard(*this);
}

template <class Reply>
void ReplyMessage<Reply>::deliver() {
  if (slot_->outcome || slot_->caller == nullptr) return;  // too late, or a duplicate
  slot_->outcome.emplace(std::move(outcome_));
  Call<Reply>* caller = slot_->caller;
  slot_->caller = nullptr;
  caller->answered();
}

}  // namespace headroom::calls
