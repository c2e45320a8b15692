#include "sim/config/node.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/config/example.h"
#include "tests/config/support.h"

using namespace headroom;
using namespace headroom::config;
using namespace headroom::config::test;

namespace {

/// Texts with everything that could trip a writer of YAML.
std::string any_text() {
  const auto piece = rc::gen::element<std::string>(
      "a", "b", " ", "  ", ":", ": ", "#", " #", "-", "- ", "?", ",", "[", "]", "{", "}", "&", "*", "!", "|",
      ">", "'", "\"", "\\", "%", "@", "`", "\n", "\t", "null", "~", "true", "5", "1.5", "0x1", "é",
      "\xE2\x80\xA8", "\xC2\x85", "\xEF\xBB\xBF", "\x01", "\x7f", "---", "...", "=", "<<", "ms", "/", "\r");
  const auto pieces = *rc::gen::resize(6, rc::gen::container<std::vector<std::string>>(piece));
  std::string text;
  for (const std::string& p : pieces) text += p;
  return text;
}

Node any_node(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 5 : 3);
  if (kind == 0) return Node();
  if (kind == 1) return Node::scalar(any_text(), true);
  if (kind == 2)
    return Node::scalar(*rc::gen::element<std::string>("5", "20ms", "true", "abc", "1e3", "99.9%", "1/h"));
  const int size = *rc::gen::inRange(0, 4);
  if (kind == 3) {
    std::vector<Node> items;
    for (int i = 0; i < size; ++i) items.push_back(any_node(depth - 1));
    return Node::sequence(items);
  }
  Node map = Node::map({});
  for (int i = 0; i < size; ++i) map = map.with(any_text(), any_node(depth - 1));
  return map;
}

Duration any_duration() {
  return Duration::ns(*rc::gen::inRange<std::int64_t>(1, 1'000'000'000'000));
}

law::Any any_law(int depth) {
  const auto number = [] { return static_cast<double>(*rc::gen::inRange<std::int64_t>(1, 1 << 30)) / 1024; };
  const double mean = number() * 1000;
  switch (*rc::gen::inRange(0, depth > 0 ? 12 : 11)) {
    case 0:
      return law::Constant{mean};
    case 1:
      return law::Exponential{mean};
    case 2:
      return law::Uniform{mean, mean * 2};
    case 3:
      return law::Normal{mean, number()};
    case 4:
      return law::Lognormal{mean, number() / (1 << 20)};
    case 5:
      return law::Gamma{mean, number()};
    case 6:
      return law::Weibull{mean, number()};
    case 7:
      return law::Pareto{mean, 1 + number()};
    case 8:
      return law::Erlang{mean, *rc::gen::inRange<std::int64_t>(1, 1000)};
    case 9:
      return law::Hyperexponential{mean, 1 + number()};
    case 10:
      return law::Empirical{{mean, number(), 0}};
    default:
      return law::Mixture{{0.1, 0.9}, {any_law(depth - 1), any_law(depth - 1)}};
  }
}

Example any_example() {
  Example e;
  e.name = any_text();
  e.trace = *rc::gen::arbitrary<bool>();
  e.speed = static_cast<double>(*rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 53)) / 1e5;
  e.discipline = *rc::gen::element(Discipline::fifo, Discipline::processor_sharing);
  e.size = Bytes(*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 50));
  e.share = Share{*rc::gen::inRange(0, 1000003) / 1000003.0};
  e.price = Price{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000)};
  e.power = Power{*rc::gen::inRange(0, 1'000'000) / 7.0};
  if (*rc::gen::arbitrary<bool>()) e.network.limit = Bandwidth{*rc::gen::inRange(1, 1'000'000) * 1e5 / 3};
  e.offset = Duration::ns(*rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000));
  if (*rc::gen::arbitrary<bool>()) e.deadline.reset();
  e.cache.ttl = any_duration();
  if (*rc::gen::arbitrary<bool>()) e.second_cache = EdgeCache{any_duration(), 7, Duration::s(100'000)};
  e.latency.law = any_law(2);
  e.image_bytes.law = any_law(1);
  const auto rate = Rate{*rc::gen::inRange(1, 1'000'000) / 60.0};
  e.arrivals =
      *rc::gen::element<Arrivals>(Silent{}, Poisson{rate}, Closed{3, {any_law(1)}}, Steady{any_duration()});
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    e.faults.push_back({any_duration(), {}, Crash{{"a" + any_text()}}});
  for (int i = *rc::gen::inRange(0, 30); i > 0; --i) e.steps.push_back(any_duration());
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) e.caches[any_text()].entries = i;
  return e;
}

}  // namespace

TEST_CASE("emitted trees read back equal, and the text is a fixed point") {
  CHECK(rc::check("trees", [] {
    const Node node = any_node(4);
    const std::string text = emit(node);
    RC_LOG() << text;
    Diagnostics diagnostics;
    const auto back = read_text(source_of(text), diagnostics);
    RC_LOG() << diagnostics.text();
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == node);
    RC_ASSERT(emit(*back) == text);
    const auto line = read_text(source_of(one_line(node)), diagnostics);
    RC_ASSERT(line.has_value());
    RC_ASSERT(*line == node);
  }));
}

TEST_CASE("a struct dumped, written, read and parsed is the same struct") {
  CHECK(rc::check("structs", [] {
    const Node dumped = dump(any_example());
    const std::string text = emit(dumped);
    RC_LOG() << text;
    Diagnostics diagnostics;
    const auto tree = read_text(source_of(text), diagnostics);
    RC_LOG() << diagnostics.text();
    RC_ASSERT(tree.has_value());
    Example again;
    const bool ok = parse(*tree, again, diagnostics);
    RC_LOG() << diagnostics.text();
    RC_ASSERT(ok);
    RC_ASSERT(dump(again) == dumped);
  }));
}

TEST_CASE("long lists wrap, short maps stay on their line") {
  std::vector<Node> values(40, Node::scalar("100ms"));
  const std::string text = emit(Node::map({{"values", {}, Node::sequence(values)}}));
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  CHECK(longest <= 100);
  CHECK(text.starts_with("values: [100ms, 100ms"));
  CHECK(emit(read("a: {b: {c: 1, d: 2}}\n")) == "a:\n  b: {c: 1, d: 2}\n");
}

TEST_CASE("quotes matter only where they change the meaning") {
  CHECK(read("\"abc\"") == read("abc"));
  CHECK_FALSE(read("\"5\"") == read("5"));
  CHECK_FALSE(read("\"null\"") == read("null"));
  CHECK_FALSE(read("{a: 1, b: 2}") == read("{b: 2, a: 1}"));
}

TEST_CASE("locate finds the deepest node that is there") {
  const Node root = read("a:\n  b.c:\n    - x: 1\n    - y: 2\n");
  const auto at = [&](std::string_view path) {
    const Mark mark = locate(root, path);
    return std::to_string(mark.line) + ":" + std::to_string(mark.column);
  };
  CHECK(at("") == "1:1");
  CHECK(at("a") == "2:3");
  CHECK(at("a.b.c.1.y") == "4:10");
  CHECK(at("a.b.c.0.x") == "3:10");
  CHECK(at("a.b.c.0.nope") == "3:7");
  CHECK(at("a.b.c.7") == "3:5");
  CHECK(at("nope.x") == "1:1");
}

TEST_CASE("errors of several files come file by file in the order of reading") {
  const auto first = std::make_shared<Source>(Source{"z.yaml", "", ""});
  const auto second = std::make_shared<Source>(Source{"a.yaml", "", ""});
  Diagnostics diagnostics;
  diagnostics.mention(first);
  diagnostics.error({second, 1, 1}, "two");
  diagnostics.error({first, 2, 1}, "one b");
  diagnostics.error({first, 1, 9}, "one a");
  diagnostics.error({first, 2, 1}, "one b");
  CHECK(diagnostics.text() == "z.yaml:1:9: error: one a\nz.yaml:2:1: error: one b\na.yaml:1:1: error: two\n");
  for (int i = 0; i < 5000; ++i) diagnostics.error({first, i + 10, 1}, "many");
  CHECK(diagnostics.count() == 5004);
  CHECK(diagnostics.text().ends_with("error: and 4004 more errors\n"));
}
