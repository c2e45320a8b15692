#pragma once

#include "sim/base/outcome.h"

namespace headroom::calls {

/// What a call says about the server that it was made to. A refusal that the server had a reason for
/// (overload, quota, credentials) is the answer of a server that is well.
enum class Verdict { none, good, bad };

inline Verdict verdict_of(Failure failure) {
  return failure == Failure::rejected || failure == Failure::denied ? Verdict::good : Verdict::bad;
}
template <class T>
Verdict verdict_of(const Outcome<T>& outcome) {
  return outcome ? Verdict::good : verdict_of(outcome.failure());
}

}  // namespace headroom::calls
