#include "models/auth/edge.h"

#include <memory>
#include <utility>

#include "models/calls/call.h"
#include "models/calls/host_choice.h"

namespace headroom::auth {

Edge::Edge(Identity& identity, world::HostId host, const std::string& name)
    : identity_(identity),
      host_(host),
      name_(name),
      port_(identity.data_plane().ports(), identity.data_plane().members(),
            std::make_unique<calls::HostChoice>(identity.config().data_plane.redundancy,
                                                identity.data_plane().members().size(),
                                                identity.config().data_plane.retry_after),
            name),
      listener_(identity.management(), host, "edge/" + name, *this) {
  if (const auto& c = identity.config().edge_cache)
    cache_.emplace(TtlCache::Times{c->ttl, c->negative_ttl, c->serve_stale_for}, c->entries);
  identity.add(*this);
}

Edge::~Edge() {
  identity_.remove(*this);
}

std::uint64_t Edge::receive(std::uint64_t from, std::uint64_t to) {
  const auto received = subscription_.receive(from, to);
  if (cache_) {
    // What it did not hear of (it is younger than that) may concern anybody.
    if (received.gap) cache_->clear();
    for (std::uint64_t p = received.first; p <= to; ++p) cache_->invalidate(identity_.log().at(p).user);
  }
  return subscription_.position();
}

std::optional<Edge::Decision> Edge::at_once(Credentials who) {
  if (cache_)
    if (const auto accepted = cache_->hit(who, now())) return Decision{Source::cache, *accepted};
  if (!identity_.data_plane().members().empty()) return std::nullopt;
  const DataPlaneAnswer answer = identity_.data_plane().answer(who);
  keep(who, answer);
  return Decision{Source::data_plane, answer.accepted};
}

void Edge::keep(Credentials who, const DataPlaneAnswer& answer) {
  // An answer that is older than a change which this cache was told of would outlive its invalidation.
  const bool outdated = identity_.management() != nullptr &&
                        identity_.log().last_change(who.user, subscription_.position()) > answer.position;
  if (cache_ && !outdated) cache_->put(who, answer.accepted, now());
}

bool Edge::known(std::uint64_t user, bool probe) {
  const Credentials who = identity_.log().credentials(user);
  const auto decision = at_once(who);
  if (!decision || !decision->accepted) return false;
  decide(*decision, who, probe);
  return true;
}

world::Task<std::optional<Failure>> Edge::ask(std::uint64_t user, bool probe, std::uint64_t number,
                                              TimePoint until, metrics::TraceId trace) {
  const Credentials who = identity_.log().credentials(user);
  if (const auto decision = at_once(who)) co_return decide(*decision, who, probe);
  if (!port_.any()) co_return without_data_plane(who, probe);
  const FlightPtr flight = look_up(who, probe, number, trace);
  if (!flight->ended) co_await flight->end.wait(identity_.world().scheduler(), until);
  if (flight->answer) co_return decide({Source::data_plane, flight->answer->accepted}, who, probe);
  if (flight->ended) co_return without_data_plane(who, probe);
  identity_.unchecked(probe);  // its own time is over
  co_return Failure::error;
}

Edge::FlightPtr Edge::look_up(Credentials who, bool probe, std::uint64_t number, metrics::TraceId trace) {
  const bool coalesce = cache_ && identity_.config().edge_cache->coalesce;
  if (coalesce) {
    const auto found = flights_.find(who.user);
    if (found != flights_.end() && found->second->who.account == who.account) {
      identity_.coalesced(probe);
      return found->second;
    }
  }
  FlightPtr flight(new Flight(who, probe, trace));
  if (coalesce) flights_.insert_or_assign(who.user, flight);
  scope_.spawn(fly(this, flight, number));
  return flight;
}

world::Task<> Edge::fly(Edge* self, FlightPtr flight, std::uint64_t number) {
  DataPlane& data_plane = self->identity_.data_plane();
  calls::Port::Question question;
  question.round.number = number;
  question.round.caller = self->host_.value;
  question.backoff = self->identity_.backoff_key().engine_for(number);
  question.timeout = data_plane.config().timeout;
  question.retried = [self, probe = flight->probe] { self->identity_.asked_again(probe); };
  const auto send = [&](calls::Call<DataPlaneAnswer>& call, const calls::Endpoint& to) {
    data_plane.ask(call, self->host_, to, flight->who, number, flight->trace);
  };
  const auto outcome = co_await self->port_.ask<DataPlaneAnswer>(std::move(question), send);
  if (outcome) {
    self->data_plane_back();
    self->keep(flight->who, *outcome);
    flight->answer = *outcome;
  } else if (!self->port_.any()) {
    self->data_plane_lost();
  }
  flight->ended = true;
  const auto listed = self->flights_.find(flight->who.user);
  if (listed != self->flights_.end() && listed->second == flight) self->flights_.erase(listed);
  flight->end.notify_all();
}

std::optional<Failure> Edge::decide(Decision decision, Credentials who, bool probe) {
  identity_.decided(decision.source, decision.accepted, who, probe);
  return decision.accepted ? std::nullopt : std::optional(Failure::denied);
}

std::optional<Failure> Edge::without_data_plane(Credentials who, bool probe) {
  if (cache_) {
    if (const auto accepted = cache_->stale(who, now())) {
      ++stale_;
      return decide({Source::stale, *accepted}, who, probe);
    }
  }
  ++failed_;
  identity_.unchecked(probe);
  return Failure::error;
}

void Edge::data_plane_lost() {
  if (std::exchange(cut_off_, true)) return;
  stale_ = failed_ = 0;
  const bool stale = cache_ && identity_.config().edge_cache->serve_stale_for > Duration();
  identity_.journal().record(now(), "data plane lost", name_, {{"serves_stale", stale}});
}

void Edge::data_plane_back() {
  if (!std::exchange(cut_off_, false)) return;
  identity_.journal().record(now(), "data plane back", name_,
                             {{"served_stale", stale_}, {"failed", failed_}});
}

}  // namespace headroom::auth
