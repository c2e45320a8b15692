#include "sim/world/fluid.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "sim/base/random.h"
#include "sim/world/simgrid_fluid.h"
#include "tests/world/child.h"
#include "tests/world/support.h"

namespace headroom::world {
namespace {

/// What happens to the flows of one random story.
struct Story {
  struct Start {
    Duration at;
    Fluid::Path path;
    Bytes bytes;
    Duration cancel = Duration::max();
  };
  struct Share {
    Duration at;
    Fluid::Link link;
    double share;
  };
  std::vector<Bandwidth> links;
  std::vector<Start> starts;
  std::vector<Share> shares;
  Duration cut;  // what is live then is cancelled
};

/// Even seeds: a ring of twelve links of different bandwidths, paths along it, so that everything hangs
/// together in cycles. Odd seeds: a tree, cards of hosts below two racks, flows between hosts, many over the
/// same path and many links alike. From hardly any overlap to hundreds of flows at once.
Story random_story(std::uint64_t seed) {
  Engine random = StreamKey(seed).engine();
  const auto below = [&](std::uint64_t n) { return uniform_below(random, n); };
  Story story;
  const bool ring = seed % 2 == 0;
  constexpr Fluid::Link kHosts = 10;
  if (ring) {
    const double bandwidths[] = {1e6, 1e6, 2.5e6, 4e6, 10e6};
    for (int i = 0; i < 12; ++i) story.links.push_back(Bandwidth{bandwidths[below(5)]});
  } else {  // 10 cards up, 10 down, 2 racks up, 2 down
    const double rack = below(2) == 0 ? 2e6 : 7e6;
    for (Fluid::Link i = 0; i < 2 * kHosts; ++i) story.links.push_back(Bandwidth{1e6});
    for (int i = 0; i < 4; ++i) story.links.push_back(Bandwidth{rack});
  }
  const std::uint64_t gap = 1 + below(20'000);
  Duration date;
  for (int i = 0; i < 300; ++i) {
    date += Duration::us(static_cast<std::int64_t>(below(gap)));
    Fluid::Path path;
    if (ring) {
      const std::uint64_t first = below(12), length = 1 + below(5);
      for (std::uint64_t k = 0; k < length; ++k) path.add(static_cast<Fluid::Link>((first + k) % 12));
    } else {  // even hosts in one rack, odd ones in the other
      const auto from = static_cast<Fluid::Link>(below(below(2) == 0 ? 2 : kHosts));
      const auto to = static_cast<Fluid::Link>((from + 1 + below(kHosts - 1)) % kHosts);
      path.add(from);
      if (from % 2 != to % 2) {
        path.add(2 * kHosts + from % 2);
        path.add(2 * kHosts + 2 + to % 2);
      }
      path.add(kHosts + to);
    }
    Story::Start start{date, path, Bytes(1501 + static_cast<std::int64_t>(below(100'000)))};
    if (below(4) == 0) start.bytes = Bytes(50'000);  // some end together
    if (below(8) == 0) start.cancel = date + Duration::us(static_cast<std::int64_t>(below(50'000)));
    story.starts.push_back(start);
    if (below(6) == 0)
      story.shares.push_back({date, static_cast<Fluid::Link>(below(story.links.size())),
                              below(3) == 0 ? 1 : 0.05 + 0.95 * uniform01(random)});
  }
  story.cut = date * 0.9 + Duration::us(static_cast<std::int64_t>(below(3'000'000)));
  return story;
}

/// Each flow's end in seconds (−1: it was cancelled), then the bytes that each link passed, then the number
/// of live flows. `at_cut` sees the fluid just before what is live is cancelled.
template <class AnyFluid>
std::vector<double> tell(const Story& story, Scheduler& scheduler, AnyFluid& fluid,
                         const std::function<void()>& run, const std::function<void()>& at_cut) {
  struct Flow {
    typename AnyFluid::Flow* handle = nullptr;
    double end = -1;
    std::unique_ptr<Event> done;
  };
  for (Bandwidth bandwidth : story.links) fluid.add_link(bandwidth);
  std::vector<std::unique_ptr<Flow>> flows;
  Script script(scheduler);
  for (const Story::Start& start : story.starts) {
    Flow* flow = flows.emplace_back(std::make_unique<Flow>()).get();
    flow->done = std::make_unique<Callback<std::function<void()>>>(
        [flow, &scheduler] { flow->end = scheduler.now().since_start().seconds(); });
    if (start.at < story.cut)
      script.at(start.at,
                [&fluid, &start, flow] { fluid.start(start.path, start.bytes, *flow->done, flow->handle); });
    if (start.cancel < story.cut)
      script.at(start.cancel, [&fluid, flow] {
        if (flow->handle != nullptr) fluid.cancel(flow->handle);
      });
  }
  for (const Story::Share& share : story.shares)
    script.at(share.at, [&fluid, &share] { fluid.set_share(share.link, share.share); });
  script.at(story.cut, [&] {
    at_cut();
    for (const auto& flow : flows)
      if (flow->handle != nullptr) fluid.cancel(flow->handle);
  });
  run();
  std::vector<double> result;
  for (const auto& flow : flows) result.push_back(flow->end);
  for (double bytes : fluid.bytes_passed()) result.push_back(bytes);
  result.push_back(static_cast<double>(fluid.live()));
  return result;
}

TEST_CASE(
    "bundles on their bottlenecks' clocks agree with SimGrid, which solves for every link and every flow") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    const Story story = random_story(seed);
    const auto oracle = in_child([&] {
      Scheduler scheduler;
      SimgridFluid fluid(scheduler);
      return tell(story, scheduler, fluid, [&] { fluid.run(TimePoint::never(), {}); }, [] {});
    });
    Scheduler scheduler;
    Fluid fluid(scheduler);
    std::vector<double> before_cut;
    const auto ours = tell(
        story, scheduler, fluid,
        [&] {
          while (!scheduler.idle()) scheduler.run_next_instant();
        },
        [&] { before_cut = fluid.bytes_passed(); });
    REQUIRE(oracle.size() == 300 + story.links.size() + 1);
    REQUIRE(ours.size() == oracle.size());
    CHECK(oracle.back() == 0);
    CHECK(ours.back() == 0);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      INFO("flow or link " << i);
      REQUIRE(ours[i] == Approx(oracle[i]).epsilon(1e-6).margin(20e-9));
    }
    // What live flows have passed so far is what they count for when they are cut.
    for (std::size_t link = 0; link < story.links.size(); ++link)
      REQUIRE(before_cut[link] == Approx(ours[300 + link]).epsilon(1e-12));
  }
}

TEST_CASE("clocks that start anew while flows are live change nothing") {
  // 100 GB/s, busy for 100 s: clocks count in bytes, and start anew at 2^40 of them. From 1 s on two flows
  // share the link, each for two seconds, so that it is never without one.
  Scheduler scheduler;
  Fluid fluid(scheduler);
  Fluid::Path path;
  path.add(fluid.add_link(Bandwidth{1e11}));
  Script script(scheduler);
  std::vector<double> ends(100, -1);
  std::vector<Fluid::Flow*> handles(100);
  std::vector<std::unique_ptr<Event>> done;
  for (std::size_t i = 0; i < 100; ++i) {
    done.push_back(std::make_unique<Callback<std::function<void()>>>(
        [&, i] { ends[i] = scheduler.now().since_start().seconds(); }));
    script.at(Duration::s(static_cast<std::int64_t>(i)), [&, i] {
      fluid.start(path, Bytes(i == 0 ? 150'000'000'000 : 100'000'000'000), *done[i], handles[i]);
    });
  }
  for (int i = 0; i < 100; ++i)
    script.at(Duration::ms(i * 1000 + 500),
              [&, i] { CHECK(fluid.bytes_passed()[0] == Approx(1e11 * (i + 0.5)).epsilon(1e-9)); });
  while (!scheduler.idle()) scheduler.run_next_instant();
  for (std::size_t i = 0; i + 1 < 100; ++i) CHECK(ends[i] == Approx(static_cast<double>(i) + 2).margin(5e-9));
  CHECK(ends[99] == Approx(100.5).margin(5e-9));  // the last half second is its own
  CHECK(fluid.bytes_passed()[0] == 1.005e13);
  CHECK(fluid.live() == 0);
}

}  // namespace
}  // namespace headroom::world
