#include "sim/metrics/journal.h"

namespace headroom::metrics {

void Journal::record(TimePoint at, std::string kind, std::string subject, std::vector<Field> details) {
  ++recorded_;
  Event event{at, std::move(kind), std::move(subject), std::move(details)};
  if (first_.size() < half_) {
    first_.push_back(std::move(event));
    return;
  }
  last_.push_back(std::move(event));
  if (last_.size() > half_) last_.pop_front();
}

std::vector<Event> Journal::events() const {
  std::vector<Event> all = first_;
  all.insert(all.end(), last_.begin(), last_.end());
  return all;
}

}  // namespace headroom::metrics
