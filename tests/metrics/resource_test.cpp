#include "sim/metrics/resource.h"

#include <catch2/catch.hpp>

namespace headroom::metrics {
namespace {

TEST_CASE("links are named after what they belong to, whichever direction is meant") {
  CHECK(resource::link("nic/lb-1/up") == "nic host/lb-1");
  CHECK(resource::link("nic/lb-1/down") == "nic host/lb-1");
  CHECK(resource::link("nic/up/down") == "nic host/up");  // a host may be called anything
  CHECK(resource::link("rack/a1/up") == "uplink rack/a1");
  CHECK(resource::link("zone/a/down") == "uplink zone/a");
  CHECK(resource::link("zones/a-b") == "between zone/a and zone/b");
  CHECK(resource::link("zones/b-a") == "between zone/a and zone/b");
  CHECK(resource::link("internet/down") == "internet");
  CHECK(resource::disk("queue-1") == "disk host/queue-1");
}

}  // namespace
}  // namespace headroom::metrics
