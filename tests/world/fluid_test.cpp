#include "sim/world/fluid.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "sim/base/random.h"
#include "tests/world/child.h"
#include "tests/world/support.h"

namespace headroom::world {
namespace {

/// Random flows over random paths, with cancellations and changes of bandwidth; each flow's end in seconds
/// (−1: it was cancelled), then the bytes that each link passed.
std::vector<double> traffic(std::uint64_t seed, bool every_link) {
  Engine random = StreamKey(seed).engine();
  const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(uniform_below(random, n)); };
  Scheduler scheduler;
  Fluid fluid(scheduler, every_link);
  std::vector<Fluid::Link> links;
  const double bandwidths[] = {1e6, 1e6, 2.5e6, 4e6, 10e6};
  for (int i = 0; i < 12; ++i)
    links.push_back(fluid.add_link("l" + std::to_string(i), Bandwidth{bandwidths[below(5)]}));

  struct Flow {
    Fluid::Flow* handle = nullptr;
    double end = -1;
    std::unique_ptr<Event> done;
  };
  std::vector<std::unique_ptr<Flow>> flows;
  Script script(scheduler);
  Duration date;
  const std::int64_t gap = 1 + below(20'000);  // from hardly any overlap to a hundred flows at once
  for (int i = 0; i < 150; ++i) {
    date += Duration::us(below(static_cast<std::uint64_t>(gap)));
    Flow* flow = flows.emplace_back(std::make_unique<Flow>()).get();
    flow->done = std::make_unique<Callback<std::function<void()>>>(
        [flow, &scheduler] { flow->end = scheduler.now().since_start().seconds(); });
    Fluid::Path path;
    const std::uint64_t first = uniform_below(random, 12), length = 1 + uniform_below(random, 5);
    for (std::uint64_t k = 0; k < length; ++k) path.add(links[(first + k) % 12]);
    const Bytes size(1501 + below(100'000));
    script.at(date, [&fluid, path, size, flow] { fluid.start(path, size, *flow->done, flow->handle); });
    if (below(8) == 0)
      script.at(date + Duration::us(below(50'000)), [&fluid, flow] {
        if (flow->handle != nullptr) fluid.cancel(flow->handle);
      });
    if (below(6) == 0) {
      const Fluid::Link link = links[static_cast<std::size_t>(below(12))];
      const double share = below(3) == 0 ? 1 : 0.05 + 0.95 * uniform01(random);
      script.at(date, [&fluid, link, share] { fluid.set_share(link, share); });
    }
  }
  fluid.run(TimePoint::never(), {});
  std::vector<double> result;
  for (const auto& flow : flows) result.push_back(flow->end);
  for (double bytes : fluid.bytes_passed()) result.push_back(bytes);
  result.push_back(static_cast<double>(fluid.live()));
  return result;
}

TEST_CASE("leaving out links that cannot bind changes no flow's end") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    INFO("seed " << seed);
    const auto whole = in_child([&] { return traffic(seed, true); });
    const auto reduced = in_child([&] { return traffic(seed, false); });
    REQUIRE(whole.size() == 150 + 12 + 1);
    REQUIRE(reduced.size() == whole.size());
    CHECK(whole.back() == 0);
    CHECK(reduced.back() == 0);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      INFO("flow or link " << i);
      REQUIRE(reduced[i] == Approx(whole[i]).epsilon(1e-6).margin(20e-9));
    }
  }
}

}  // namespace
}  // namespace headroom::world
