#include "sim/report/csv.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "sim/report/comparison.h"
#include "sim/report/durations.h"
#include "sim/report/replications.h"
#include "sim/report/time_series.h"
#include "tests/report/temporary_folder.h"

namespace headroom::report {
namespace {

template <class T>
std::string refusal(const std::variant<T, Problem>& parsed) {
  const auto* problem = std::get_if<Problem>(&parsed);
  return problem != nullptr ? problem->message : "accepted";
}

}  // namespace

TEST_CASE("a column that is there twice is refused, by every reader of tables") {
  const std::string twice = "the column \"a\" is there twice, expected it once";
  CHECK(refusal(parse_csv("x,a,b,a\n1,2,3,4\n")) == twice);
  CHECK(refusal(parse_replications("replication,a,a\n1,2,3\n2,3,4\n")) == twice);
  CHECK(refusal(parse_time_series("t,a,a\n0,1,2\n")) == twice);
  CHECK(refusal(parse_latency_curves("quantile,a,a\n0.5,1,2\n")) == twice);
  CHECK(refusal(parse_duration_curves("a,a\n0.5,1\n")) == twice);
  CHECK(std::holds_alternative<Csv>(parse_csv("x,a,b\n1,2,3\n")));
}

}  // namespace headroom::report
