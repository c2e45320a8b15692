#pragma once

namespace headroom::world {

/// A component that knows by heart what it would otherwise have to ask for, as faults can change it.
class Caches {
 public:
  virtual ~Caches() = default;
  /// All that is known in its caches is forgotten, in all of them at this instant.
  virtual void empty_caches() = 0;
};

}  // namespace headroom::world
