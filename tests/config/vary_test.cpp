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
  CHECK_FALSE(axis->named);
  for (const Axis::Alternative& alternative : axis->alternatives) {
    REQUIRE(alternative.settings.size() == 1);
    CHECK(alternative.settings[0].path == axis->label);
    texts.push_back(one_line(alternative.settings[0].value));
  }
  return texts;
}

/// The entries of a section, each read.
std::vector<Axis> axes_of(const std::string& section) {
  Diagnostics diagnostics;
  const Node tree = read(section);
  std::vector<Axis> axes;
  for (const Node::Entry& entry : tree.entries()) {
    auto axis = parse_vary(entry, diagnostics);
    INFO(diagnostics.text());
    REQUIRE(axis);
    axes.push_back(std::move(*axis));
  }
  return axes;
}

/// What is wrong with the entries of a section, without the name of its file.
std::string refusal_of(const std::string& section) {
  Diagnostics diagnostics;
  const Node tree = read(section);
  for (const Node::Entry& entry : tree.entries()) CHECK_FALSE(parse_vary(entry, diagnostics));
  std::string text = diagnostics.text();
  const std::string name = text.substr(0, text.find(':') + 1);
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) text.erase(at, name.size());
  return text;
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

TEST_CASE("whole numbers need no step") {
  CHECK(values("a=28..31") == Texts{"28", "29", "30", "31"});
  CHECK(values("a=-1..1") == Texts{"-1", "0", "1"});
  CHECK(values("a=1e2..102") == Texts{"100", "101", "102"});
  CHECK(values("a=7..7") == Texts{"7"});
  CHECK(values("a=1..3,10") == Texts{"1", "2", "3", "10"});
}

TEST_CASE("a geometric range has a constant ratio") {
  CHECK(values("a=log:1..128:8") == Texts{"1", "2", "4", "8", "16", "32", "64", "128"});
  CHECK(values("a=log:10/s..1000/s:5") == Texts{"10/s", "31.6228/s", "100/s", "316.228/s", "1000/s"});
  CHECK(values("a=log:1ms..2ms:3") == Texts{"1ms", "1.41421ms", "2ms"});
  CHECK(values("a=log:0.1%..10%:3") == Texts{"0.1%", "1%", "10%"});
  // Whole numbers stay whole (10^(1/2) is 3, 10^(3/2) is 32), and stand there once.
  CHECK(values("a=log:1..100:5") == Texts{"1", "3", "10", "32", "100"});
  CHECK(values("a=log:1..10:10") == Texts{"1", "2", "3", "4", "5", "6", "8", "10"});
  CHECK(values("a=log:1..2:5") == Texts{"1", "2"});
  CHECK(values("a=log:1.0..2:3") == Texts{"1", "1.41421", "2"});
  CHECK(values("a=log:3..7:2") == Texts{"3", "7"});
  CHECK(values("a=log:1/s..1000000/s:10000").size() == 10'000);
  // Neighbours that are the same to six digits are one.
  CHECK(values("a=log:1.0..1.00001:100").size() == 2);
}

TEST_CASE("a map is a named choice, each alternative of which sets any number of paths") {
  const auto axes = axes_of(
      "{rack: {all up: {}, a1 down: {faults: [{at: 2s}]}}, worker: {16 cores: {h.cores: 16, h.price: "
      "1USD/h}}}");
  REQUIRE(axes.size() == 2);
  CHECK(axes[0].label == "rack");
  CHECK(axes[0].named);
  REQUIRE(axes[0].alternatives.size() == 2);
  CHECK(axes[0].alternatives[0].name == "all up");
  CHECK(axes[0].alternatives[0].settings.empty());
  CHECK(axes[0].alternatives[1].name == "a1 down");
  CHECK(axes[0].alternatives[1].settings.at(0).path == "faults");
  CHECK(one_line(axes[0].alternatives[1].settings.at(0).value) == "[{at: 2s}]");
  // One alternative is a choice, too.
  REQUIRE(axes[1].alternatives.size() == 1);
  CHECK(axes[1].alternatives[0].settings.size() == 2);
  CHECK(axes[1].alternatives[0].settings[1].path == "h.price");
  CHECK(axes[1].alternatives[0].settings[1].where.column > axes[1].alternatives[0].settings[0].where.column);
  // On the command line as in a file.
  Diagnostics diagnostics;
  const auto axis = parse_vary("rack={all up: {}, \"a, 1\": {seed: 2}}", diagnostics);
  REQUIRE(axis);
  CHECK(axis->named);
  CHECK(axis->alternatives[1].name == "a, 1");
  // Values that are maps stand in a list, or are several.
  CHECK_FALSE(axes_of("{a: [{constant: 3ms}]}")[0].named);
  CHECK(values("a=[{x: 1}]") == Texts{"[{x: 1}]"});
}

TEST_CASE("what is varied is written as it can be read again") {
  const std::string section =
      "{a.b: 1..3, c: [\"5\", [x], {y: 1}], rack: {all up: {}, \"a: 1\": {faults: [], d: null}}, "
      "d: log:1ms..4ms:3}";
  std::vector<Node::Entry> entries;
  for (const Axis& axis : axes_of(section)) entries.push_back(dump_vary(axis));
  const std::string dumped = one_line(Node::map(entries));
  CHECK(dumped ==
        "{a.b: [1, 2, 3], c: [\"5\", [x], {y: 1}], rack: {all up: {}, \"a: 1\": {faults: [], d: null}}, "
        "d: [1ms, 2ms, 4ms]}");
  std::vector<Node::Entry> again;
  for (const Axis& axis : axes_of(dumped)) again.push_back(dump_vary(axis));
  CHECK(one_line(Node::map(again)) == dumped);
}

TEST_CASE("what is wrong with a choice is said where it stands") {
  CHECK(refusal_of("{rack: {}}") ==
        "1:8: error: expected at least one alternative, such as {all up: {}, a1 down: {PATH: VALUE}}, got an "
        "empty map\n");
  CHECK(
      refusal_of("{rack: {all up: , a1: 5, a2: [x]}}") ==
      "1:9: error: \"all up\" names an alternative of \"rack\", expected a map from paths to values, {} for "
      "none, got nothing\n"
      "1:23: error: \"a1\" names an alternative of \"rack\", expected a map from paths to values, {} for "
      "none, "
      "got \"5\"\n"
      "1:30: error: \"a2\" names an alternative of \"rack\", expected a map from paths to values, {} for "
      "none, "
      "got a list\n");
  CHECK(refusal_of("{\" \": {a: {seed: 1}}, rack: {\"\": {}, b: {x..y: 1, .z: 2}}}") ==
        "1:2: error: a choice needs a name\n"
        "1:30: error: an alternative needs a name\n"
        "1:42: error: \"x..y\" is no path, expected names with dots between them\n"
        "1:51: error: \".z\" is no path, expected names with dots between them\n");
  CHECK(refusal("rack={}") ==
        "--vary rack:1:1: error: expected at least one alternative, such as {all up: {}, a1 down: {PATH: "
        "VALUE}}, got an empty map\n");
  CHECK(refusal("rack={a: {}, a: {seed: 1}}") ==
        "--vary rack:1:9: error: duplicate key \"a\", expected it once (it was first given in line 1)\n");
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
  constexpr const char* kLinear =
      "expected LO..HI:STEP, three numbers of one unit, such as 28..48:2 or 5ms..20ms:5ms";
  constexpr const char* kGeometric =
      "expected log:LO..HI:N, two numbers of one unit and how many values, such as log:10/s..1000/s:5";
  const auto linear = [&](const std::string& text, const std::string& what) {
    INFO(text);
    CHECK(refusal("a=" + text) == "--vary a:1:1: error: \"" + text + "\" " + what + ", " + kLinear + "\n");
  };
  const auto geometric = [&](const std::string& text, const std::string& what) {
    INFO(text);
    CHECK(refusal("a=" + text) == "--vary a:1:1: error: \"" + text + "\" " + what + "\n");
  };
  for (const char* text : {"5ms..20ms", "1.5..5", "10%..50%", "48GB..96GB"})
    linear(text, "has no step, which only whole numbers without a unit may leave out");
  for (const char* text : {"48GB..", "1e2..", "28..:2"}) linear(text, "has no HI");
  for (const char* text : {"..5", "..5ms:1ms"}) linear(text, "has no LO");
  CHECK(refusal("a=5..20ms:5ms") ==
        "--vary a:1:1: error: LO, HI and STEP of \"5..20ms:5ms\" have different units, " +
            std::string(kLinear) + "\n");
  CHECK(refusal("a=5..1") ==
        "--vary a:1:1: error: \"5..1\" is empty, expected LO not above HI, and a step above 0\n");
  CHECK(refusal("a=1..10001") ==
        "--vary a:1:1: error: \"1..10001\" has more than 10000 values, expected fewer\n");
  const std::string no_count = std::string("does not say how many values, ") + kGeometric + ", at least 2";
  for (const char* text :
       {"log:1..5", "log:1..5:1", "log:1..5:0", "log:1..5:-3", "log:1..5:x", "log:1..5:2.5"})
    geometric(text, no_count);
  for (const char* text : {"log:0..5:3", "log:-1..5:3", "log:0ms..5ms:3", "log:1..1e999:3"})
    geometric(text, "has no constant ratio, expected LO above 0");
  for (const char* text : {"log:5..1:3", "log:5..5:3"}) geometric(text, "is empty, expected LO below HI");
  geometric("log:1..5:10001", "has more than 10000 values, expected fewer");
  geometric("log:1..:3", std::string("has no HI, ") + kGeometric);
  geometric("log:..5:3", std::string("has no LO, ") + kGeometric);
  CHECK(refusal("a=log:1ms..1s:3") ==
        "--vary a:1:1: error: LO and HI of \"log:1ms..1s:3\" have different units, " +
            std::string(kGeometric) + "\n");
  CHECK(refusal("a=log:a..b:3") ==
        "--vary a:1:1: error: " + std::string(kGeometric) + ", got \"log:a..b:3\"\n");
  CHECK(refusal("a=5,\"5\"") == "--vary a:1:3: error: \"5\" stands there twice\n");
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
    texts.push_back(axis->label);
    for (const Axis::Alternative& alternative : axis->alternatives) texts.push_back(alternative.name);
  }
  CHECK(texts == Texts{"a.b", "1", "2", "3", "c", "x", "5", "6", "d", "y"});
  const Node wrong = read("{a: [], b: {c: 1}, d..e: 1, f: }");
  for (const Node::Entry& entry : wrong.entries()) CHECK_FALSE(parse_vary(entry, diagnostics));
  CHECK(diagnostics.count() == 4);
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
