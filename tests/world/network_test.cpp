#include "sim/world/network.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/world/child.h"
#include "tests/world/support.h"

namespace headroom::world {
namespace {

HostId id(World& world, const char* name) {
  return world.topology().find(name);
}
TimePoint at_s(double s) {
  return TimePoint::at(Duration::from_seconds(s));
}

TEST_CASE("an idle control message takes exactly the route's latency") {
  const auto got = in_child([] {
    World world(region(), StreamKey(1));
    Log log;
    send(world, log, 1, id(world, "api-1"), id(world, "worker-1"), 200);   // zone a, racks a1 and a1
    send(world, log, 2, id(world, "api-1"), id(world, "worker-4"), 1500);  // racks a1 and a2
    send(world, log, 3, id(world, "api-1"), id(world, "worker-2"), 1);     // zones a and b
    send(world, log, 4, kClients, id(world, "lb-1"), 500);
    send(world, log, 5, kClients, id(world, "api-2"), 500, id(world, "lb-1"));  // a → b
    send(world, log, 6, kClients, id(world, "api-2"), 500, id(world, "lb-1"), true);
    send(world, log, 7, id(world, "api-1"), id(world, "api-1"), 1'000'000);  // to itself
    world.run_until(at_s(1));
    std::vector<double> out;
    for (int tag = 1; tag <= 7; ++tag) out.push_back(std::round(log.at(tag) * 1e9));
    return out;
  });
  const double rack = 20'000, zone = 60'000, region_ns = 60'000 + 100'000 + 300'000, outside = 10'080'000;
  CHECK(got == std::vector<double>{rack, zone, region_ns, outside, outside + region_ns, region_ns, 0});
}

TEST_CASE("an idle large message takes the latency and then its size over the narrowest link") {
  const auto got = in_child([] {
    World world(region(), StreamKey(1));
    Log log;
    send(world, log, 1, id(world, "api-1"), id(world, "worker-2"), 256'000);
    world.run_until(at_s(1));
    send(world, log, 2, kClients, id(world, "lb-1"), 100'000'000);
    send(world, log, 3, id(world, "api-1"), id(world, "worker-3"), 1501);
    world.run_until(at_s(2));
    return std::vector<double>{log.at(1), log.at(2) - 1, log.at(3) - 1};
  });
  REQUIRE(got.size() == 3);
  CHECK(got[0] == Approx(460e-6 + 256'000 / (25e9 / 8)).epsilon(1e-6));
  CHECK(got[1] == Approx(10.08e-3 + 1e8 / (100e9 / 8)).epsilon(1e-6));
  CHECK(got[2] == Approx(460e-6 + 1501 / (25e9 / 8)).margin(1e-9));
}

TEST_CASE("max-min fairness: capacity 10 among demands 2, 2.6, 4 and 5 gives 2, 2.6, 2.7 and 2.7") {
  // Four senders whose cards are their demands, one rack uplink of 10 between them and the receivers.
  const auto got = in_child([] {
    PlatformConfig p;
    p.layout.racks_per_zone = 2;
    p.network.ideal = false;
    p.network.rack_uplink.bandwidth = Bandwidth{10e6};
    const double demands[] = {2e6, 2.6e6, 4e6, 5e6};
    for (int i = 0; i < 4; ++i) {
      HostGroupConfig& group = p.hosts["s" + std::to_string(i)];
      group.nic = Bandwidth{demands[i]};
      group.place = PlaceConfig{{}, {"a1"}};
    }
    p.hosts["r"].place = PlaceConfig{{}, {"a2"}};
    World world(p, StreamKey(1));
    Log log;
    const double seconds = 3;  // each flow carries what its fair rate moves in that time, so all end together
    const double rates[] = {2e6, 2.6e6, 2.7e6, 2.7e6};
    for (int i = 0; i < 4; ++i)
      send(world, log, i, id(world, ("s" + std::to_string(i) + "-1").c_str()), id(world, "r-1"),
           static_cast<std::int64_t>(rates[i] * seconds));
    world.run_until(at_s(10));
    return std::vector<double>{log.at(0), log.at(1), log.at(2), log.at(3)};
  });
  REQUIRE(got.size() == 4);
  for (double t : got) CHECK(t == Approx(3.0).epsilon(1e-6));
}

TEST_CASE("max-min fairness: the parking lot of two links gives everybody half") {
  const auto got = in_child([] {
    World world(rack_of(3, 1e6), StreamKey(1));
    Log log;
    // Link 1 is h-1's card out, link 2 is h-3's card in.
    send(world, log, 1, HostId{1}, HostId{3}, 1'000'000);  // both links
    send(world, log, 2, HostId{1}, HostId{2}, 1'000'000);  // link 1
    send(world, log, 3, HostId{2}, HostId{3}, 1'000'000);  // link 2
    world.run_until(at_s(10));
    return std::vector<double>{log.at(1), log.at(2), log.at(3)};
  });
  REQUIRE(got.size() == 3);
  for (double t : got) CHECK(t == Approx(2.0).epsilon(1e-6));
}

TEST_CASE("the two directions of a link are not shared, and latency does not bend fairness") {
  const auto got = in_child([] {
    PlatformConfig p = rack_of(3, 1e6);
    p.network.ideal = false;
    World world(p, StreamKey(1));
    const std::uint64_t slow = world.network().add(
        {.a = {HostId{2}}, .b = {HostId{3}}, .delay = Distribution<Duration>::constant(Duration::s(1))});
    Log log;
    send(world, log, 1, HostId{1}, HostId{2}, 1'000'000);
    send(world, log, 2, HostId{2}, HostId{1}, 1'000'000);
    world.run_until(at_s(5));
    // One flow with a second of latency and one without, over the same bottleneck at the same time.
    send(world, log, 3, HostId{2}, HostId{3}, 1'000'000);
    Script script(world.scheduler());
    script.at(Duration::s(6), [&] { send(world, log, 4, HostId{1}, HostId{3}, 1'000'000); });
    world.run_until(at_s(20));
    world.network().remove(slow);
    return std::vector<double>{log.at(1), log.at(2), log.at(3), log.at(4)};
  });
  REQUIRE(got.size() == 4);
  CHECK(got[0] == Approx(1.0).epsilon(1e-6));
  CHECK(got[1] == Approx(1.0).epsilon(1e-6));
  CHECK(got[2] == Approx(8.0).epsilon(1e-6));
  CHECK(got[3] == Approx(8.0).epsilon(1e-6));
}

TEST_CASE("a proxied transfer occupies the proxy's card both ways") {
  const auto got = in_child([] {
    World world(rack_of(4, 1e6), StreamKey(1));
    Log log;
    send(world, log, 1, kClients, HostId{2}, 1'000'000, HostId{1});  // h-1 is the proxy
    send(world, log, 2, HostId{3}, HostId{1}, 500'000);              // shares its way in
    send(world, log, 3, HostId{4}, HostId{3}, 1'000'000);            // shares nothing
    world.run_until(at_s(10));
    send(world, log, 4, HostId{2}, kClients, 1'000'000, HostId{1});  // and the answer's way
    send(world, log, 5, HostId{1}, HostId{3}, 500'000);              // shares its way out
    world.run_until(at_s(20));
    double in = 0;
    for (const LinkLoad& load : world.network().link_loads())
      if (load.name == "nic/h-1/down") in = load.bytes;
    return std::vector<double>{log.at(1), log.at(2), log.at(3), log.at(4), log.at(5), in};
  });
  REQUIRE(got.size() == 6);
  CHECK(got[0] == Approx(1.5).epsilon(1e-6));
  CHECK(got[1] == Approx(1.0).epsilon(1e-6));
  CHECK(got[2] == Approx(1.0).epsilon(1e-6));
  CHECK(got[3] == Approx(11.5).epsilon(1e-6));
  CHECK(got[4] == Approx(11.0).epsilon(1e-6));
  CHECK(got[5] == 2'500'000);
}

TEST_CASE("a live flow follows its link's bandwidth down and up again, whenever it began") {
  const auto got = in_child([] {
    World world(rack_of(4, 1e6), StreamKey(1));
    Log log;
    Script script(world.scheduler());
    send(world, log, 1, HostId{1}, HostId{2}, 2'000'000);
    script.at(Duration::s(1), [&] { world.network().set_bandwidth_share("host/h-1", 0.1); });
    script.at(Duration::s(2),
              [&] { send(world, log, 2, HostId{3}, HostId{1}, 1'000'000); });  // begins while slow
    script.at(Duration::s(3), [&] { world.network().set_bandwidth_share("host/h-1", 1); });
    script.at(Duration::s(5), [&] {
      send(world, log, 3, HostId{1}, HostId{2}, 1'000'000);
      world.network().set_bandwidth_share("host/h-1", 0);  // frozen
    });
    script.at(Duration::s(7), [&] { world.network().set_bandwidth_share("host/h-1", 1); });
    world.run_until(at_s(20));
    return std::vector<double>{log.at(1), log.at(2), log.at(3)};
  });
  REQUIRE(got.size() == 3);
  CHECK(got[0] == Approx(3.8).epsilon(1e-6));  // 1 + .2 + .8 MB
  CHECK(got[1] == Approx(3.9).epsilon(1e-6));  // .1 + .9 MB
  CHECK(got[2] == Approx(8.0).epsilon(1e-6));
}

TEST_CASE("crashes lose what they must: before sending, in the latency, in the flow, on arrival") {
  const auto got = in_child([] {
    PlatformConfig p = rack_of(6, 1e6);
    p.network.nic.latency = Duration::ms(50);  // 100 ms between hosts
    World world(p, StreamKey(1));
    Log log;
    Script script(world.scheduler());
    const auto host = [&](std::uint32_t n) -> Host& { return world.host(HostId{n}); };
    script.at(Duration::ms(0), [&] {
      send(world, log, 1, HostId{1}, HostId{2}, 1'000'000);  // its sender dies in the latency
      send(world, log, 2, HostId{1}, HostId{2}, 100);        // on its way already: arrives
      send(world, log, 3, HostId{3}, HostId{4}, 1'000'000);  // its sender dies in the flow
      send(world, log, 4, HostId{5}, HostId{6}, 1'000'000);  // its receiver dies in the flow
      send(world, log, 5, HostId{5}, HostId{6}, 100);        // arrives before that
      send(world, log, 6, HostId{2}, HostId{1}, 100);        // its receiver is down when it arrives
      send(world, log, 7, HostId{2}, HostId{1}, 100'000);    // the same, large
    });
    script.at(Duration::ms(50), [&] { host(1).crash(); });
    script.at(Duration::ms(60), [&] { send(world, log, 8, HostId{1}, HostId{2}, 100); });  // from a dead host
    script.at(Duration::ms(500), [&] {
      host(3).crash();
      host(6).crash();
    });
    script.at(Duration::ms(1000), [&] { send(world, log, 9, HostId{5}, HostId{6}, 100); });
    // Down and up again within the latency: the connection is gone all the same.
    script.at(Duration::ms(2000), [&] { send(world, log, 10, HostId{4}, HostId{2}, 100); });
    script.at(Duration::ms(2040), [&] { host(2).crash(); });
    script.at(Duration::ms(2050), [&] { host(2).boot(); });
    script.at(Duration::ms(3000), [&] { send(world, log, 11, HostId{4}, HostId{2}, 100); });
    // Through a proxy that dies.
    script.at(Duration::ms(4000), [&] { send(world, log, 12, kClients, HostId{4}, 1'000'000, HostId{2}); });
    script.at(Duration::ms(4500), [&] { host(2).crash(); });
    world.run_until(at_s(10));
    const NetworkCounts& n = world.network().counts();
    return std::vector<double>{double(log.lost(1, Lost::sender_down)),
                               double(log.got(2)),
                               double(log.lost(3, Lost::sender_down)),
                               double(log.lost(4, Lost::receiver_down)),
                               double(log.got(5)),
                               double(log.lost(6, Lost::receiver_down)),
                               double(log.lost(7, Lost::receiver_down)),
                               double(log.lost(8, Lost::sender_down)),
                               double(log.lost(9, Lost::receiver_down)),
                               double(log.lost(10, Lost::receiver_down)),
                               double(log.got(11)),
                               double(log.lost(12, Lost::sender_down)),
                               double(n.sent),
                               double(n.received),
                               double(n.lost),
                               double(n.refused),
                               double(log.entries.size()),
                               log.at(3)};
  });
  REQUIRE(got.size() == 18);
  for (std::size_t i = 0; i < 12; ++i) {
    INFO("message " << i + 1);
    CHECK(got[i] == 1);
  }
  CHECK(got[12] == 12);
  CHECK(got[13] == 3);
  CHECK(got[14] == 8);
  CHECK(got[15] == 1);
  CHECK(got[16] == 12);
  CHECK(got[17] == 0.5);  // the flow's loss is known when its sender dies
}

/// A message that tells, at dates, when its last byte came.
struct Watched final : Message {
  Watched(Watched*& place, std::optional<TimePoint>& at_loss) : place_(place), at_loss_(at_loss) {
    place_ = this;
  }
  ~Watched() override { place_ = nullptr; }

 private:
  void deliver() override {}
  void lost(Lost) override { at_loss_ = last_byte(); }
  Watched*& place_;
  std::optional<TimePoint>& at_loss_;
};

TEST_CASE("a flow's last byte came now, or when its link or its sender stopped") {
  const auto got = in_child([] {
    PlatformConfig p = rack_of(4, 1e6);
    p.network.nic.latency = Duration::ms(50);  // 100 ms between hosts
    World world(p, StreamKey(1));
    Script script(world.scheduler());
    Watched* message = nullptr;
    std::optional<TimePoint> at_loss;
    std::vector<double> seen;
    const auto note = [&seen](const std::optional<TimePoint>& t) {
      seen.push_back(t ? t->since_start().seconds() : -1);
    };
    const auto look = [&](Duration date) { script.at(date, [&] { note(message->last_byte()); }); };
    script.at(Duration(), [&] {
      world.network().send({HostId{1}, HostId{2}}, Bytes(3'000'000),
                           std::make_unique<Watched>(message, at_loss));
    });
    look(Duration::ms(90));   // none yet: it has the latency to go
    look(Duration::ms(600));  // now
    script.at(Duration::s(1), [&] { world.network().set_bandwidth_share("host/h-2", 0); });
    look(Duration::s(2));  // when it stopped
    script.at(Duration::s(3), [&] { world.network().set_bandwidth_share("host/h-2", .5); });
    look(Duration::ms(3500));  // now
    script.at(Duration::s(4), [&] { world.host(HostId{1}).crash(); });
    world.run_until(at_s(5));
    note(at_loss);
    return seen;
  });
  REQUIRE(got.size() == 5);
  CHECK(got == std::vector<double>{-1, .6, 1, 3.5, 4});
}

TEST_CASE("partitions cut one direction or both, for hosts and clients, and live flows too") {
  const auto got = in_child([] {
    World world(rack_of(4, 1e6), StreamKey(1));
    Network& network = world.network();
    Log log;
    Script script(world.scheduler());
    std::uint64_t both = 0, forward = 0, outside = 0;
    script.at(Duration::ms(0), [&] { send(world, log, 1, HostId{1}, HostId{2}, 1'000'000); });
    script.at(Duration::ms(500),
              [&] { both = network.add({.a = {HostId{1}}, .b = {HostId{2}, HostId{3}}, .blocked = true}); });
    script.at(Duration::ms(600), [&] {
      send(world, log, 2, HostId{1}, HostId{2}, 10);
      send(world, log, 3, HostId{3}, HostId{1}, 10);
      send(world, log, 4, HostId{2}, HostId{3}, 10);
      send(world, log, 5, HostId{1}, HostId{4}, 10);
      send(world, log, 6, HostId{1}, HostId{1}, 10);
    });
    script.at(Duration::ms(700), [&] {
      network.remove(both);
      forward = network.add({.a = {HostId{1}}, .b = {HostId{2}}, .backward = false, .blocked = true});
      send(world, log, 7, HostId{1}, HostId{2}, 10);
      send(world, log, 8, HostId{2}, HostId{1}, 10);
    });
    script.at(Duration::ms(800), [&] {
      network.remove(forward);
      send(world, log, 9, HostId{1}, HostId{2}, 10);
      outside = network.add({.a = {kClients}, .b = {HostId{1}}, .blocked = true});
      send(world, log, 10, kClients, HostId{2}, 10, HostId{1});
      send(world, log, 11, kClients, HostId{2}, 10, HostId{3});
    });
    world.run_until(at_s(5));
    return std::vector<double>{double(log.lost(1, Lost::unreachable)),
                               log.at(1),
                               double(log.lost(2, Lost::unreachable)),
                               double(log.lost(3, Lost::unreachable)),
                               double(log.got(4)),
                               double(log.got(5)),
                               double(log.got(6)),
                               double(log.lost(7, Lost::unreachable)),
                               double(log.got(8)),
                               double(log.got(9)),
                               double(log.lost(10, Lost::unreachable)),
                               double(log.got(11))};
  });
  CHECK(got == std::vector<double>{1, 0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
}

TEST_CASE("loss, duplication and delay happen as often as they should, the same way each time") {
  const auto run = [] {
    return in_child([] {
      PlatformConfig p;  // ideal: impairments work without any latency or bandwidth too
      p.hosts["h"].count = 2;
      World world(p, StreamKey(7));
      world.network().add({.a = {HostId{1}},
                           .b = {HostId{2}},
                           .delay = Distribution<Duration>::exponential(Duration::ms(5)),
                           .delay_probability = 0.5,
                           .loss = 0.1,
                           .duplication = 0.02});
      Log log;
      const int n = 40'000;
      for (int i = 0; i < n; ++i) send(world, log, i, HostId{1}, HostId{2}, 100);
      world.run_until(at_s(10));
      double delay = 0, late = 0, overtaken = 0;
      int last = -1;
      for (const Log::Entry& entry : log.entries)
        if (!entry.lost) {
          delay += entry.at;
          late += entry.at > 0;
          overtaken += entry.tag < last;
          last = entry.tag;
        }
      const NetworkCounts& c = world.network().counts();
      const auto received = static_cast<double>(c.received);
      return std::vector<double>{static_cast<double>(c.lost) / static_cast<double>(c.sent),
                                 static_cast<double>(c.duplicated) / n,
                                 late / received,
                                 delay / late,
                                 overtaken,
                                 static_cast<double>(c.sent - c.received - c.lost - c.refused)};
    });
  };
  const auto got = run();
  REQUIRE(got.size() == 6);
  CHECK(got[0] == Approx(0.1).margin(4 * std::sqrt(.09 / 40e3)));
  CHECK(got[1] == Approx(0.02).margin(4 * std::sqrt(.0196 / 40e3)));
  CHECK(got[2] == Approx(0.5).margin(4 * std::sqrt(.25 / 36e3)));
  CHECK(got[3] == Approx(5e-3).epsilon(4 / std::sqrt(18e3)));
  CHECK(got[4] > 1000);
  CHECK(got[5] == 0);
  CHECK(run() == got);
}

TEST_CASE("an overloaded link has passed what its capacity allows over any window, never more") {
  // 120 % of 1 MB/s for 20 s: 12 flows a second of 100 KB, from four senders to one card. The windows are odd
  // on purpose, and shorter than a flow. Some flows are cut when their sender crashes.
  const auto got = in_child([] {
    World world(rack_of(5, 1e6), StreamKey(1));
    Log log;
    Script script(world.scheduler());
    for (int i = 0; i < 240; ++i)
      script.at(Duration::us(83'333) * i, [&, i] {
        const HostId from{static_cast<std::uint32_t>(2 + i % 4)};
        if (world.host(from).up()) send(world, log, i, from, HostId{1}, 100'000);
      });
    script.at(Duration::ms(9'999), [&] { world.host(HostId{2}).crash(); });
    std::vector<double> out;
    for (double t = 0.5; t < 15; t += 0.0371) {
      world.run_until(at_s(t));
      for (const LinkLoad& load : world.network().link_loads())
        if (load.name == "nic/h-1/down")
          out.insert(out.end(), {world.now().since_start().seconds(), load.bytes});
    }
    return out;
  });
  REQUIRE(got.size() == 2 * 391);
  for (std::size_t i = 2; i < got.size(); i += 2) {
    const double share = (got[i + 1] - got[i - 1]) / (got[i] - got[i - 2]) / 1e6;
    INFO("from " << got[i - 2] << " s");
    CHECK(share == Approx(1).epsilon(1e-6));
    CHECK(share <= 1 + 1e-12);  // but for the rounding of the test's own arithmetic
  }
}

TEST_CASE(
    "what has passed is known in the middle of a flow, on each link of its path, and stays when it is cut") {
  const auto got = in_child([] {
    World world(rack_of(4, 1e6), StreamKey(1));
    Log log;
    const auto passed = [&](const char* name) {
      for (const LinkLoad& load : world.network().link_loads())
        if (load.name == name) return load.bytes;
      return -1.0;
    };
    send(world, log, 1, HostId{1}, HostId{2}, 1'000'000);  // half a card, as long as there is the other
    send(world, log, 2, HostId{1}, HostId{3}, 200'000);    // through after 0.4 s
    world.run_until(at_s(0.25));
    std::vector<double> out{passed("nic/h-1/up"), passed("nic/h-2/down"), passed("nic/h-3/down"),
                            passed("nic/h-4/down")};
    world.network().set_bandwidth_share("host/h-2", 0.1);
    world.run_until(at_s(0.5));
    out.push_back(passed("nic/h-2/down"));
    out.push_back(passed("nic/h-3/down"));
    world.host(HostId{2}).crash();
    world.run_until(at_s(1));
    out.push_back(passed("nic/h-2/down"));
    out.push_back(passed("nic/h-1/up"));
    return out;
  });
  REQUIRE(got.size() == 8);
  // After 0.25 s one has 0.1 MB/s and the other 0.9, which has 75 KB to go.
  const double right[] = {250e3, 125e3, 125e3, 0, 150e3, 200e3, 150e3, 350e3};
  for (std::size_t i = 0; i < 8; ++i) CHECK(got[i] == Approx(right[i]).epsilon(1e-6));
}

TEST_CASE("links without a limit are left out; without any the message takes its latency only") {
  const auto got = in_child([] {
    PlatformConfig p = region();
    p.network.nic.bandwidth.reset();
    p.network.rack_uplink.bandwidth.reset();
    World world(p, StreamKey(1));
    Log log;
    send(world, log, 1, id(world, "api-1"), id(world, "worker-1"), 1'000'000'000);  // same rack
    send(world, log, 2, id(world, "api-1"), id(world, "worker-2"),
         400'000'000);  // through the zones' uplinks
    world.run_until(at_s(1));
    return std::vector<double>{log.at(1), log.at(2), static_cast<double>(world.network().counts().flows)};
  });
  REQUIRE(got.size() == 3);
  CHECK(got[0] == 20e-6);
  CHECK(got[1] == Approx(460e-6 + 4e8 / 50e9).epsilon(1e-6));
  CHECK(got[2] == 1);
}

TEST_CASE("two flows that end at the same instant, and events due then, all happen at it") {
  const auto got = in_child([] {
    World world(rack_of(4, 1e6), StreamKey(1));
    Log log;
    Script script(world.scheduler());
    double seen = 0;
    send(world, log, 1, HostId{1}, HostId{2}, 1'000'000);
    send(world, log, 2, HostId{3}, HostId{4}, 1'000'000);
    script.at(Duration::s(1), [&] { seen = world.now().since_start().seconds(); });
    script.at(Duration::ns(1'000'000'001), [&] { send(world, log, 3, HostId{1}, HostId{2}, 1'000'000); });
    world.run_until(at_s(1.5));  // ends with a flow live
    const double at_end = world.now().since_start().seconds();
    world.run_until(at_s(3));
    return std::vector<double>{log.at(1), log.at(2), seen, at_end, log.at(3)};
  });
  CHECK(got == std::vector<double>{1, 1, 1, 1.5, 2.000000001});
}

TEST_CASE("a run can be stopped between instants and goes on afterwards") {
  const auto got = in_child([] {
    World world(rack_of(2, 1e6), StreamKey(1));
    Log log;
    Script script(world.scheduler());
    bool stop = false;
    send(world, log, 1, HostId{1}, HostId{2}, 1'000'000);
    script.at(Duration::ms(500), [&] { stop = true; });
    const bool first = world.run_until(at_s(2), [&] { return stop; });
    const double when = world.now().since_start().seconds();
    stop = false;
    const bool second = world.run_until(at_s(2), [&] { return stop; });
    return std::vector<double>{double(first), when, double(second), log.at(1),
                               world.now().since_start().seconds()};
  });
  CHECK(got == std::vector<double>{0, 0.5, 1, 1, 2});
}

TEST_CASE("a world may end with anything under way") {
  const auto got = in_child([] {
    Log log;
    {
      World world(region(), StreamKey(1));
      for (int i = 0; i < 20; ++i) {
        send(world, log, i, id(world, "api-1"), id(world, "worker-2"), 10'000'000);
        send(world, log, i, id(world, "api-2"), id(world, "worker-3"), 100);
      }
      world.run_until(at_s(0.001));  // flows live, cancelled ones not yet buried, one waiting to start
      world.host(id(world, "api-2")).crash();
      send(world, log, 99, id(world, "api-1"), id(world, "api-1"), 10'000'000);
    }
    return std::vector<double>{static_cast<double>(log.entries.size())};
  });
  CHECK(got == std::vector<double>{20});
}

}  // namespace
}  // namespace headroom::world
