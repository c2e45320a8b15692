#include "sim/config/vary.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/config/change.h"
#include "tests/config/support.h"

namespace headroom::config::test {
namespace {

/// The values, as one line of YAML each.
std::vector<std::string> values(const std::string& vary) {
  Diagnostics diagnostics;
  const auto axis = parse_vary(vary, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(axis);
  std::vector<std::string> texts;
  for (const Node& value : axis->values) texts.push_back(one_line(value));
  return texts;
}

std::string refusal(const std::string& vary) {
  Diagnostics diagnostics;
  CHECK_FALSE(parse_vary(vary, diagnostics));
  return diagnostics.text();
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a list of values is separated by commas outside brackets and quotes") {
  CHECK(values("a.b=1,2,3") == Texts{"1", "2", "3"});
  CHECK(values("a=10ms") == Texts{"10ms"});
  CHECK(values("a=null,4000") == Texts{"null", "4000"});
  CHECK(values("faults=[],[{at: 1s, crash: {target: host/a}}, {at: 2s}]") ==
        Texts{"[]", "[{at: 1s, crash: {target: host/a}}, {at: 2s}]"});
  CHECK(values("a={uniform: [1ms, 2ms]},{constant: 3ms}") ==
        Texts{"{uniform: [1ms, 2ms]}", "{constant: 3ms}"});
  CHECK(values("a=\"x, y\",z") == Texts{"\"x, y\"", "z"});
  CHECK(values("platform=../a.yaml,../b.yaml") == Texts{"../a.yaml", "../b.yaml"});
}

TEST_CASE("a range counts in decimal, in the unit that it is written in") {
  CHECK(values("a=28..34:2") == Texts{"28", "30", "32", "34"});
  CHECK(values("a=28..33:2") == Texts{"28", "30", "32"});
  CHECK(values("a=0.1..0.5:0.1") == Texts{"0.1", "0.2", "0.3", "0.4", "0.5"});
  CHECK(values("a=5ms..20ms:7.5ms") == Texts{"5ms", "12.5ms", "20ms"});
  CHECK(values("a=9000/s..11000/s:1000/s") == Texts{"9000/s", "10000/s", "11000/s"});
  CHECK(values("a=99%..100%:0.5%") == Texts{"99%", "99.5%", "100%"});
  CHECK(values("a=-1..1:1") == Texts{"-1", "0", "1"});
  CHECK(values("a=1e3..2e3:500") == Texts{"1000", "1500", "2000"});
  CHECK(values("a=5..5:1") == Texts{"5"});
  CHECK(values("a=1,10..30:10,100") == Texts{"1", "10", "20", "30", "100"});
  CHECK(values("a=1..10000:1").size() == 10'000);
}

TEST_CASE("what cannot be varied is said where it stands") {
  CHECK(refusal("a.b") ==
        "--vary a.b:1:4: error: expected PATH=VALUE,VALUE… or PATH=LO..HI:STEP, got no =\n");
  CHECK_THAT(refusal("=1,2"), Catch::Contains("empty path"));
  CHECK_THAT(refusal("a..b=1"), Catch::StartsWith("--vary a..b:1:2: error: expected a name on both sides"));
  CHECK_THAT(refusal("a="), Catch::Contains("expected a value between commas"));
  CHECK_THAT(refusal("a=1,,2"), Catch::StartsWith("--vary a:1:3: error: expected a value between commas"));
  CHECK(refusal("a=1,2,1") == "--vary a:1:5: error: \"1\" stands there twice\n");
  CHECK(refusal("a=3,1..5:1") == "--vary a:1:3: error: \"3\" stands there twice\n");
  CHECK_THAT(refusal("a=1..5"), Catch::Contains("\"1..5\" has no step, expected LO..HI:STEP"));
  CHECK_THAT(refusal("a=5..1:1"), Catch::Contains("is empty, expected LO not above HI"));
  CHECK_THAT(refusal("a=1..5:0"), Catch::Contains("leads nowhere"));
  CHECK_THAT(refusal("a=1..5:-1"), Catch::Contains("leads nowhere"));
  CHECK_THAT(refusal("a=1ms..5s:1ms"), Catch::Contains("different units"));
  CHECK_THAT(refusal("a=1ms..5ms:1"), Catch::Contains("different units"));
  CHECK_THAT(refusal("a=1..x:1"),
             Catch::Contains("three numbers of one unit") && Catch::Contains("got \"1..x:1\""));
  CHECK_THAT(refusal("a=1..10001:1"), Catch::Contains("more than 10000 values"));
  CHECK_THAT(refusal("a=0..1e30:1e-30"), Catch::Contains("too far apart"));
  CHECK_THAT(refusal("a=1,[2"), Catch::StartsWith("--vary a:1:"));
}

TEST_CASE("a section of a scenario varies the same way") {
  Diagnostics diagnostics;
  const Node section = read("{a.b: 1..3:1, c: [x, 5..6:1], d: y}");
  std::vector<std::string> texts;
  for (const Node::Entry& entry : section.entries()) {
    const auto axis = parse_vary(entry, diagnostics);
    REQUIRE(axis);
    texts.push_back(axis->path);
    for (const Node& value : axis->values) texts.push_back(one_line(value));
  }
  CHECK(texts == Texts{"a.b", "1", "2", "3", "c", "x", "5", "6", "d", "y"});
  const Node wrong = read("{a: [], b: {c: 1}, d..e: 1}");
  for (const Node::Entry& entry : wrong.entries()) CHECK_FALSE(parse_vary(entry, diagnostics));
  CHECK(diagnostics.count() == 3);
}

TEST_CASE("two trees differ in their smallest parts") {
  const auto all =
      changes(read("{a: {b: 1, c: [1, 2]}, d: x, e: 1}"), read("{d: x, a: {c: [1, 3], b: 2}, f: {g: 1}}"));
  std::string text;
  for (const Change& change : all) text += change.path + ": " + change.before + " -> " + change.after + "\n";
  CHECK(text == "a.b: 1 -> 2\na.c.1: 2 -> 3\ne: 1 -> \nf:  -> {g: 1}\n");
  CHECK(changes(read("{a: 1, b: 2}"), read("{b: 2, a: 1}")).empty());
}

}  // namespace headroom::config::test
