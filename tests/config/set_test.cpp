#include "sim/config/set.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/config/load.h"
#include "tests/config/example.h"
#include "tests/config/support.h"

using namespace headroom::config;
using namespace headroom::config::test;

namespace {

/// The tree after the assignments, in one line.
std::string after(const std::string& before, const std::vector<std::string>& sets) {
  Node root = read(before);
  for (const std::string& set : sets) {
    Diagnostics diagnostics;
    const std::optional<Node> changed = apply_set(root, set, diagnostics);
    INFO(set << ": " << diagnostics.text());
    REQUIRE(changed);
    CHECK(diagnostics.ok());
    root = *changed;
  }
  return one_line(root);
}

std::string refused(const std::string& before, const std::string& set) {
  Diagnostics diagnostics;
  CHECK_FALSE(apply_set(read(before), set, diagnostics));
  return diagnostics.text();
}

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("headroom_set_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_ / "platforms");
    std::filesystem::create_directories(path_ / "scenarios");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a value replaces the whole node") {
  CHECK(after("a: {b: 1, c: 2}\n", {"a.b=5"}) == "{a: {b: 5, c: 2}}");
  CHECK(after("a: {b: 1, c: 2}\n", {"a={d: [1, 2]}"}) == "{a: {d: [1, 2]}}");
  CHECK(after("a: 1\n", {"a=x=y"}) == "{a: x=y}");
  CHECK(after("a: 1\n", {"a=\"5\""}) == "{a: \"5\"}");
  CHECK(after("a: 1\n", {"a=1", "a=2"}) == "{a: 2}");
}

TEST_CASE("null removes") {
  CHECK(after("a: {b: 1, c: 2}\n", {"a.b=null"}) == "{a: {c: 2}}");
  CHECK(after("a: {b: 1}\nc: 2\n", {"a=~"}) == "{c: 2}");
  CHECK(after("a: [1, 2, 3]\n", {"a.1=null"}) == "{a: [1, 3]}");
  // What is not there is left as a null, for validation to judge the name; its parents are not made.
  CHECK(after("a: 1\n", {"b.c.d=null"}) == "{a: 1, b: null}");
  Diagnostics diagnostics;
  Example example;
  const auto typo = apply_set(read("name: x\n"), "casche.ttl=null", diagnostics);
  REQUIRE(typo);
  CHECK_FALSE(parse(*typo, example, diagnostics));
  CHECK(diagnostics.text().starts_with("--set casche.ttl:1:1: error: unknown key \"casche\""));
  Diagnostics fine;
  const auto known = apply_set(read("name: x\n"), "second_cache.ttl=null", fine);
  REQUIRE(known);
  REQUIRE(parse(*known, example, fine));
  CHECK_FALSE(example.second_cache.has_value());
}

TEST_CASE("missing parents are made") {
  CHECK(after("a: 1\n", {"b.c.d=2"}) == "{a: 1, b: {c: {d: 2}}}");
  CHECK(after("a: ~\n", {"a.b=2"}) == "{a: {b: 2}}");
  CHECK(after("a: 1\n", {"faults.0.at=1s", "faults.0.for=2s", "faults.1.at=3s"}) ==
        "{a: 1, faults: [{at: 1s, for: 2s}, {at: 3s}]}");
}

TEST_CASE("keys with dots are matched longest first") {
  CHECK(after("slo: {latency.p99_ms: 500, latency: {p99_ms: 1}}\n", {"slo.latency.p99_ms=400"}) ==
        "{slo: {latency.p99_ms: 400, latency: {p99_ms: 1}}}");
  CHECK(after("slo: {yield: 99%}\n", {"slo.latency.p99_ms=400", "slo.only.image_bytes=below 1MB"}) ==
        "{slo: {yield: 99%, latency.p99_ms: 400, only: {image_bytes: below 1MB}}}");
  CHECK(after("a: 1\n", {"slo.latency.p99_ms=400"}) == "{a: 1, slo: {latency.p99_ms: 400}}");
  CHECK(after("a.b: {c.d: {e: 1}}\n", {"a.b.c.d.e=2"}) == "{a.b: {c.d: {e: 2}}}");
}

TEST_CASE("list elements go by index") {
  CHECK(after("faults: [{at: 1s}, {at: 2s}]\n", {"faults.1.at=5s"}) == "{faults: [{at: 1s}, {at: 5s}]}");
  CHECK(after("faults: []\n", {"faults.0={at: 1s}"}) == "{faults: [{at: 1s}]}");
  CHECK(
      refused("faults: [1]\n", "faults.2.at=5s") ==
      "--set faults.2.at:1:8: error: \"faults\" is a list of 1, expected an index from 0 to 1, got \"2\"\n");
  CHECK(refused("faults: [1]\n", "faults.x=5s").find("got \"x\"") != std::string::npos);
  CHECK(refused("faults: [1]\n", "faults.-1=5s").find("got \"-1\"") != std::string::npos);
}

TEST_CASE("errors of a --set say so") {
  CHECK(refused("a: 1\n", "a.b=2") ==
        "--set a.b:1:3: error: there is \"1\" at \"a\", expected a map or a list\n");
  CHECK(refused("a: 1\n", "a") == "--set a:1:2: error: expected PATH=VALUE, got no =\n");
  CHECK(refused("a: 1\n", "=1") == "--set :1:1: error: expected PATH=VALUE, got an empty path\n");
  CHECK(refused("a: 1\n", "a..b=1").starts_with("--set a..b:1:2: error: expected a name on both sides"));
  CHECK(refused("a: 1\n", ".a=1").find(":1:1: error: expected a name on both sides") != std::string::npos);
  CHECK(refused("a: 1\n", "a.=1").find(":1:2: error: expected a name on both sides") != std::string::npos);
  CHECK(refused("a: 1\n", "a=") ==
        "--set a:1:1: error: expected a value after =; null removes what is there\n");
  CHECK(refused("a: 1\n", "a=[1").starts_with("--set a:1:"));
  CHECK(refused("a: 1\n", "a={x: 1, x: 2}").starts_with("--set a:1:8: error: duplicate key \"x\""));
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += ".a";
  CHECK(refused("b: 1\n", deep + "=1").find("too deep") != std::string::npos);

  Diagnostics diagnostics;
  Example example;
  const auto changed = apply_set(read("name: x\ncache: {ttl: 1s}\n"), "cache={ttl: 5}", diagnostics);
  REQUIRE(changed);
  CHECK_FALSE(parse(*changed, example, diagnostics));
  CHECK(diagnostics.text() ==
        "--set cache:1:7: error: \"5\" has no unit, expected a duration such as 50us, 20ms, 5s, 2min, 1h or "
        "30d\n");
}

TEST_CASE("a scenario's platform is read from its own file, then the --sets apply") {
  const Folder folder;
  folder.file("platforms/p.yaml", "hosts:\n  w: {count: 1}\n");
  const std::string other = folder.file("platforms/q.yaml", "hosts: {x: {count: 9}}\n");
  const std::string scenario = folder.file("scenarios/s.yaml", "platform: ../platforms/p.yaml\nseed: 1\n");
  const auto loaded = [&](const std::vector<std::string>& sets) {
    Diagnostics diagnostics;
    const auto tree = load_tree(scenario, sets, diagnostics);
    INFO(diagnostics.text());
    REQUIRE(tree);
    return *tree;
  };
  CHECK(one_line(loaded({})) == "{platform: {hosts: {w: {count: 1}}}, seed: 1}");
  CHECK(one_line(loaded({"platform.hosts.w.count=4", "seed=2"})) ==
        "{platform: {hosts: {w: {count: 4}}}, seed: 2}");
  CHECK(one_line(loaded({"platform=" + other, "platform.hosts.x.count=3"})) ==
        "{platform: {hosts: {x: {count: 3}}}, seed: 1}");
  const Mark mark = locate(loaded({}), "platform.hosts.w.count");
  CHECK(mark.source->name.ends_with("platforms/p.yaml"));
  CHECK(mark.line == 2);
  CHECK(mark.column == 14);
}

TEST_CASE("a platform that cannot be read is an error at its name") {
  const Folder folder;
  const std::string scenario = folder.file("scenarios/s.yaml", "seed: 1\nplatform: p.yaml\n");
  Diagnostics diagnostics;
  const auto without = load_tree(scenario, {{"platform.hosts.w.count=4"}}, diagnostics);
  REQUIRE(without);  // so that the rest can be checked, too
  CHECK(platform_unread(*without));
  CHECK(diagnostics.count() == 1);
  CHECK(diagnostics.text().starts_with(scenario + ":2:11: error: cannot read "));
  CHECK(diagnostics.text().ends_with("p.yaml: there is no such file\n"));
  folder.file("scenarios/p.yaml", "a: 1\na: 2\n");
  Diagnostics in_platform;
  load_tree(scenario, {}, in_platform);
  CHECK_FALSE(in_platform.ok());
  CHECK(in_platform.text().find("p.yaml:2:1: error: duplicate key \"a\"") != std::string::npos);
}
