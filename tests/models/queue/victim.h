#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/queue/node.h"
#include "tests/models/trial.h"

namespace headroom {

/// Opens a private member to this test, without a word of it in the product: what an explicit instantiation
/// names is not subject to access control (C++20, [temp.spec.general] 6). `Tag` declares
/// `friend constexpr auto opened(Tag)`.
template <class Tag, auto member>
struct Open {
  friend constexpr auto opened(Tag) { return member; }
};
template <class Tag, class Object>
auto& in(Object& object) {
  return object.*opened(Tag{});
}

struct TheRequests {
  friend constexpr auto opened(TheRequests);
};
struct TheDeployment {
  friend constexpr auto opened(TheDeployment);
};
struct TheQueue {
  friend constexpr auto opened(TheQueue);
};
struct TheGroups {
  friend constexpr auto opened(TheGroups);
};
struct TheMembers {
  friend constexpr auto opened(TheMembers);
};
struct Deliver {
  friend constexpr auto opened(Deliver);
};
struct TheConsensus {
  friend constexpr auto opened(TheConsensus);
};
struct TheRaft {
  friend constexpr auto opened(TheRaft);
};
struct TheJobs {
  friend constexpr auto opened(TheJobs);
};
struct TheLead {
  friend constexpr auto opened(TheLead);
};
struct TheSessions {
  friend constexpr auto opened(TheSessions);
};
struct TheKeys {
  friend constexpr auto opened(TheKeys);
};
struct TheUsage {
  friend constexpr auto opened(TheUsage);
};
struct TheBill {
  friend constexpr auto opened(TheBill);
};
struct TheInvoices {
  friend constexpr auto opened(TheInvoices);
};
struct TheStore {
  friend constexpr auto opened(TheStore);
};
struct TheFleet {
  friend constexpr auto opened(TheFleet);
};
struct TheApi {
  friend constexpr auto opened(TheApi);
};
struct TheBalancer {
  friend constexpr auto opened(TheBalancer);
};
struct AtTheClients {
  friend constexpr auto opened(AtTheClients);
};
struct AtTheApi {
  friend constexpr auto opened(AtTheApi);
};
struct AtTheBalancer {
  friend constexpr auto opened(AtTheBalancer);
};
struct AtTheWorkers {
  friend constexpr auto opened(AtTheWorkers);
};
struct TheMessages {
  friend constexpr auto opened(TheMessages);
};
struct TheEndings {
  friend constexpr auto opened(TheEndings);
};
struct TheAttempts {
  friend constexpr auto opened(TheAttempts);
};
template struct Open<TheRequests, &study::Replication::watch_>;
template struct Open<TheDeployment, &study::Replication::deployment_>;
template struct Open<TheQueue, &study::Deployment::queue_>;
template struct Open<TheGroups, &queue::Queue::groups_>;
template struct Open<TheMembers, &queue::Group::nodes_>;
template struct Open<Deliver, &queue::Group::deliver>;
template struct Open<TheConsensus, &queue::Node::consensus_>;
template struct Open<TheRaft, &queue::Member::raft_>;
template struct Open<TheJobs, &queue::Node::jobs_>;
template struct Open<TheLead, &queue::Node::lead_>;
template struct Open<TheSessions, &queue::Jobs::sessions_>;
template struct Open<TheKeys, &queue::Jobs::keys_>;
template struct Open<TheUsage, &study::Deployment::usage_>;
template struct Open<TheBill, &usage::Pipeline::bill_>;
template struct Open<TheInvoices, &usage::Bill::periods_>;
template struct Open<TheStore, &usage::BatchStore::cluster_>;
template struct Open<TheFleet, &study::Deployment::fleet_>;
template struct Open<TheApi, &study::Deployment::api_>;
template struct Open<TheBalancer, &study::Deployment::balancer_>;
template struct Open<AtTheClients, &client::Clients::station_>;
template struct Open<AtTheApi, &api::Tier::station_>;
template struct Open<AtTheBalancer, &balancer::Balancer::station_>;
template struct Open<AtTheWorkers, &processing::Fleet::station_>;
template struct Open<TheMessages, &world::Network::counts_>;
template struct Open<TheEndings, &client::Clients::endings_>;
template struct Open<TheAttempts, &client::Clients::attempts_>;

/// A run, and what of it a bug can get at.
class Victim : public Trial {
 public:
  explicit Victim(const study::ScenarioConfig& s)
      : Trial(s), deployment_(*in<TheDeployment>(replication())) {}

  queue::Group& group() { return *in<TheGroups>(*in<TheQueue>(deployment_))[0].group; }
  queue::raft::Storage& disk(queue::raft::MemberId m) {
    return in<TheMembers>(group())[static_cast<std::size_t>(m)].storage;
  }
  /// A message that nobody has sent.
  void forge(queue::raft::Message&& message) { (group().*opened(Deliver{}))(std::move(message)); }
  const queue::raft::Raft& state(queue::raft::MemberId m) { return in<TheRaft>(*group().live(m)); }
  world::Host& member(queue::raft::MemberId m) { return group().host(m); }
  queue::raft::MemberId leader() { return group().leader(); }
  /// The members that live.
  std::vector<queue::raft::MemberId> live() {
    std::vector<queue::raft::MemberId> all;
    for (queue::raft::MemberId m = 0; m < group().members(); ++m)
      if (group().live(m) != nullptr) all.push_back(m);
    return all;
  }
  queue::Node& node(queue::raft::MemberId m) { return *member(m).slots()[0]->as<queue::Node>(); }
  queue::Jobs& jobs(queue::raft::MemberId m) { return in<TheJobs>(node(m)); }
  study::Deployment& deployment() { return deployment_; }
  usage::Pipeline& usage() { return *in<TheUsage>(deployment_); }
  usage::Cluster& store() { return in<TheStore>(usage().store()); }

  bool holds(std::string_view invariant) const { return said(invariant).holds; }
  std::string detail(std::string_view invariant) const { return said(invariant).detail; }

 private:
  const metrics::Invariant& said(std::string_view name) const {
    for (const metrics::Invariant& i : result().invariants)
      if (i.name == name) return i;
    FAIL("no invariant " << name);
    return result().invariants.front();
  }
  study::Deployment& deployment_;
};

}  // namespace headroom
