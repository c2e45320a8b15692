#include "sim/study/deployment.h"

#include <algorithm>
#include <utility>

#include "models/api/metrics.h"
#include "models/auth/metrics.h"
#include "models/balancer/metrics.h"
#include "sim/base/check.h"
#include "sim/metrics/resource.h"

namespace headroom::study {

/// Credentials of requests, checked by one server's edge cache.
class Deployment::ServerAuth final : public calls::Authenticator {
 public:
  ServerAuth(auth::Identity& identity, world::HostId host, const std::string& name)
      : edge_(identity, host, name) {}
  bool known(const calls::Request& request) override { return edge_.known(request.user, request.probe); }
  world::Task<std::optional<Failure>> ask(calls::RequestPtr request, TimePoint until) override {
    return edge_.ask(request->user, request->probe, request->number, until, request->trace);
  }
  void tear_down() { edge_.tear_down(); }

 private:
  auth::Edge edge_;
};

/// Conversions, metered by one server's aggregator.
class Deployment::ServerMeter final : public api::Meter {
 public:
  explicit ServerMeter(std::unique_ptr<usage::Aggregator> aggregator) : aggregator_(std::move(aggregator)) {}
  void converted(const calls::Job& job) override { aggregator_->converted(job); }

 private:
  std::unique_ptr<usage::Aggregator> aggregator_;
};

/// Checks the books of the usage pipeline.
class Deployment::Books final : public usage::BooksCheck {
 public:
  void completed(std::uint64_t job, std::int64_t cpu_ns, std::int64_t bytes) override {
    ledger_.completed(job, cpu_ns, bytes);
  }
  void billed(std::uint64_t job, std::int64_t cpu_ns, std::int64_t bytes) override {
    ledger_.billed(job, cpu_ns, bytes);
  }
  void emptied() override { ledger_.emptied(); }
  void close(const usage::Use& invoiced, const usage::Use& lost, const usage::Use& duplicated) override {
    const auto sum = [](const usage::Use& u) {
      return invariants::BillingLedger::Sum{u.records, u.cpu_ns, u.bytes};
    };
    ledger_.close(sum(invoiced), sum(lost), sum(duplicated));
  }
  void report(metrics::ResultBuilder& results) const override {
    results.invariant("billed + lost - duplicated = done, to the unit", ledger_.holds(), ledger_.checked(),
                      ledger_.detail());
  }

 private:
  invariants::BillingLedger ledger_;
};

template <class T>
Part& Deployment::add(const char* name, T& component, std::optional<faults::Component> kind,
                      const calls::Members* members) {
  Part& part = parts_.emplace_back(part_of(name, component));
  part.component = kind;
  part.members = members;
  return part;
}

std::vector<world::Host*> Deployment::group(const std::optional<Ref>& ref) const {
  return ref ? world_.group(ref->name) : std::vector<world::Host*>();
}

Deployment::Deployment(const ScenarioConfig& scenario, const calls::Environment& env, StreamKey key,
                       client::RequestWatch* watch)
    : world_(env.world),
      balancing_(scenario.deployment.load_balancer.value_or(balancer::BalancerConfig{}), env),
      gauges_(env.world, env.window, env.series),
      resources_(env.world, env.window) {
  const DeploymentConfig& d = scenario.deployment;
  const client::WorkloadConfig& w = scenario.workload;
  const Duration tls_cpu = w.connections ? w.connections->tls_cpu : Duration();
  const bool proxied = d.load_balancer && d.load_balancer->hosts;

  // From the back to the front: each component is given those that it calls.
  if (d.usage && !d.api) {
    store_ =
        std::make_unique<usage::BatchStore>(d.usage->store, env, group(d.usage->store.hosts), key / "store");
  } else if (d.usage) {
    books_ = std::make_unique<Books>();
    const auto& mappers = d.usage->billing.hosts;
    const usage::Pipeline::Hosts hosts{group(d.usage->store.hosts),
                                       group(mappers ? *mappers : d.usage->store.hosts)};
    usage_ = std::make_unique<usage::Pipeline>(*d.usage, env, hosts, key / "usage", books_.get());
    store_check_ = std::make_unique<StoreCheck>();
    usage_->store().set_watch(*store_check_);
  }
  if (d.auth) {
    auth::Identity::Hosts hosts;
    hosts.data_plane = group(d.auth->data_plane.hosts);
    if (d.auth->management) hosts.management = group(d.auth->management->hosts);
    identity_ = std::make_unique<auth::Identity>(*d.auth, env, key / "auth", w.users, hosts);
    if (!hosts.data_plane.empty())
      gauges_.add_tier(auth::metric::kUtilization, auth::series::kUtilization, hosts.data_plane);
  }
  if (d.queue) {
    const auto hosts = group(d.queue->hosts);
    queue_check_ = std::make_unique<QueueCheck>(*d.queue, env.world, hosts.size());
    if (d.queue->replication == queue::Replication::raft)
      consensus_watch_ = std::make_unique<ConsensusWatch>(static_cast<int>(hosts.size()));
    queue_ = std::make_unique<queue::Queue>(*d.queue, env, hosts, key / "queue", queue_check_.get(),
                                            consensus_watch_.get());
  }
  if (d.processing) {
    processing::CostModel cost = cost_model(scenario, key / "processing");
    fleet_ = std::make_unique<processing::Fleet>(*d.processing, std::move(cost), env);
    processing::Fleet::Parts parts;
    if (queue_) parts.queue = queue_->contract();
    parts.proxied = proxied && !d.api;
    parts.images_travel = !scenario.platform.network.ideal;
    parts.format = encoding(w);
    if (usage_) parts.books = &usage_->audit();
    fleet_->install(group(d.processing->hosts), parts);
    if (queue_) {
      queue_->serve(fleet_->members());
    } else {
      job_balancer_ =
          std::make_unique<balancer::JobBalancer>(balancing_, fleet_->members(), key / "load_balancer");
    }
  }
  if (d.api) {
    api_ = std::make_unique<api::Tier>(*d.api, env);
    api::Tier::Parts parts;
    if (identity_)
      parts.authenticator = [this](world::Host& host) {
        return std::make_unique<ServerAuth>(*identity_, host.id(), "host/" + host.name());
      };
    if (usage_)
      parts.meter = [this](world::Process& server) {
        return std::make_unique<ServerMeter>(usage_->aggregator(server));
      };
    parts.dispatcher = job_balancer_.get();
    if (queue_) parts.session = [this](const calls::Origin& origin) { return queue_->session(origin); };
    if (!proxied) parts.tls_cpu = tls_cpu;
    parts.proxied = proxied;
    const auto hosts = group(d.api->hosts);
    api_->install(hosts, std::move(parts));
    gauges_.add_tier(api::metric::kUtilization, api::series::kUtilization, hosts);
  }

  client::Clients::Parts parts;
  parts.watch = watch;
  if (usage_) parts.books = &usage_->audit();
  parts.only_below = scenario.slo.only_below;
  parts.reports_others = reports_others(scenario);
  if (identity_ && !api_) {
    client_side_auth_ = std::make_unique<ServerAuth>(*identity_, world::kClients, "clients");
    parts.authenticator = client_side_auth_.get();
  }
  // What clients connect to: API servers, or the workers themselves; through a balancer, or at random.
  const calls::Members* servers = nullptr;
  if (api_) {
    servers = &api_->members();
  } else if (fleet_ && !queue_) {
    servers = &fleet_->members();
  }
  if (servers != nullptr) {
    balancer_ = std::make_unique<balancer::Balancer>(balancing_, *servers, key / "load_balancer");
    const auto hosts = proxied ? group(d.load_balancer->hosts) : std::vector<world::Host*>();
    balancer_->install(hosts, tls_cpu);
    if (!hosts.empty())
      gauges_.add_tier(balancer::metric::kUtilization, balancer::series::kUtilization, hosts);
    parts.entrance = &balancer_->entrance();
  } else if (queue_) {
    parts.session = [this](const calls::Origin& origin) { return queue_->session(origin); };
  }
  clients_ = std::make_unique<client::Clients>(w, env, key / "workload", parts);
  list_parts();
  limit(scenario);
}

/// From the front to the back, as a request goes.
void Deployment::list_parts() {
  using faults::Component;
  add("clients", *clients_);
  if (client_side_auth_) add("clients' auth", *client_side_auth_);
  if (balancer_) add("load balancer", *balancer_, Component::load_balancer, &balancer_->members());
  if (job_balancer_) add("job balancer", *job_balancer_);
  if (api_) add("api", *api_, Component::api, &api_->members());
  if (identity_) add("auth", *identity_, Component::auth, &identity_->data_plane().members());
  if (queue_) {
    Part& part = add("queue", *queue_, Component::queue, &queue_->members());
    part.roles["queue.leader"] = [this] { return queue_->leaders(); };
    part.roles["queue.followers"] = [this] { return queue_->followers(); };
    part.report = [this](metrics::ResultBuilder& results) {
      queue_->report(results);
      queue_check_->report(*queue_, results);
      if (consensus_watch_) consensus_watch_->report(results);
    };
  }
  if (fleet_) add("processing", *fleet_, Component::processing, &fleet_->members());
  if (store_) add("usage", *store_, Component::usage_store, &store_->members());
  if (usage_) {
    Part& part = add("usage", *usage_, Component::usage_store, &usage_->store().members());
    part.report = [this](metrics::ResultBuilder& results) {
      usage_->report(results);
      store_check_->report(usage_->store(), results);
    };
  }
  add("gauges", gauges_).report = [this](metrics::ResultBuilder& results) {
    gauges_.report(results, clients_->answered());
  };
  add("resources", resources_);
}

/// What each component can have in use, and who calls whom.
void Deployment::limit(const ScenarioConfig& scenario) {
  namespace resource = metrics::resource;
  using Tier = Resources::Tier;
  const DeploymentConfig& d = scenario.deployment;
  const auto cores = [](world::ProcessSlot& slot) { return static_cast<double>(slot.host().cores()); };
  const auto with = [](const calls::Members& members, auto size) {
    std::vector<Resources::Member> sized;
    for (world::ProcessSlot* slot : members.slots()) sized.push_back({slot, size(*slot)});
    return sized;
  };

  std::vector<Tier> front = {Resources::kClients};
  if (balancer_ && !balancer_->members().empty()) {
    front = {resources_.add_tier(with(balancer_->members(), cores), front)};
    resources_.limit_cores(front[0], resource::kLoadBalancer, Resources::Of::busiest);
  }
  if (api_) {
    front = {resources_.add_tier(with(api_->members(), cores), front)};
    resources_.limit_cores(front[0], resource::kApi);
  }
  if (identity_ && !identity_->data_plane().members().empty()) {
    const Tier auth = resources_.add_tier(with(identity_->data_plane().members(), cores), front);
    const bool spread = d.auth->data_plane.redundancy == calls::Redundancy::active_active;
    resources_.limit_cores(auth, resource::kAuth, spread ? Resources::Of::all : Resources::Of::busiest);
  }
  std::optional<Tier> members, workers;
  if (queue_) {
    members =
        resources_.add_tier(with(queue_->members(), cores), front, [this] { return queue_->leaders(); });
    for (world::ProcessSlot* slot : queue_->members().slots())
      resources_.limit_disk(slot->host(), Resources::Fsync::grouped);
  }
  if (fleet_) {
    // With more slots than cores it is the cores that are full first.
    const auto size = [&](world::ProcessSlot& slot) {
      return std::min(cores(slot), static_cast<double>(d.processing->slots.value_or(slot.host().cores())));
    };
    workers = resources_.add_tier(with(fleet_->members(), size), members ? std::vector{*members} : front);
    resources_.limit_cores(*workers, resource::kProcessing);
    if (d.processing->max_waiting.value_or(0) > 0)
      resources_.limit_held(*workers, resource::kMaxWaiting, static_cast<double>(*d.processing->max_waiting),
                            [this] { return fleet_->waiting(world_.now()); });
  }
  if (queue_ && d.queue->capacity) {
    // One log, wherever its leader is; or one of each member.
    const auto capacity = static_cast<double>(*d.queue->capacity);
    if (queue_->groups() > 1)
      resources_.limit_held(*members, resource::kQueueCapacity, capacity, [this] { return queue_->held(); });
    else
      resources_.limit_one(resource::kQueueCapacity, [this, capacity] { return queue_->held() / capacity; },
                           {});
  }
  if (api_ && d.api->max_in_flight)
    resources_.limit_held(front[0], resource::kMaxInFlight, static_cast<double>(*d.api->max_in_flight),
                          [this] { return api_->in_flight(world_.now()); });
  if (api_ && d.api->quota_per_user)
    resources_.limit_one(
        resource::kQuota, [this] { return api_->quota_use().used(world_.now()); },
        [this] { return api_->quota_use().attempts(world_.now()); });
  if (usage_ || store_) {
    usage::BatchStore& store = usage_ ? usage_->store() : *store_;
    if (usage_ && d.usage->aggregator.journal)
      for (world::ProcessSlot* slot : api_->members().slots())
        resources_.limit_disk(slot->host(), Resources::Fsync::grouped);
    for (world::ProcessSlot* slot : store.members().slots())
      resources_.limit_disk(slot->host(), Resources::Fsync::counts);
  }
}

Deployment::~Deployment() = default;

std::vector<world::ProcessSlot*> Deployment::players(std::string_view role) const {
  for (const Part& part : parts_)
    if (const auto found = part.roles.find(role); found != part.roles.end()) return found->second();
  HEADROOM_CHECK(false, "a role that nobody offers");
  return {};
}

const Part& Deployment::part(faults::Component component) const {
  const auto found = std::find_if(parts_.begin(), parts_.end(),
                                  [&](const Part& part) { return part.component == component; });
  HEADROOM_CHECK(found != parts_.end(), "a component that is not there");
  return *found;
}

std::vector<world::ProcessSlot*> Deployment::instances(faults::Component component) const {
  return part(component).members->slots();
}

world::Traffic& Deployment::traffic() {
  const auto found =
      std::find_if(parts_.begin(), parts_.end(), [](const Part& part) { return part.traffic != nullptr; });
  HEADROOM_CHECK(found != parts_.end(), "nobody sends anything");
  return *found->traffic;
}

world::Caches& Deployment::caches(faults::Component component) {
  world::Caches* caches = part(component).caches;
  HEADROOM_CHECK(caches != nullptr, "a component without caches");
  return *caches;
}

void Deployment::start() {
  // Who is called before those that call.
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part)
    if (part->start) part->start();
}

bool Deployment::idle() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return !part.idle || part.idle(); });
}

void Deployment::wind_down() {
  for (const Part& part : parts_)
    if (part.wind_down) part.wind_down();
}

bool Deployment::wound_down() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return !part.wound_down || part.wound_down(); });
}

void Deployment::tear_down() {
  for (const Part& part : parts_)
    if (part.tear_down) part.tear_down();
}

void Deployment::report(metrics::ResultBuilder& results) const {
  for (const Part& part : parts_)
    if (part.report) part.report(results);
}

}  // namespace headroom::study
