#include <algorithm>

#include "sim/report/figures/kinds.h"

namespace headroom::report {

void draw_queue(Chart& chart, const FigureSource& from) {
  const Timeline& time = from.time;
  const auto* depth = time.column("queue.depth");
  if (depth == nullptr || !any(*depth)) return;
  chart.curves.push_back({"jobs waiting", time.x(), time.mean(*depth), {}, {}});
  const Values& drawn = chart.curves.back().y;
  if (std::none_of(drawn.begin(), drawn.end(), [](double y) { return y > 1; })) chart.y.high = 1;
  chart.caption = "Jobs accepted by the queue and not yet handed to a worker.";
  if (const auto* leader = time.column("queue.leader")) {
    const auto spans = time.leaderless(*leader);
    chart.spans.insert(chart.spans.end(), spans.begin(), spans.end());
    chart.caption =
        spans.empty()
            ? "Jobs accepted by the queue and not yet handed to a worker; it had a leader all the time."
            : "Jobs accepted by the queue and not yet handed to a worker; dark: as much of the time as it "
              "was without a leader.";
  }
}

}  // namespace headroom::report
