#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "models/calls/call.h"
#include "models/calls/members.h"
#include "models/calls/request.h"
#include "models/calls/span.h"
#include "sim/world/host.h"
#include "sim/world/network.h"
#include "sim/world/task.h"

namespace headroom::calls {

/// A request as it arrives at a server.
struct Arrival {
  RequestPtr request;
  Responder<Answer> responder;
  bool new_connection = false;  ///< this server ends TLS and pays for the handshake
  int attempt = 0;              ///< from 0
};

/// The answer to a health check.
struct Alive {};

/// A process that serves requests: balancer, API server, worker.
class RequestServer : public world::Process {
 public:
  using Process::Process;
  virtual void accept(Arrival arrival) = 0;
  /// Answers a health check. It takes a little of the host's CPU, so that a host that is frozen does not
  /// answer; whether requests would fail is not looked at.
  void check(Responder<Alive> responder) { scope().spawn(answer_check(this, std::move(responder))); }

 private:
  static constexpr Duration kCheckCpu = Duration::us(10);
  static world::Task<> answer_check(RequestServer* self, Responder<Alive> responder) {
    co_await self->host().cpu().run(kCheckCpu);
    responder.reply(Alive{});
  }
};

/// Sends a request to a server; if nothing listens there, the sender is told so (refused).
class RequestMessage final : public world::Message {
 public:
  /// `from`: where it is on its way from.
  RequestMessage(Endpoint to, Arrival arrival, ReplySlotPtr<Answer> slot, world::HostId from)
      : to_(*to.slot),
        span_(begin_span(arrival.request->trace, metrics::Step::send, from, arrival.attempt)),
        arrival_(std::move(arrival)),
        slot_(std::move(slot)) {}
  void deliver() override {
    if (!arrival_.responder) return;  // a duplicate: the transport's sequence numbers discard it
    end_span(arrival_.request->trace, span_);
    if (auto* server = static_cast<RequestServer*>(to_.get()); server != nullptr)
      server->accept(std::move(arrival_));
    else
      arrival_.responder.reply(Failure::refused);
  }
  void lost(world::Lost) override {
    end_span(arrival_.request->trace, span_, "lost");
    slot_->if_silent = Failure::lost;
  }

 private:
  world::ProcessSlot& to_;
  metrics::SpanNumber span_;
  Arrival arrival_;
  ReplySlotPtr<Answer> slot_;
};

/// Sends `request` along `way` and makes the call's responder answer along `back`.
inline void send_request(world::Network& network, Call<Answer>& call, const Endpoint& to, world::Route way,
                         world::Route back, Bytes size, RequestPtr request, bool new_connection,
                         int attempt) {
  if (request->trace) {
    call.slot()->trace = request->trace;
    call.slot()->attempt = static_cast<std::int16_t>(attempt);
  }
  const world::HostId from = way.via == world::kNoHost ? way.from : way.via;
  Arrival arrival{std::move(request), call.responder(network, back), new_connection, attempt};
  network.send(way, size, std::make_unique<RequestMessage>(to, std::move(arrival), call.slot(), from));
}

}  // namespace headroom::calls
