#pragma once

namespace headroom::metrics {

/// For sums and integrals that must stay exact beyond 2^63 (nanoseconds times jobs over a long run).
__extension__ using Int128 = __int128;

}  // namespace headroom::metrics
