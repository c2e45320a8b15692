#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "sim/world/caches.h"
#include "sim/world/traffic.h"

/// A service's clients and caches, as far as tests of faults need them.
namespace headroom::faults {

/// A hundred users, who send what a test makes them send.
class Senders final : public world::Traffic {
 public:
  std::uint64_t users() const override { return 100; }
  world::Alteration add(world::Load load) override {
    loads.push_back(std::move(load));
    return world::Alteration([this] { ++ended; });
  }
  world::Alteration alter_requests(std::function<void(world::Asked&)> alter) override {
    return requests.add(std::move(alter));
  }
  world::Alteration alter_access(std::function<void(world::Access&)> alter) override {
    return access.add(std::move(alter));
  }
  /// The next request.
  world::Asked send() {
    world::Asked asked;
    asked.number = number_++;
    requests.apply(asked);
    return asked;
  }
  /// How the next attempt reaches the service.
  world::Access reach() const {
    world::Access now;
    access.apply(now);
    return now;
  }

  std::vector<world::Load> loads;  ///< all that there ever were
  std::size_t ended = 0;           ///< of them
  world::Alterable<world::Asked> requests;
  world::Alterable<world::Access> access;

 private:
  std::uint64_t number_ = 0;
};

class CountedCaches final : public world::Caches {
 public:
  void empty_caches() override { ++emptied; }
  int emptied = 0;
};

}  // namespace headroom::faults
