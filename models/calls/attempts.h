#pragma once

#include <optional>
#include <utility>

#include "models/calls/retry.h"
#include "sim/base/outcome.h"
#include "sim/base/random.h"
#include "sim/world/scheduler.h"
#include "sim/world/task.h"

namespace headroom::calls {

/// The loop of all who try again: attempts at one call until one is answered, or `retries` says that there
/// is no other. `caller` makes them:
///
///     world::Task<Outcome<Reply>> attempt(int number);    // from 0: its outcome, or its time-out
///     world::Task<std::optional<Reply>> pause(TimePoint until);    // … or an earlier attempt's late answer
///
/// It ends with the answer, or with what the last attempt failed of. `draw`: of the waits in between. What is
/// given by reference lives as long as the loop.
template <class Reply, class Caller>
world::Task<Outcome<Reply>> in_attempts(world::Scheduler& scheduler, Retries retries, Engine draw,
                                        Caller& caller) {
  for (int number = 0;; ++number) {
    Outcome<Reply> outcome = co_await caller.attempt(number);
    if (outcome) co_return std::move(outcome);
    const auto again = retries.next(outcome.failure(), scheduler.now(), draw);
    if (!again) co_return std::move(outcome);
    std::optional<Reply> late = co_await caller.pause(*again);
    if (late) co_return std::move(*late);
  }
}

}  // namespace headroom::calls
