#include <catch2/catch.hpp>

#include "sim/base/random.h"
#include "sim/config/set.h"
#include "tests/config/example.h"
#include "tests/config/support.h"

using namespace headroom;
using namespace headroom::config;
using namespace headroom::config::test;

namespace {

constexpr std::string_view kValid = R"(name: valid
speed: 1.5
cache: &c {ttl: 5s, entries: 10, serve_stale_for: 10min}
second_cache: *c
latency: {mixture: [{weight: 38%, pareto: {scale: 1ms, shape: 2}}, {weight: 62%, exponential: {mean: 2ms}}]}
image_bytes: {lognormal: {mean: 256KB, p99: 1MB}}
arrivals:
  closed:
    users: 5
    think_time: {uniform: [1s, 2s]}
faults:
  - at: 1s
    crash: {target: "host/worker-1"}
  - {every: 5min, flush: }
steps: [1s, 2s,
  3s]
caches: {x: {ttl: 1s}, 'y z': {}}
)";

constexpr std::string_view kPieces[] = {":",     ": ",
                                        "-",     "- ",
                                        "\n",    "\n  ",
                                        "\t",    "[",
                                        "]",     "{",
                                        "}",     ",",
                                        "&c",    "*c",
                                        "!",     "!!str",
                                        "|\n",   ">\n",
                                        "'",     "\"",
                                        "#",     " #",
                                        "?",     "%",
                                        "---\n", "~",
                                        "1e999", "-1",
                                        "0",     "ms",
                                        "null",  "\\",
                                        "\\x",   "<<",
                                        "é",     "\xff",
                                        "\r",    "999999999999999999999999999"};

std::string mutated(Engine& engine) {
  std::string text(kValid);
  const std::uint64_t edits = 1 + uniform_below(engine, 4);
  for (std::uint64_t i = 0; i < edits && !text.empty(); ++i) {
    const std::size_t at = uniform_below(engine, text.size());
    const std::size_t length = std::min<std::size_t>(uniform_below(engine, 20), text.size() - at);
    switch (uniform_below(engine, 5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[uniform_below(engine, std::size(kPieces))]);
        break;
      case 2:
        text[at] = static_cast<char>(uniform_below(engine, 256));
        break;
      case 3:
        text.insert(at, text.substr(uniform_below(engine, text.size()), length));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("whatever a scenario is turned into, reading it ends with a value or with errors") {
  Engine engine = StreamKey(20240601).engine();
  int valid = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = mutated(engine);
    INFO(text);
    Diagnostics diagnostics;
    const std::optional<Node> root = read_text(source_of(text), diagnostics);
    REQUIRE((root || !diagnostics.ok()));
    if (!diagnostics.ok()) continue;
    // What was read can be written and read again.
    Diagnostics again;
    const std::optional<Node> back = read_text(source_of(emit(*root)), again);
    INFO(emit(*root) << again.text());
    REQUIRE(back.has_value());
    REQUIRE(*back == *root);
    Example example;
    const bool ok = parse(*root, example, diagnostics);
    REQUIRE(ok == diagnostics.ok());
    REQUIRE(diagnostics.text().empty() == ok);
    if (!ok) continue;
    ++valid;
    Example same;
    REQUIRE(parse(dump(example), same, diagnostics));
    REQUIRE(dump(same) == dump(example));
  }
  CHECK(valid > 500);
}

TEST_CASE("whatever --set is given, it ends with a tree or with errors") {
  Engine engine = StreamKey(7).engine();
  const Node root = read(std::string(kValid));
  for (int i = 0; i < 20000; ++i) {
    std::string text = "faults.0.crash.target=x";
    for (int edit = 0; edit < 3; ++edit) {
      const std::size_t at = uniform_below(engine, text.size() + 1);
      text.insert(at, kPieces[uniform_below(engine, std::size(kPieces))]);
      if (uniform_below(engine, 2) == 0) text.erase(uniform_below(engine, text.size()), 3);
    }
    Diagnostics diagnostics;
    const std::optional<Node> changed = apply_set(root, text, diagnostics);
    INFO(text << " " << diagnostics.text());
    REQUIRE(changed.has_value() == diagnostics.ok());
  }
}
