#include "models/auth/management.h"

#include <algorithm>
#include <utility>

#include "models/auth/metrics.h"
#include "models/calls/call.h"
#include "models/calls/messages.h"

namespace headroom::auth {
namespace {

/// Each server has a publisher of its own: one that is dead keeps nobody else waiting for news.
constexpr Duration kAcknowledgedWithin = Duration::s(1);
constexpr Duration kRepeatAfter = Duration::s(1);
constexpr Bytes kPerChange{32};

}  // namespace

/// The management plane's process, if it runs in the region.
class Management::Publisher final : public world::Process {
 public:
  Publisher(world::Host& host, Management& management) : Process(host) {
    while (management.wanted_ > 0) {
      --management.wanted_;
      management.accept();
    }
    for (const auto& seat : management.seats_) scope().spawn(publish(&management, seat.get()));
  }
  ~Publisher() override { scope().clear(); }
};

Management::Management(const ManagementConfig& config, const calls::Environment& env, UpdateLog& log,
                       StreamKey key, std::int64_t users, world::Host* host)
    : config_(config),
      world_(env.world),
      window_(env.window),
      log_(log),
      key_(key),
      users_(static_cast<std::uint64_t>(users)),
      host_(host) {
  if (host_ != nullptr)
    slot_ = &host_->install([this](world::Host& h) { return std::make_unique<Publisher>(h, *this); });
}

Management::~Management() = default;

void Management::start() {
  outside_.spawn(change_accounts());
}

world::Scope* Management::scope() {
  if (host_ == nullptr) return &outside_;
  auto* publisher = slot_->as<Publisher>();
  return publisher == nullptr ? nullptr : &publisher->scope();
}

Management::Seat& Management::seat(world::HostId host, const std::string& name) {
  for (const auto& known : seats_)
    if (known->name == name) return *known;
  seats_.push_back(
      std::make_unique<Seat>(Seat{host, name, key_ / "propagation" / name, log_.last(), log_.last()}));
  if (world::Scope* where = scope()) where->spawn(publish(this, seats_.back().get()));
  return *seats_.back();
}

world::Task<> Management::change_accounts() {
  const auto gap =
      Distribution<Duration>::exponential(Duration::from_seconds(1 / config_.updates.per_second));
  Engine engine = (key_ / "updates").engine();
  while (true) {
    co_await world::Sleep(world_.scheduler(), gap.sample(engine));
    if (winding_down_) co_return;
    if (scope() != nullptr)
      accept();
    else
      ++wanted_;
  }
}

void Management::accept() {
  Engine draw = (key_ / "change").engine_for(changes_++);
  const std::uint64_t user = uniform_below(draw, users_);
  const double kind = uniform01(draw);
  Change change = Change::key_change;
  if (kind < config_.new_users.value)
    change = Change::new_user;
  else if (kind < config_.new_users.value + config_.revocations.value)
    change = Change::revocation;
  log_.append(user, change, world_.now());
  news_.notify_all();
}

TimePoint Management::due(const Seat& seat, std::uint64_t position) const {
  Engine draw = seat.delays.engine_for(position);
  return log_.at(position).accepted + config_.propagation.sample(draw);
}

world::Task<> Management::publish(Management* self, Seat* seat) {
  world::Scheduler& scheduler = self->world_.scheduler();
  world::Network& network = self->world_.network();
  while (true) {
    if (seat->acknowledged == self->log_.last()) {
      co_await self->news_.wait(scheduler);
      continue;
    }
    const std::uint64_t from = seat->acknowledged;
    co_await world::Sleep(scheduler, self->due(*seat, from + 1));
    std::uint64_t to = from + 1;
    while (to < self->log_.last() && self->due(*seat, to + 1) <= scheduler.now()) ++to;

    calls::Call<std::uint64_t> call(scheduler, scheduler.now() + kAcknowledgedWithin);
    const Bytes size = calls::kControl + Bytes(kPerChange.count() * static_cast<std::int64_t>(to - from));
    calls::send_note(
        network, {self->place(), seat->host}, size,
        [self, seat, from, to, responder = call.responder(network, {seat->host, self->place()})]() mutable {
          if (seat->subscriber == nullptr)
            responder.reply(Failure::refused);
          else
            responder.reply(self->deliver(*seat, from, to));
        },
        [slot = call.slot()] { slot->if_silent = Failure::lost; });
    const auto position = co_await call;
    if (position)
      seat->acknowledged = *position;
    else
      co_await world::Sleep(scheduler, kRepeatAfter);
  }
}

std::uint64_t Management::deliver(Seat& seat, std::uint64_t from, std::uint64_t to) {
  const TimePoint now = world_.now();
  for (seat.delivered = std::max(seat.delivered, from); seat.delivered < to; ++seat.delivered) {
    const TimePoint accepted = log_.at(seat.delivered + 1).accepted;
    propagation_.record(window_.batch(accepted), now - accepted);
  }
  return seat.subscriber->receive(from, to);
}

void Management::report(metrics::ResultBuilder& results) const {
  results.mean(metric::kPropagationMeanS, propagation_, 1e-9);
  results.quantile(metric::kPropagationP99S, propagation_, 0.99, 1e-9);
}

Listener::Listener(Management* management, world::HostId host, const std::string& name,
                   Subscriber& subscriber) {
  if (management == nullptr) return;
  seat_ = &management->seat(host, name);
  seat_->subscriber = &subscriber;
}

}  // namespace headroom::auth
