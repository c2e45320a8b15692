#include "sim/study/standstill.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace headroom::study {
namespace {

constexpr double kBurst = 1e7;
constexpr double kPerRendition = 100;

/// In words that come after `because`.
std::string reason(bool closed, std::int64_t requests, std::string_view mostly, std::int64_t of_these,
                   std::int64_t redeliveries, std::uint64_t messages) {
  if (closed && requests > 0)
    return fmt::format(
        "closed users do not think and their requests end at once ({} requests, {} of them {}), so that the "
        "next ones follow at the same instant; give them a think_time, the network a latency, or the clients "
        "a retry with backoff",
        requests, of_these, mostly);
  if (redeliveries > 0)
    return fmt::format("jobs are delivered again and again without taking time ({} times)", redeliveries);
  if (messages > 0)
    return fmt::format("messages that take no time follow one another ({} of them)", messages);
  return "something happens again and again without taking time";
}

}  // namespace

Standstill::Counts Standstill::count() const {
  Counts c;
  c.requests = clients_.all_offered();
  for (std::size_t e = 0; e < c.endings.size(); ++e) c.endings[e] = clients_.all_ended(client::Ending(e));
  c.redeliveries = queue_ != nullptr ? queue_->all_redeliveries() : 0;
  c.messages = world_.network().counts().sent;
  return c;
}

/// So many events may be a burst.
double Standstill::burst() const {
  const client::WorkloadConfig& w = scenario_.workload;
  const auto attempts = static_cast<double>(w.retry ? w.retry->attempts : 1);
  return kBurst +
         kPerRendition * static_cast<double>(clients_.open()) * attempts * static_cast<double>(w.renditions);
}

void Standstill::alarm() {
  const Counts now = count();
  const bool closed = std::holds_alternative<client::Closed>(scenario_.workload.arrivals);
  const bool arrives = !closed && now.requests != requests_;
  requests_ = now.requests;
  if (instant_ != world_.now() || arrives) {
    instant_ = world_.now();
    first_ = now;
    events_ = 0;
    return;
  }
  events_ += kEvents;
  if (static_cast<double>(events_) < burst()) return;
  std::size_t mostly = 0;
  const auto ended = [&](std::size_t e) { return now.endings[e] - first_.endings[e]; };
  for (std::size_t e = 1; e < now.endings.size(); ++e)
    if (ended(e) > ended(mostly)) mostly = e;
  throw TimeStandsStill(
      fmt::format("time does not advance at {} s, because {}", instant_.since_start().seconds(),
                  reason(closed, now.requests - first_.requests, client::kEndings[mostly], ended(mostly),
                         now.redeliveries - first_.redeliveries, now.messages - first_.messages)));
}

}  // namespace headroom::study
