#include "sim/study/availability.h"

#include <catch2/catch.hpp>
#include <string>

#include "sim/study/catalogue.h"
#include "tests/study/files.h"

namespace headroom::study {
namespace {

TEST_CASE("the share of time in which enough members were up is counted, in the window only") {
  world::PlatformConfig platform;
  platform.hosts["a"].count = 3;
  platform.hosts["b"].count = 2;
  world::World world(platform, StreamKey(1));
  const metrics::Window window(TimePoint::at(Duration::s(10)), Duration::s(20));
  metrics::Series series(Duration::s(40));
  Availability availability({{Ref{"a"}, 2}, {Ref{"b"}, 2}}, world, window, series);
  const auto at = [&](int date_s, int host, bool up) {
    world.run_until(TimePoint::at(Duration::s(date_s)));
    world::Host& h = *world.hosts()[static_cast<std::size_t>(host)];
    up ? h.boot() : h.crash();
  };
  at(2, 0, false);   // a-1
  at(4, 1, false);   // a-2: too few before the window
  at(12, 0, true);   // two again, after 2 s of it
  at(15, 2, false);  // a-3: one
  at(18, 1, true);
  at(25, 4, false);  // b-2, to the end
  world.run_until(TimePoint::at(Duration::s(35)));
  metrics::ResultBuilder builder(window);
  availability.report(builder);
  builder.series(series.finish(world.now()));
  const auto result = std::move(builder).build();
  REQUIRE(result.metrics.size() == 2);
  CHECK(result.metrics[0].name == "availability.a");
  CHECK(*result.metrics[0].value == 1 - 5. / 20);
  CHECK(result.metrics[1].name == "availability.b");
  CHECK(*result.metrics[1].value == 15. / 20);
  CHECK(find_metric("availability.a") != nullptr);
  CHECK(find_metric("availability.") == nullptr);
  const auto* up = result.series.find("up.a");
  REQUIRE(up != nullptr);
  CHECK(up->values[1] == 3);
  CHECK(up->values[5] == 1);
  CHECK(up->values[16] == 1);
  CHECK(up->values[20] == 2);
}

TEST_CASE("what is watched must exist, once, and be enough") {
  const auto text = [](const std::string& rest) {
    return "scenario: s\nplatform: {hosts: {api: {}, worker: {count: 2}}}\nworkload: {arrivals: {poisson: "
           "1/s}}\n"
           "deployment: {processing: {hosts: worker, service_time: {constant: 1ms}}}\n" +
           rest;
  };
  const auto said = [&](const std::string& rest) { return errors(text(rest)); };
  const Folder folder;
  const std::string good =
      "watch: [{group: worker, need: 2}, {group: api, need: 1}]\nslo: {availability.worker: 99%}\n";
  CHECK(valid(folder.write("s.yaml", text(good))).watch.size() == 2);
  CHECK(says(said("watch: [{group: wroker, need: 1}]\n"), "5:17", {"no host group", "\"worker\"?"}));
  CHECK(says(said("watch: [{group: worker, need: 3}]\n"), "5:31", {"has only 2 members, got 3"}));
  CHECK(says(said("watch: [{group: worker, need: 0}]\n"), "5:31", {"at least 1"}));
  CHECK(says(said("watch: [{group: api, need: 1}, {group: api, need: 1}]\n"), "5:40", {"watched already"}));
  CHECK(says(said("watch: [{group: api, need: 1}]\nslo: {availability.worker: 99%}\n"), "6:28",
             {"it needs an entry of watch with group: worker"}));
}

}  // namespace
}  // namespace headroom::study
