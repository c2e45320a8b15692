#pragma once

#include "sim/base/outcome.h"

namespace headroom::calls {

/// What a call says about the server that it was made to. A refusal that the server had a reason for
/// (overload, quota, credentials) is the answer of a server that is well.
enum class Sign { none, good, bad };

inline Sign sign_of(Failure failure) {
  return failure == Failure::rejected || failure == Failure::denied ? Sign::good : Sign::bad;
}
template <class T>
Sign sign_of(const Outcome<T>& outcome) {
  return outcome ? Sign::good : sign_of(outcome.failure());
}

}  // namespace headroom::calls
