#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/api/api.h"
#include "models/auth/auth.h"
#include "models/auth/edge.h"
#include "models/balancer/balancer.h"
#include "models/calls/environment.h"
#include "models/client/client.h"
#include "models/processing/fleet.h"
#include "models/queue/queue.h"
#include "models/usage/store.h"
#include "models/usage/usage.h"
#include "sim/faults/service.h"
#include "sim/faults/target.h"
#include "sim/invariants/billing_ledger.h"
#include "sim/metrics/result.h"
#include "sim/study/consensus_watch.h"
#include "sim/study/gauges.h"
#include "sim/study/part.h"
#include "sim/study/queue_check.h"
#include "sim/study/resources.h"
#include "sim/study/scenario.h"
#include "sim/study/store_check.h"
#include "sim/study/traits.h"
#include "sim/world/world.h"

namespace headroom::study {

/// All the wiring, top to bottom: which component hands what to which. Nothing else knows more than its
/// neighbours' message types (models/calls).
class Deployment final : public faults::Service {
 public:
  /// The scenario must have passed its checks; it and the environment must outlive the deployment, but for
  /// the world, which must be destroyed before it.
  Deployment(const ScenarioConfig& scenario, const calls::Environment& env, StreamKey key,
             client::RequestWatch* watch);
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;
  ~Deployment() override;

  // The life of all parts (part.h).
  void start();
  bool idle() const;
  void wind_down();
  bool wound_down() const;
  void tear_down();
  void report(metrics::ResultBuilder& results) const;

  client::Clients& clients() { return *clients_; }
  /// Null: there is none.
  const queue::Queue* queue() const { return queue_.get(); }
  std::vector<world::ProcessSlot*> players(std::string_view role) const override;
  std::vector<world::ProcessSlot*> instances(faults::Component component) const override;
  world::Traffic& traffic() override;
  world::Caches& caches(faults::Component component) override;
  /// How much of each bounded thing was used in the window.
  std::vector<metrics::Use> uses() const { return resources_.uses(); }

 private:
  class ServerAuth;
  class ServerMeter;
  class Books;
  std::vector<world::Host*> group(const std::optional<Ref>& ref) const;
  void limit(const ScenarioConfig& scenario);
  void list_parts();
  const Part& part(faults::Component component) const;
  /// `kind`, `members`: of a part whose processes faults can strike.
  template <class T>
  Part& add(const char* name, T& component, std::optional<faults::Component> kind = std::nullopt,
            const calls::Members* members = nullptr);

  world::World& world_;
  std::unique_ptr<Books> books_;
  std::unique_ptr<StoreCheck> store_check_;
  std::unique_ptr<usage::BatchStore> store_;
  std::unique_ptr<usage::Pipeline> usage_;
  std::unique_ptr<auth::Identity> identity_;
  std::unique_ptr<QueueCheck> queue_check_;
  std::unique_ptr<ConsensusWatch> consensus_watch_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<processing::Fleet> fleet_;
  balancer::Balancing balancing_;
  std::unique_ptr<balancer::JobBalancer> job_balancer_;
  std::unique_ptr<api::Tier> api_;
  std::unique_ptr<balancer::Balancer> balancer_;
  std::unique_ptr<ServerAuth> client_side_auth_;
  std::unique_ptr<client::Clients> clients_;
  Gauges gauges_;
  Resources resources_;
  std::vector<Part> parts_;  ///< those who call before those that they call
};

}  // namespace headroom::study
