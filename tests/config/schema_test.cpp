#include <catch2/catch.hpp>

#include "sim/config/json.h"
#include "tests/config/example.h"
#include "tests/config/schema_validator.h"
#include "tests/config/support.h"

using namespace headroom;
using namespace headroom::config;
using namespace headroom::config::test;

namespace {

using Json = nlohmann::json;

}  // namespace

TEST_CASE("the schema accepts what the parser accepts, and the dump") {
  const SchemaValidator validator(schema<Example>());
  for (const char* text :
       {"name: x\n", "name: x\narrivals: silent\n", "name: x\narrivals: {poisson: 3/s}\n",
        "name: x\narrivals: {silent: {}}\n", "name: x\narrivals: {closed: {users: 5, think_time: 1s}}\n",
        "name: x\nlatency: {mixture: [{weight: 38%, pareto: {scale: 1ms, shape: 2}}, {weight: 62%, constant: "
        "2ms}]}\n",
        "name: x\nimage_bytes: {lognormal: {mean: 256KB, p99: 1MB}}\nlatency: {empirical: [1ms, 2us]}\n",
        "name: x\nfaults: [{at: 1s, crash: {target: a}}, {every: 2s, flush: {}}]\noffset: -5s\ndeadline: "
        "null\n",
        "name: x\nnetwork: 5Gbps\nsteps: [1s, 2 s, 1e3ms]\ncaches: {a: {ttl: 5s}}\n"}) {
    INFO(text);
    CHECK(validator.valid(to_json(read(text))));
    CHECK(validator.valid(to_json(dump(value_of<Example>(text)))));
  }
}

TEST_CASE("the schema refuses what the parser refuses") {
  const SchemaValidator validator(schema<Example>());
  for (const char* text :
       {"{}\n", "name: x\nsize: 5\n", "name: x\nsize: 5kb\n", "name: x\nspeed: 0\n",
        "name: x\narrivals: poisson\n", "name: x\narrivals: {poisson: 3/s, silent: {}}\n",
        "name: x\nfaults: [{at: 1s}]\n", "name: x\nfaults: [{at: 1s, every: 1s, flush: {}}]\n",
        "name: x\nshare: -5%\n", "name: x\ncache: {tll: 5s}\n", "name: x\ncache: {entries: 1.5}\n",
        "name: x\nlatency: {gamma: {mean: 1s}}\n", "name: x\nlatency: {constant: 1s, uniform: [1s, 2s]}\n",
        "name: x\ndiscipline: lifo\n", "name: x\nlatency: {hyperexponential: {mean: 1s, scv: 0.5}}\n",
        "name: x\ntrace: yes\n"}) {
    INFO(text);
    CHECK_FALSE(validator.valid(to_json(read(text))));
    CHECK(refusal_of<Example>(text) != "");
  }
}
