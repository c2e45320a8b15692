#include "models/auth/data_plane.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "models/calls/defect.h"
#include "models/calls/messages.h"
#include "models/calls/span.h"

namespace headroom::auth {
namespace {

/// How often a host asks the others what they are, in shares of the time after which one is given up.
constexpr int kPollsPerDetection = 3;

}  // namespace

/// A data-plane host's process.
class DataPlane::Server final : public world::Process {
 public:
  Server(world::Host& host, DataPlane& plane, int member)
      : Process(host),
        plane_(plane),
        member_(member),
        self_(plane.kept_[static_cast<std::size_t>(member)]),
        standby_(member, plane.members_.size(), {plane.config_.detect_after, take_over_time(plane.config_)},
                 self_.lives++ > 0, host.scheduler().now()),
        listener_(plane.management_, host.id(), "data_plane/" + host.name(), self_.copy) {
    if (alternates() && plane.members_.size() > 1) scope().spawn(watch_others(this));
  }
  ~Server() override { scope().clear(); }

  void look_up(Credentials who, std::uint64_t number, metrics::TraceId trace,
               calls::Responder<DataPlaneAnswer> responder) {
    if (alternates() && standby_.role() != Role::active)
      responder.reply(Failure::refused);
    else
      scope().spawn(handle(this, who, number, trace, std::move(responder)));
  }
  Role role() const { return standby_.role(); }

 private:
  bool alternates() const { return plane_.config_.redundancy == Redundancy::active_passive; }
  TimePoint now() { return host().scheduler().now(); }

  static world::Task<> handle(Server* self, Credentials who, std::uint64_t number, metrics::TraceId trace,
                              calls::Responder<DataPlaneAnswer> responder) {
    const calls::Span span(trace, metrics::Step::auth_cpu, self->host().id(), -1);
    co_await self->host().cpu().run(calls::effort(*self, self->plane_.config_.cpu));
    if (calls::errs(*self, number, self->member_)) {  // drawn anew at each host that is asked
      responder.reply(Failure::error);
      co_return;
    }
    responder.reply(self->plane_.look_up(self->self_.copy, who));
  }

  static world::Task<> watch_others(Server* self) {
    const Duration interval =
        std::max(Duration::ns(1), self->plane_.config_.detect_after / kPollsPerDetection);
    while (!self->plane_.winding_down_) {
      for (int other = 0; other < self->plane_.members_.size(); ++other)
        if (other != self->member_) self->scope().spawn(poll(self, other, interval));
      TimePoint next = self->now() + interval;
      if (const auto done = self->standby_.takes_over_at()) next = std::min(next, *done);
      co_await world::Sleep(self->host().scheduler(), next);
      const Role before = self->role();
      self->standby_.tick(self->now());
      self->note_change(before);
    }
  }

  static world::Task<> poll(Server* self, int other, Duration patience) {
    world::Network& network = self->plane_.world_.network();
    world::ProcessSlot& slot = *self->plane_.members_[other].slot;
    const world::HostId here = self->host().id();
    const world::HostId there = slot.host().id();
    calls::Call<Role> call(self->host().scheduler(), self->now() + patience);
    calls::send_to<Server>(
        network, {here, there}, calls::kControl, slot,
        [responder = call.responder(network, {there, here})](Server& s) mutable {
          responder.reply(s.role());
        },
        calls::lost_if(call.slot()));
    const auto role = co_await call;
    if (!role) co_return;
    const Role before = self->role();
    self->standby_.heard(other, *role, self->now());
    self->note_change(before);
  }

  void note_change(Role before) {
    if (role() == before) return;
    const char* kind = "take-over begins";
    if (role() == Role::active) kind = "take-over";
    if (role() == Role::passive) kind = "steps down";
    plane_.journal_.record(now(), kind, "host/" + host().name(), {{"component", "auth"}});
  }

  DataPlane& plane_;
  int member_;
  Kept& self_;
  StandbyMember standby_;
  Listener listener_;
};

DataPlane::DataPlane(const DataPlaneConfig& config, const calls::Environment& env, const UpdateLog& log,
                     Management* management, const std::vector<world::Host*>& hosts)
    : config_(config),
      world_(env.world),
      journal_(env.journal),
      log_(log),
      management_(management),
      ports_({}, env),
      kept_(hosts.size()) {
  if (config.retry) ports_.config.retry = *config.retry;
  for (world::Host* host : hosts)
    members_.install(*host, [this](world::Host& h, int m) { return std::make_unique<Server>(h, *this, m); });
  if (!hosts.empty()) return;
  outside_.emplace();
  outside_listener_.emplace(management, world::kClients, "data_plane", *outside_);
}

void DataPlane::ask(calls::Call<DataPlaneAnswer>& call, world::HostId from, const calls::Endpoint& to,
                    Credentials who, std::uint64_t number, metrics::TraceId trace) {
  world::Network& network = world_.network();
  const world::HostId there = to.host;
  calls::send_to<Server>(
      network, {from, there}, calls::kControl, *to.slot,
      [who, number, trace, responder = call.responder(network, {there, from})](Server& s) mutable {
        s.look_up(who, number, trace, std::move(responder));
      },
      calls::lost_if(call.slot()));
}

}  // namespace headroom::auth
