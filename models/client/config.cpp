#include "models/client/config.h"

#include <string>

namespace headroom::client {

void Profile::check(const Profile& p, Complaints& complaints) {
  if (!p.points) return;
  const auto& points = *p.points;
  if (points.empty()) {
    complaints.add("points", "a profile needs at least one point");
    return;
  }
  bool any = false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i > 0 && points[i].at <= points[i - 1].at)
      complaints.add("points." + std::to_string(i) + ".at", "points must be in ascending order of time");
    any = any || points[i].rate.per_second > 0;
  }
  if (!any) complaints.add("points", "the rate is 0 at every point: nothing would ever be sent");
  if (p.repeat && *p.repeat <= points.back().at)
    complaints.add("repeat", "the period must be longer than the time of the last point");
}

void Trace::check(const Trace& t, Complaints& complaints) {
  if (t.rows.empty()) complaints.add("", "a trace needs at least one request");
  for (std::size_t i = 1; i < t.rows.size(); ++i)
    if (t.rows[i].at < t.rows[i - 1].at) {
      complaints.add(std::to_string(i) + ".at", "requests must be in ascending order of time");
      return;
    }
}

}  // namespace headroom::client
