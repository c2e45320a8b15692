#pragma once

#include <cstdint>

namespace headroom {

/// Base class of what several hold at once (boost::intrusive_ptr<T>), and what ends with the last of them.
/// `Count`: wide enough for all who may hold one object. A simulation runs in one thread, so that the count
/// is a plain number.
template <class T, class Count = std::int32_t>
class Counted {
 private:
  friend T;
  Counted() = default;
  Counted(const Counted& /*other*/) {}  // a copy has holders of its own
  Counted& operator=(const Counted& /*other*/) { return *this; }
  ~Counted() = default;

  friend void intrusive_ptr_add_ref(const T* t) { ++static_cast<const Counted*>(t)->references_; }
  friend void intrusive_ptr_release(const T* t) {
    if (--static_cast<const Counted*>(t)->references_ == 0) delete t;
  }
  mutable Count references_ = 0;
};

}  // namespace headroom
