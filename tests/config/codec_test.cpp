#include <catch2/catch.hpp>

#include "tests/config/example.h"
#include "tests/config/support.h"

using namespace headroom;
using namespace headroom::config;
using namespace headroom::config::test;

TEST_CASE("a document may say everything") {
  const auto e = value_of<Example>(R"(
name: 2024
trace: true
speed: 1.5e0
discipline: processor_sharing
size: 2KiB
share: 20%
price: 1.36USD/h
power: 150W
budget: 5USD
network: 25Gbps
offset: -5s
deadline: null
cache: {ttl: "5s"}
second_cache: {}
latency: {exponential: {mean: 2ms}}
image_bytes: 1MB
arrivals: {closed: {users: 1e2, think_time: 1s}}
faults:
  - {at: 1s, crash: {target: host/worker-1}}
  - {every: 5min, flush: }
steps: [1s, 2s]
caches: {b: {}, a: {entries: 3}}
)");
  CHECK(e.name == "2024");
  CHECK(e.trace);
  CHECK(e.speed == 1.5);
  CHECK(e.discipline == Discipline::processor_sharing);
  CHECK(e.size == Bytes(2048));
  CHECK(e.share.value == 0.2);
  CHECK(e.price.nano_usd_per_hour == 1'360'000'000);
  CHECK(e.network.limit->bytes_per_second == 3.125e9);
  CHECK(e.offset == Duration::s(-5));
  CHECK_FALSE(e.deadline.has_value());
  CHECK(e.cache.ttl == Duration::s(5));
  CHECK(e.cache.entries == 5);  // the default of this place, not of EdgeCache
  CHECK(e.second_cache->entries == 100'000);
  CHECK(e.latency.mean() == Duration::ms(2));
  CHECK(e.image_bytes.mean() == Bytes(1'000'000));
  CHECK(std::get<Closed>(e.arrivals).users == 100);
  REQUIRE(e.faults.size() == 2);
  CHECK(std::get<Crash>(e.faults[0].kind).target.name == "host/worker-1");
  CHECK(std::holds_alternative<Flush>(e.faults[1].kind));
  CHECK(e.steps[1] == Duration::s(2));
  CHECK(e.caches.at("a").entries == 3);
}

TEST_CASE("what is left out, or null, keeps its default") {
  const auto e = value_of<Example>("name: x\nspeed: ~\nsize:\n");
  CHECK(e.speed == 1);
  CHECK(e.size == Bytes(1000));
  CHECK(e.deadline == Duration::s(2));
  CHECK(std::get<Poisson>(e.arrivals).rate.per_second == 10);
}

TEST_CASE("alternatives: a tag with its value, or the bare tag where nothing has to be said") {
  CHECK(std::get<Poisson>(value_of<Arrivals>("{poisson: 3/s}")).rate.per_second == 3);
  CHECK(std::holds_alternative<Silent>(value_of<Arrivals>("silent")));
  CHECK(std::holds_alternative<Silent>(value_of<Arrivals>("{silent: {}}")));
  CHECK(std::holds_alternative<Silent>(value_of<Arrivals>("silent:\n")));
  CHECK(std::get<Steady>(value_of<Arrivals>("steady")).every == Duration::s(1));
  CHECK(refusal_of<Arrivals>("poisson") ==
        "t.yaml:1:1: error: \"poisson\" needs more, expected {poisson: …} with rate > 0/s\n");
  CHECK(refusal_of<Arrivals>("{poison: 1/s}") ==
        "t.yaml:1:2: error: expected silent, poisson, closed or steady, got \"poison\"; did you mean "
        "\"poisson\"?\n");
  CHECK(refusal_of<Arrivals>("{poisson: 1/s, silent: }") ==
        "t.yaml:1:1: error: expected a map with exactly one of silent, poisson, closed or steady, "
        "got \"poisson\" and \"silent\"\n");
  CHECK(refusal_of<Arrivals>("{silent: {x: 1}}") ==
        "t.yaml:1:11: error: unknown key \"x\", expected no key here\n");
  CHECK(refusal_of<Arrivals>("[silent]").find("got a list") != std::string::npos);
}

TEST_CASE("all errors at once, sorted, each with its place") {
  CHECK(refusal_of<Example>(R"(speed: 0
size: 5
cache: {tll: 1s, entries: 1.5}
discipline: lifo
arrivals: {closed: {}}
faults: [{at: 1s, every: 1s, crash: {target: a}}, {at: 1s}, {at: 1s, flush: , crash: {target: x}}]
steps: [0s]
trace: yes
)") == R"(t.yaml:1:1: error: the key "name" is missing, expected text: what it is called
t.yaml:1:8: error: "0" is out of range, expected more than 0
t.yaml:2:7: error: "5" has no unit, expected a size such as 512B, 256KB, 1MB, 2GB, 64KiB, 1MiB or 4GiB
t.yaml:3:9: error: unknown key "tll", expected ttl, entries or serve_stale_for; did you mean "ttl"?
t.yaml:3:27: error: expected a whole number, got "1.5"
t.yaml:4:13: error: expected fifo or processor_sharing, got "lifo"; did you mean "fifo"?
t.yaml:5:20: error: the key "users" is missing, expected whole number ≥ 1: how many
t.yaml:6:10: error: expected exactly one of at or every, got at and every
t.yaml:6:51: error: nothing says what this is, expected exactly one of crash or flush
t.yaml:6:61: error: this is several things at once, expected exactly one of crash or flush
t.yaml:7:9: error: "0s" is out of range, expected more than 0s
t.yaml:8:8: error: expected true or false, got "yes"
)");
}

TEST_CASE("each kind of value refuses the others") {
  const auto refused = [](const std::string& line) { return refusal_of<Example>("name: x\n" + line); };
  CHECK(refused("size: 1.5.5KB\n") != "");
  CHECK(refused("size: [1KB]\n").find("expected a size such as 512B") != std::string::npos);
  CHECK(refused("size: -1KB\n") == "t.yaml:2:7: error: \"-1KB\" is out of range, expected at least 0B\n");
  CHECK(refused("share: 101%\n") ==
        "t.yaml:2:8: error: \"101%\" is out of range, expected at least 0% and at most 100%\n");
  CHECK(refused("offset: -2h\n") ==
        "t.yaml:2:9: error: \"-2h\" is out of range, expected at least -1h and at most 1h\n");
  CHECK(refused("price: -1USD/h\n").find("at least 0USD/h") != std::string::npos);
  CHECK(refused("speed: fast\n") == "t.yaml:2:8: error: expected a number, got \"fast\"\n");
  CHECK(refused("speed: \"1\"\n") == "t.yaml:2:8: error: expected a number, got \"1\" in quotes\n");
  CHECK(refused("speed: .inf\n") != "");
  CHECK(refused("speed: .nan\n") != "");
  CHECK(refused("cache: {entries: 0}\n").find("expected at least 1") != std::string::npos);
  CHECK(refused("cache: {entries: \"5\"}\n").find("in quotes") != std::string::npos);
  CHECK(refused("cache: {entries: 99999999999999999999}\n").find("is too large") != std::string::npos);
  CHECK(refused("trace: \"true\"\n") ==
        "t.yaml:2:8: error: expected true or false, got \"true\" in quotes\n");
  CHECK(refused("discipline: {}\n") ==
        "t.yaml:2:13: error: expected fifo or processor_sharing, got an empty map\n");
  CHECK(refused("discipline: fif0\n").find("did you mean \"fifo\"?") != std::string::npos);
  CHECK(refused("cache: 5\n") ==
        "t.yaml:2:8: error: expected a map with ttl, entries or serve_stale_for, got \"5\"\n");
  CHECK(refused("steps: 5s\n") == "t.yaml:2:8: error: expected a list of duration > 0s in [ ], got \"5s\"\n");
  CHECK(refused("caches: [1]\n") ==
        "t.yaml:2:9: error: expected a map, with a map for each name, got a list\n");
  CHECK(refused("network: idael\n").find("expected a bandwidth") != std::string::npos);
  CHECK(refused("faults: [{at: 1s, crash: {target: }}]\n") ==
        "t.yaml:2:27: error: expected a name, got nothing\n");
  CHECK(refusal_of<Example>("name: \n") == "t.yaml:1:1: error: expected a text, got nothing\n");
  CHECK(refusal_of<Example>("name: {}\n") == "t.yaml:1:7: error: expected a text, got an empty map\n");
  CHECK(refusal_of<Example>("5\n").find("expected a map with name, trace") != std::string::npos);
  CHECK(refusal_of<Example>("~\n").find("got nothing") != std::string::npos);
  CHECK(refused("<<: {trace: true}\n").find("unknown key \"<<\"") != std::string::npos);
}

TEST_CASE("rules across fields point at the field") {
  CHECK(refusal_of<Example>("name: x\ncache:\n  ttl: 20s\n  serve_stale_for: 10s\n") ==
        "t.yaml:4:20: error: shorter than ttl, expected at least as long\n");
}

TEST_CASE("the dump writes every default out, in the order of description") {
  auto e = value_of<Example>("name: \"5\"\nfaults: [{at: 1s, flush: {}}]\n");
  e.deadline.reset();
  CHECK(emit(dump(e)) == R"(name: "5"
trace: false
speed: 1
discipline: fifo
size: 1KB
share: 50%
price: 0USD/h
power: 0W
budget: 0USD
network: ideal
offset: 0s
deadline: null
cache:
  ttl: 60s
  entries: 5
latency: 1ms
image_bytes:
  exponential: {mean: 256KB}
arrivals:
  poisson: 10/s
faults:
  - {at: 1s, flush: {}}
steps: []
caches: {}
)");
}

TEST_CASE("the schema says what the parser does") {
  const nlohmann::json s = schema<Example>();
  CHECK(s["$schema"] == "https://json-schema.org/draft/2020-12/schema");
  CHECK(s["additionalProperties"] == false);
  CHECK(s["required"] == nlohmann::json({"name"}));
  const nlohmann::json& p = s["properties"];
  CHECK(p.size() == 20);
  CHECK(p["speed"]["type"] == "number");
  CHECK(p["speed"]["exclusiveMinimum"] == 0);
  CHECK(p["speed"]["default"] == 1);
  CHECK(p["discipline"]["enum"] == nlohmann::json({"fifo", "processor_sharing"}));
  CHECK(p["size"]["$ref"] == "#/$defs/size");
  CHECK(p["size"]["default"] == "1KB");
  CHECK(p["size"]["description"] == "of a record (size)");
  CHECK(p["offset"]["$ref"] == "#/$defs/signed_duration");
  CHECK(p["cache"]["properties"]["entries"]["default"] == 5);
  CHECK(p["second_cache"]["properties"]["entries"]["default"] == 100'000);
  CHECK_FALSE(p["second_cache"].contains("default"));
  CHECK(p["arrivals"]["oneOf"].size() == 5);  // four tags with values, and those that may stand alone
  CHECK(p["arrivals"]["oneOf"][4]["enum"] == nlohmann::json({"silent", "steady"}));
  CHECK(p["faults"]["items"]["allOf"].size() == 2);
  CHECK(p["latency"]["$ref"] == "#/$defs/distribution_of_duration");
  for (const char* def : {"size", "share", "price", "duration", "signed_duration", "distribution_of_duration",
                          "part_of_distribution_of_duration", "distribution_of_size"}) {
    CHECK(s["$defs"].contains(def));
  }
}

TEST_CASE("the reference has a line for every key") {
  const std::string text = reference<Example>();
  CHECK(text.find("| `name` | text | required | what it is called |") != std::string::npos);
  CHECK(text.find("| `speed` | number > 0 | 1 | relative to the reference core |") != std::string::npos);
  CHECK(text.find("| `discipline` | fifo \\| processor_sharing | fifo |") != std::string::npos);
  CHECK(text.find("| `cache.ttl` | duration > 0s | 60s |") != std::string::npos);
  CHECK(text.find("| `second_cache.ttl` | duration > 0s | 5min |") != std::string::npos);
  CHECK(text.find("| `arrivals.poisson` | rate > 0/s |  | mean rate |") != std::string::npos);
  CHECK(text.find("| `arrivals.closed.users` | whole number ≥ 1 | required | how many |") !=
        std::string::npos);
  CHECK(text.find("| `faults[].crash.target` | name | required | what dies |") != std::string::npos);
  CHECK(text.find("| `caches.NAME.ttl` |") != std::string::npos);
}

TEST_CASE("names that are nearly right are found") {
  const std::string_view names[] = {"round_robin", "random", "ttl"};
  CHECK(nearest("raund_robin", names) == "round_robin");
  CHECK(nearest("ROUND_ROBIN", names) == "round_robin");
  CHECK(nearest("rnadom", names) == "random");
  CHECK(nearest("tlt", names) == "ttl");
  CHECK(nearest("x", names) == std::nullopt);
  CHECK(nearest("something", names) == std::nullopt);
  CHECK(nearest(std::string(100'000, 'r'), names) == std::nullopt);
}
