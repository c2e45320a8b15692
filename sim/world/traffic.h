#pragma once

#include <cstdint>
#include <functional>
#include <variant>
#include <vector>

#include "sim/base/random.h"
#include "sim/base/units.h"
#include "sim/world/alteration.h"

/// What clients send, as faults can change it: the clients' model implements it, and neither knows the other.
namespace headroom::world {

class ProcessSlot;

/// What kills the process that has worked on a request.
class Killer {
 public:
  virtual ~Killer() = default;
  virtual void kill(ProcessSlot& victim, std::uint64_t request) = 0;
};

/// What a request asks for, as it was drawn.
struct Asked {
  std::uint64_t number = 0;  ///< what is drawn about it is keyed by this
  TimePoint sent;            ///< intended send time
  std::uint64_t user = 0;
  Bytes image;
  std::int64_t pixels = 0;         ///< of the image; 0: not said
  double rendition_share = 0;      ///< bytes of a rendition / bytes of the image
  std::int64_t renditions = 1;     ///< asked for
  Killer* kills_server = nullptr;  ///< the API server that works on it; null: it is harmless
  Killer* kills_worker = nullptr;  ///< the worker that converts its image
};

/// How the next attempt reaches the service.
struct Access {
  double reuse = 1;  ///< probability that a connection is open already, 0–1
  double names = 1;  ///< probability that a new connection's look-up finds the name, 0–1
};

/// So many times the rate of the scenario's own requests, whatever that is at the time; nothing if their
/// arrivals have no rate.
struct TimesOwn {
  double times = 0;
};

/// Requests on top of those that clients send anyway, which stay what they are.
struct Load {
  StreamKey key;                       ///< of all that is drawn about them
  std::variant<TimesOwn, Rate> rate;   ///< a Rate: of a Poisson process
  std::vector<std::uint64_t> users{};  ///< abusers, each request is of one at random; empty: as everybody
  Duration ramp{};                     ///< time in which it grows linearly from nothing; its end is abrupt
};

class Traffic {
 public:
  virtual ~Traffic() = default;
  /// How many users there are; they are numbered from 0.
  virtual std::uint64_t users() const = 0;
  /// This load from now on.
  virtual Alteration add(Load load) = 0;
  /// Each request from now on, additional ones too, is handed to `alter` before it is sent. Synthetic probes
  /// are not.
  virtual Alteration alter_requests(std::function<void(Asked&)> alter) = 0;
  /// Likewise how each attempt reaches the service: only if clients open connections at all.
  virtual Alteration alter_access(std::function<void(Access&)> alter) = 0;
};

}  // namespace headroom::world
