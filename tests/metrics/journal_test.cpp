#include "sim/metrics/journal.h"

#include <catch2/catch.hpp>

namespace headroom::metrics {
namespace {

TEST_CASE("a journal keeps the first and the last and counts what it left out") {
  Journal journal(10);
  for (int i = 0; i < 25; ++i) {
    journal.record(TimePoint::at(Duration::s(i)), "election", "queue", {{"term", i}});
    if (i == 9) {
      CHECK(journal.left_out() == 0);
      CHECK(journal.events().size() == 10);
    }
  }
  CHECK(journal.recorded() == 25);
  CHECK(journal.left_out() == 15);
  const auto events = journal.events();
  REQUIRE(events.size() == 10);
  CHECK(events[4].at == TimePoint::at(Duration::s(4)));
  CHECK(events[5].at == TimePoint::at(Duration::s(20)));
  CHECK(std::get<std::int64_t>(events[9].details[0].value) == 24);
}

}  // namespace
}  // namespace headroom::metrics
