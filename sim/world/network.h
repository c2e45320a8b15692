#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/base/distribution.h"
#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/world/fluid.h"
#include "sim/world/host_id.h"
#include "sim/world/pool.h"
#include "sim/world/scheduler.h"
#include "sim/world/topology.h"

namespace headroom::world {

class Host;
class Network;

/// Who sends to whom. `via`: a streaming (cut-through) proxy between clients and a host: the bytes pass the
/// proxy's network card both ways while they flow, as one flow. `head_arrived`: the latency up to `via` has
/// been paid already (the proxy had to see the head of the message to choose where it goes), only the rest is
/// charged.
struct Route {
  HostId from;
  HostId to;
  HostId via = kNoHost;
  bool head_arrived = false;
};

/// Why a message did not arrive.
enum class Lost {
  sender_down,    ///< it was never sent (counted as refused), or its sender or proxy crashed while it flowed
  receiver_down,  ///< the receiver or the proxy was down when it arrived, or has been down since it was sent
  unreachable,    ///< a partition lies between
  dropped,        ///< lost by chance
};

/// What travels. The network owns it from `send` until `deliver` or `lost` returned, then deletes it. Both
/// are called by the scheduler's root, never from inside `send`.
class Message : public Event, public Pooled {
 public:
  ~Message() override;
  const Route& route() const { return route_; }
  Bytes size() const { return size_; }
  /// When its receiver got the last byte that it has got so far: now, while it flows; earlier, if it stands
  /// still since then (a link without any bandwidth left) or has been cut off. Nothing before its first byte.
  std::optional<TimePoint> last_byte() const;

 protected:
  virtual void deliver() = 0;
  /// For the simulation's books, or for a sender that would really learn it: in the world modelled nobody is
  /// told.
  virtual void lost(Lost) {}
  /// A second copy for the `duplication` impairment; nullptr: it cannot be duplicated.
  virtual std::unique_ptr<Message> copy() const { return nullptr; }

 private:
  friend class Network;
  enum class State : std::uint8_t { in_hand, before_flow, flowing, arriving, failed };
  void fire() final;

  Network* network_ = nullptr;
  Message* next_ = nullptr;  // all messages of the network
  Message* previous_ = nullptr;
  Fluid::Flow* flow_ = nullptr;
  Bytes size_;
  Route route_;
  std::uint32_t boots_from_ = 0, boots_to_ = 0, boots_via_ = 0;
  std::uint32_t place_ = 0;  // among the live flows
  State state_ = State::in_hand;
  bool cut_ = false;  ///< it flowed when it failed
  Lost why_ = Lost::dropped;
};

/// Something wrong between two sets of hosts (which may contain kClients). Several may overlap: any of them
/// blocks, delays add up, each one draws for itself. A route through a proxy passes two pairs, and both are
/// looked at.
struct Impairment {
  std::vector<HostId> a{};
  std::vector<HostId> b{};
  bool forward = true;                            ///< applies from a to b
  bool backward = true;                           ///< applies from b to a
  bool blocked = false;                           ///< nothing passes; live flows are cut
  std::optional<Distribution<Duration>> delay{};  ///< added to the latency, drawn for each message
  double delay_probability = 1;                   ///< below 1, messages overtake one another
  double loss = 0;                                ///< probability that a message is lost
  double duplication = 0;  ///< probability that a second copy arrives, with its own delays
};

/// What became of all messages, each counted where it happens: sent by who sends, received by who receives.
/// Unless something is wrong, sent = received + lost + refused + what `Network::in_flight` finds.
struct NetworkCounts {
  std::uint64_t sent = 0;  ///< copies made by duplication included
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t refused = 0;  ///< the sender was down
  std::uint64_t duplicated = 0;
  std::uint64_t flows = 0;  ///< messages that were flows
};

/// Messages that have not ended, looked at one by one.
struct InFlight {
  std::uint64_t under_way = 0;  ///< an event or a flow will end them; a flow may stand still
  std::uint64_t stranded = 0;   ///< nothing will ever end them: somebody took them off the schedule
};

/// A limited link, one direction.
struct LinkLoad {
  std::string name;  ///< `nic/worker-1/up`, `rack/a1/down`, `zone/a/up`, `zones/a-b`, `internet/in`
  Bandwidth capacity;
  double share = 1;  ///< of the capacity, that is left now
  double bytes = 0;  ///< passed so far, whatever became of the flows, live ones included
};

/// The one transport: every message between two hosts, or between clients and a host, goes through `send`.
///
/// A message of at most one packet takes the route's latency and ignores bandwidth (one timed event). A
/// larger one takes the latency and then flows over the route's limited links (see Fluid); without any
/// limited link on the way it takes the latency only. With `network: ideal`, or to itself, it is delivered at
/// the same instant. Loss is per message, not per packet; a lost message is not sent again by the network.
///
/// Costs (tests/bench, world_cost): 77 ns per control message with 1000 in flight, 0.9 µs per flow.
class Network {
 public:
  /// Payload of one packet.
  static constexpr Bytes kPacket{1500};

  Network(Scheduler& scheduler, const Topology& topology, Fluid& fluid, StreamKey key);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  /// Messages in flight are deleted without a word.
  ~Network();

  /// Hands a message over; see `Message`. Never fails to the caller: the message learns its fate. `takes`: in
  /// place of the route's latency and of its bandwidth; hosts that are down and impairments still apply.
  void send(const Route& route, Bytes size, std::unique_ptr<Message> message,
            std::optional<Duration> takes = std::nullopt);

  /// One-way latency of a route without impairments.
  Duration latency(const Route& route) const;

  /// Adds an impairment; the number is for `remove`.
  std::uint64_t add(Impairment impairment);
  void remove(std::uint64_t id);
  /// Whether a message from one to the other would not be blocked now (host states are not looked at).
  bool reachable(HostId from, HostId to) const;
  /// Whether there is any impairment at all.
  bool impaired() const { return !impairments_.empty(); }

  /// The share (0–1) of bandwidth that is left, both directions, of the links of a part: `host/worker-7` or
  /// `group/worker` (network cards), `rack/a1` or `switch/a1` (uplink), `zone/a` (uplink), `region/…`
  /// (internet), or `clients` (internet). Live flows follow. Links without a limit stay so. False: there is
  /// no such part.
  bool set_bandwidth_share(std::string_view part, double share);

  const NetworkCounts& counts() const { return counts_; }
  /// Takes time in proportion to what is in flight.
  InFlight in_flight() const;
  /// Limited links, in a fixed order, as of now. The time it takes grows with the number of live flows.
  std::vector<LinkLoad> link_loads() const;

 private:
  friend class Host;
  friend class Message;
  friend class World;
  static constexpr double kLeastShare = 1e-9;
  struct Duplex {
    Fluid::Link up = Fluid::kNoLink;
    Fluid::Link down = Fluid::kNoLink;
  };
  struct Chance {
    Duration delay;
    bool dropped = false;
    bool duplicated = false;
  };
  struct HostState {
    bool up = true;
    std::uint32_t boots = 1;
    int zone = 0;
    int rack = 0;
    Duplex nic;
  };
  struct Active {
    std::uint64_t id;
    Impairment impairment;
    std::vector<bool> in_a, in_b;  // by host id
    bool applies(HostId from, HostId to) const {
      return from != to && ((impairment.forward && in_a[from.value] && in_b[to.value]) ||
                            (impairment.backward && in_b[from.value] && in_a[to.value]));
    }
  };
  struct NamedLink {
    std::string name;
    Bandwidth capacity;
    Fluid::Link link;
    double share = 1;
  };

  /// Called by Host when `up` changes.
  void host_changed(HostId id, bool up, std::uint32_t boots);
  bool up(HostId id) const { return hosts_[id.value].up; }
  std::uint32_t boots(HostId id) const { return hosts_[id.value].boots; }
  Fluid::Link make_link(const std::string& name, const std::optional<Bandwidth>& bandwidth);
  Duplex make_duplex(const std::string& name, const std::optional<Bandwidth>& bandwidth);
  void set_share(const Duplex& links, double share);
  void build_links();
  Fluid::Path path(const Route& route) const;
  void add_leg(Fluid::Path& path, HostId from, HostId to) const;
  bool blocked(const Route& route) const;
  void dispatch(Message& message, Duration added, std::optional<Duration> takes);
  Chance impair(const Route& route);
  void impair_leg(HostId from, HostId to, Chance& chance);
  headroom::Engine& engine(HostId from, HostId to);
  void step(Message& message);
  void arrive(Message& message);
  void fail(Message& message, Lost why);
  void give_up(Message& message, Lost why);
  void unlist_flow(Message& message);
  template <class Reason>
  void cut_flows(Reason reason);
  void link_in(Message& message);
  void link_out(Message& message);
  std::optional<Lost> obstacle(const Message& message) const;
  TimePoint last_byte(const Message& message) const;
  bool receiver_gone(const Message& message) const;
  bool gone(HostId id, std::uint32_t boots_then) const { return !up(id) || boots(id) != boots_then; }

  Scheduler& scheduler_;
  const Topology& topology_;
  Fluid& fluid_;
  StreamKey key_;
  bool ideal_;
  std::vector<HostState> hosts_;  // by id; 0 is the clients
  std::vector<Duplex> racks_, zones_;
  std::vector<Fluid::Link> between_zones_;  // from · zones + to
  Duplex internet_;
  std::vector<NamedLink> links_;
  std::unordered_map<Fluid::Link, TimePoint>
      still_;  ///< since when links have had no bandwidth; never iterated
  std::vector<Active> impairments_;
  std::uint64_t next_impairment_ = 1;
  std::unordered_map<std::uint64_t, headroom::Engine> engines_;
  std::vector<Message*> flowing_;
  Message* all_ = nullptr;
  NetworkCounts counts_;
};

}  // namespace headroom::world
