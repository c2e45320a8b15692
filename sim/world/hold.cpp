#include "sim/world/hold.h"

#include <algorithm>

#include "sim/base/check.h"

namespace headroom::world {

void Hold::take() {
  cancel();
  ++holders_;
  if (!std::exchange(down_, true)) set_(false);
}

void Hold::release(Duration recovery) {
  HEADROOM_CHECK(holders_ > 0, "what is let go was held");
  ready_ = std::max(ready_, scheduler_.now() + recovery);
  if (--holders_ == 0) scheduler_.schedule(*this, ready_);
}

void Hold::fire() {
  down_ = false;
  set_(true);
}

}  // namespace headroom::world
