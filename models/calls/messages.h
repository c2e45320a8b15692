#pragma once

#include <memory>
#include <utility>

#include "sim/base/outcome.h"
#include "sim/base/units.h"
#include "sim/world/host.h"
#include "sim/world/network.h"

/// Messages that are not the question or the answer of a call.
namespace headroom::calls {

/// A message that does one thing to a process if it lives: `deliver_to(P&)`. What it means to be lost, or to
/// find nobody, is the message's. `repeatable`: the network may deliver it twice.
template <class P, class Deliver, class Fail, bool repeatable = false>
class ProcessMessage final : public world::Message {
 public:
  ProcessMessage(world::ProcessSlot& slot, Deliver deliver, Fail fail)
      : slot_(slot), deliver_(std::move(deliver)), fail_(std::move(fail)) {}
  void deliver() override {
    if (auto* process = static_cast<P*>(slot_.get()); process != nullptr)
      deliver_(*process);
    else
      fail_(Failure::refused);
  }
  void lost(world::Lost) override { fail_(Failure::lost); }
  std::unique_ptr<Message> copy() const override {
    if constexpr (repeatable)
      return std::make_unique<ProcessMessage>(slot_, deliver_, fail_);
    else
      return nullptr;
  }

 private:
  world::ProcessSlot& slot_;
  Deliver deliver_;
  Fail fail_;
};

/// Sends a message that, on arrival, calls `deliver(P&)` on the process in `slot`; if it is lost or nobody is
/// there, `fail(Failure)` is called (for bookkeeping: the sender does not notice).
template <class P, class Deliver, class Fail>
void send_to(world::Network& network, world::Route way, Bytes size, world::ProcessSlot& slot, Deliver deliver,
             Fail fail) {
  network.send(way, size,
               std::make_unique<ProcessMessage<P, Deliver, Fail>>(slot, std::move(deliver), std::move(fail)));
}
template <class P, class Deliver>
void send_to(world::Network& network, world::Route way, Bytes size, world::ProcessSlot& slot,
             Deliver deliver) {
  send_to<P>(network, way, size, slot, std::move(deliver), [](Failure) {});
}

/// As `send_to`, by a protocol of its own that bears a second copy, not over a connection that discards it.
template <class P, class Deliver>
void send_datagram(world::Network& network, world::Route way, Bytes size, world::ProcessSlot& slot,
                   Deliver deliver) {
  const auto ignore = [](Failure) {};
  using Datagram = ProcessMessage<P, Deliver, decltype(ignore), true>;
  network.send(way, size, std::make_unique<Datagram>(slot, std::move(deliver), ignore));
}

/// A message that calls `arrived()` at its end, whoever is there; or, for bookkeeping, `lost()`.
template <class F, class G, bool repeatable = false>
class Note final : public world::Message {
 public:
  Note(F arrived, G lost) : arrived_(std::move(arrived)), lost_(std::move(lost)) {}
  void deliver() override { arrived_(); }
  void lost(world::Lost) override { lost_(); }
  std::unique_ptr<Message> copy() const override {
    if constexpr (repeatable)
      return std::make_unique<Note>(arrived_, lost_);
    else
      return nullptr;
  }

 private:
  F arrived_;
  G lost_;
};
template <class F, class G>
void send_note(world::Network& network, world::Route way, Bytes size, F arrived, G lost) {
  network.send(way, size, std::make_unique<Note<F, G>>(std::move(arrived), std::move(lost)));
}
template <class F>
void send_note(world::Network& network, world::Route way, Bytes size, F arrived) {
  send_note(network, way, size, std::move(arrived), [] {});
}

}  // namespace headroom::calls
