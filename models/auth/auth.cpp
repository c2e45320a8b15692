#include "models/auth/auth.h"

#include <memory>
#include <utility>

#include "models/calls/job.h"

namespace headroom::auth {
namespace {

class DataPlane final : public world::Process {
 public:
  DataPlane(world::Host& host, Duration cpu) : Process(host), cpu_(cpu) {}
  void look_up(calls::Responder<Credentials> responder) { scope().spawn(handle(this, std::move(responder))); }

 private:
  static world::Task<> handle(DataPlane* self, calls::Responder<Credentials> responder) {
    co_await self->host().cpu().run(self->cpu_);
    responder.reply(Credentials{});
  }
  Duration cpu_;
};

}  // namespace

Identity::Identity(const AuthConfig& config, const calls::Environment& env,
                   const std::vector<world::Host*>& data_plane)
    : config_(config), world_(env.world), window_(env.window) {
  for (world::Host* host : data_plane)
    data_plane_.push_back(&host->install(
        [cpu = config.data_plane.cpu](world::Host& h) { return std::make_unique<DataPlane>(h, cpu); }));
}

void Identity::report(metrics::ResultBuilder& results) const {
  if (config_.edge_cache) results.ratio("auth.hit_ratio", hits_, checks_);
}

Edge::Edge(Identity& identity, world::HostId host) : identity_(identity), host_(host) {
  if (const auto& cache = identity.config().edge_cache) cache_.emplace(cache->ttl, cache->entries);
}

bool Edge::known(std::uint64_t user, bool probe) {
  const TimePoint now = identity_.world().now();
  const bool hit = cache_ && cache_->hit(user, now);
  identity_.count(hit, now, probe);
  if (!hit && identity_.data_plane_costs_nothing()) {
    if (cache_) cache_->put(user, now);
    return true;
  }
  return hit;
}

world::Task<Outcome<Credentials>> Edge::ask(std::uint64_t user, std::uint64_t request, TimePoint until) {
  world::World& world = identity_.world();
  world::ProcessSlot& server = identity_.server_for(request);
  const world::HostId there = server.host().id();
  calls::Call<Credentials> call(world.scheduler(), until);
  auto responder = call.responder(world.network(), {there, host_});
  calls::send_to<DataPlane>(
      world.network(), {host_, there}, calls::kControl, server,
      [responder = std::move(responder)](DataPlane& plane) mutable { plane.look_up(std::move(responder)); },
      [slot = call.slot()](Failure why) {
        if (why == Failure::lost) slot->if_silent = why;  // refused: the responder dies and says so
      });
  auto outcome = co_await call;
  if (outcome && cache_) cache_->put(user, world.now());
  co_return outcome;
}

const std::vector<metrics::MetricInfo> kMetrics = {
    {"auth.utilization", "share", "busy core-seconds / configured core-seconds of the data plane's hosts",
     metrics::Better::lower},
    {"auth.hit_ratio", "share", "share of credential checks answered from the edge cache",
     metrics::Better::higher},
};

}  // namespace headroom::auth
