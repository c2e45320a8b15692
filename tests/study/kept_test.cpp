#include "sim/study/kept.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/report/temporary_folder.h"
#include "tests/study/files.h"

namespace headroom::study {
namespace {

namespace fs = std::filesystem;

const std::string kSmall =
    "scenario: s\nplatform: {network: ideal, hosts: {worker: {count: 2}}}\n"
    "workload: {arrivals: {poisson: 1/s}}\n"
    "deployment: {processing: {hosts: worker, service_time: {constant: 1ms}}}\nrun: {replications: 3}\n";

std::vector<std::string> keys(const std::vector<std::string>& sets = {}, const std::string& more = "") {
  const Folder folder;
  return replication_keys(valid(folder.write("s.yaml", kSmall + more), sets));
}

metrics::ReplicationResult some_result() {
  metrics::ReplicationResult result;
  result.metrics.push_back({"yield", 0.1 + 0.2, {}});
  result.measured_s = 7;
  return result;
}

KeptReplications open(const fs::path& target) {
  auto opened = KeptReplications::open(target);
  if (auto* problem = std::get_if<report::Problem>(&opened)) FAIL(problem->message);
  return std::move(std::get<KeptReplications>(opened));
}

}  // namespace

TEST_CASE("a replication's key says what its numbers depend on") {
  const auto base = keys();
  CHECK(base.size() == 3);
  CHECK(std::set<std::string>(base.begin(), base.end()).size() == 3);
  // More of them: the first ones are the same.
  const auto more = keys({"run.replications=5"});
  CHECK(std::vector<std::string>(more.begin(), more.begin() + 3) == base);
  CHECK(keys({"slo.yield=99%"}) == base);
  CHECK(keys({"question=What else?"}) == base);
  CHECK(keys({"scenario=another"}) == base);
  CHECK(keys({}, "sweep: {seed: [1, 2]}\n") == base);
  CHECK(keys({"seed=2"})[0] != base[0]);
  CHECK(keys({"run.duration=61s"})[0] != base[0]);
  CHECK(keys({"platform.hosts.worker.count=3"})[0] != base[0]);
}

TEST_CASE("what is kept is found again, unless it is torn") {
  const report::TemporaryFolder folder;
  const fs::path target = folder.path() / "result";
  const std::string bytes = metrics::serialise(some_result());
  {
    auto kept = open(target);
    CHECK_FALSE(kept.find("a"));
    CHECK_FALSE(kept.keep("a", bytes));
    CHECK_FALSE(kept.keep("b", bytes));
  }
  const fs::path place = folder.path() / ".result.unfinished";
  std::ofstream(place / "b", std::ios::binary | std::ios::app) << "x";
  std::ofstream(place / "c", std::ios::binary) << "";
  fs::resize_file(place / "b", fs::file_size(place / "b") - 3);
  auto kept = open(target);
  REQUIRE(kept.find("a"));
  CHECK(metrics::serialise(*kept.find("a")) == bytes);
  CHECK_FALSE(kept.find("b"));
  CHECK_FALSE(kept.find("c"));
  kept.clear();
  CHECK(folder.entries() == 0);
}

TEST_CASE("a result carries its replications on; nothing is left beside it") {
  const report::TemporaryFolder folder;
  const fs::path target = folder.path() / "result";
  {
    auto kept = open(target);
    CHECK_FALSE(kept.keep("a", metrics::serialise(some_result())));
    CHECK_FALSE(kept.keep("stale", metrics::serialise(some_result())));
    auto created = report::NewFolder::create(target);
    auto& fresh = std::get<report::NewFolder>(created);
    CHECK_FALSE(fresh.write("points.csv", "x\n"));
    CHECK_FALSE(fresh.write("runs/1/summary.json", "{}"));
    CHECK_FALSE(kept.copy_to(fresh, {"a", "absent"}));
    CHECK_FALSE(fresh.commit());
    kept.clear();
  }
  CHECK(folder.entries() == 1);
  auto kept = open(target);
  CHECK(kept.find("a"));
  CHECK_FALSE(kept.find("stale"));
  CHECK(kept.unfinished() == 0);
}

TEST_CASE("two sweeps do not work on one result") {
  const report::TemporaryFolder folder;
  auto first = open(folder.path() / "result");
  const auto second = KeptReplications::open(folder.path() / "result");
  REQUIRE(std::holds_alternative<report::Problem>(second));
  CHECK(std::get<report::Problem>(second).message.starts_with("another sweep is at work on "));
  open(folder.path() / "other");
}

TEST_CASE("any number of parts work on one result, but not beside a whole sweep") {
  const report::TemporaryFolder folder;
  const fs::path target = folder.path() / "result";
  using Use = KeptReplications::Use;
  const std::string bytes = metrics::serialise(some_result());
  {
    auto one = std::get<KeptReplications>(KeptReplications::open(target, Use::part));
    auto other = std::get<KeptReplications>(KeptReplications::open(target, Use::part));
    CHECK(std::holds_alternative<report::Problem>(KeptReplications::open(target)));
    CHECK_FALSE(one.keep("a", bytes));
    CHECK_FALSE(other.keep("a", bytes));
    CHECK(one.find("a"));
    CHECK_FALSE(one.use(Use::whole));
  }
  // A part leaves the folder, a whole may share it for a while, and takes it away in the end.
  auto whole = open(target);
  CHECK(whole.has("a"));
  CHECK(std::holds_alternative<report::Problem>(KeptReplications::open(target, Use::part)));
  REQUIRE(whole.use(Use::part));
  CHECK(std::holds_alternative<KeptReplications>(KeptReplications::open(target, Use::part)));
  REQUIRE(whole.use(Use::whole));
  CHECK(whole.unfinished() == 1);
  whole.clear();
  CHECK(folder.entries() == 0);
}

TEST_CASE("nothing kept, nothing left") {
  const report::TemporaryFolder folder;
  {
    const auto kept = open(folder.path() / "result");
  }
  CHECK(folder.entries() == 0);
}

}  // namespace headroom::study
