#include "sim/report/fault_bands.h"

#include <catch2/catch.hpp>
#include <string>

#include "sim/report/journal_lines.h"

namespace headroom::report {
namespace {

TimePoint at(double seconds) {
  return TimePoint::at(Duration::from_seconds(seconds));
}

metrics::StudyEvent begins(int replication, double t, const std::string& fault, std::optional<double> for_s) {
  metrics::Event event{at(t), "fault begins", "some member", {{"fault", fault}, {"struck", "a-1"}}};
  if (for_s) event.details.emplace_back("for_s", *for_s);
  return {replication, event};
}

std::string text(const std::vector<Band>& bands) {
  std::string out;
  for (const Band& b : bands)
    out += b.name + " " + std::to_string(b.begin.since_start().count_ns() / 1'000'000) + "-" +
           std::to_string(b.end.since_start().count_ns() / 1'000'000) + "; ";
  return out;
}

TEST_CASE("bands come from the journal, those of one name united, and the same from its file") {
  const std::vector<metrics::StudyEvent> journal = {
      begins(1, 10, "crash group/a", 5),   {1, {at(11), "fault ends", "crash host/a-1", {}}},
      begins(1, 12, "crash group/a", 7.5), begins(1, 12, "partition a | b", {}),
      begins(1, 30, "crash group/a", 0),   begins(2, 19.5, "crash group/a", 1),
      begins(2, 95, "crash group/a", 10)};
  const std::string expected =
      "crash group/a 10000-20500; partition a | b 12000-100000; crash group/a 30000-30000; "
      "crash group/a 95000-100000; ";
  CHECK(text(fault_bands(journal, at(100))) == expected);
  CHECK(text(fault_bands(journal_lines(journal, 3), at(100))) == expected);
}

TEST_CASE("a journal that somebody changed gives the bands that can be read") {
  CHECK(fault_bands("{\"kind\":\"fault begins\"\n[]\nfault begins\n{\"kind\":\"fault begins\",\"t_s\":\"x\"}",
                    at(1))
            .empty());
  CHECK(fault_bands("", at(1)).empty());
}

}  // namespace
}  // namespace headroom::report
