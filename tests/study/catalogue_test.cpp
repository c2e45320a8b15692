#include "sim/study/catalogue.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <set>

#include "sim/config/reader.h"
#include "sim/metrics/series.h"
#include "sim/report/answer.h"
#include "tests/metrics/named.h"

namespace headroom::study {
namespace {

config::Node tree(const std::string& text) {
  const auto source = std::make_shared<config::Source>();
  source->text = text;
  config::Diagnostics diagnostics;
  const auto node = config::read_text(source, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(node);
  return *node;
}

std::string unmet_of(std::string_view needs, const std::string& scenario) {
  return unmet("m", metrics::MetricInfo{"m", "", "", metrics::Better::lower, needs}, tree(scenario));
}

bool aborts(const std::function<void()>& body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    if (freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_CASE("what a metric needs is there, or named") {
  const std::string scenario =
      "deployment: {api: {quota_per_user: 10/s, off: false, none: null, free: 0USD/h, empty: [], plain: {}},"
      " queue: {when_full: reject, drop_expired: true}}\n"
      "faults: [{at: 1s, crash: {}}, {at: 2s, abuse: {rate: 1/s}}]\n"
      "slo: {others.yield: 0.9}\n";
  CHECK(unmet_of("", scenario).empty());
  CHECK(unmet_of("deployment.api", scenario).empty());
  CHECK(unmet_of("deployment.api.quota_per_user", scenario).empty());
  CHECK(unmet_of("deployment.api.plain", scenario).empty());
  for (const char* absent : {"off", "none", "free", "empty", "unheard_of"}) {
    const std::string path = std::string("deployment.api.") + absent;
    CHECK(unmet_of(path, scenario) == path);
  }
  CHECK(unmet_of("deployment.api.quota_per_user.deeper", scenario) == "deployment.api.quota_per_user.deeper");
  CHECK(unmet_of("deployment.queue.when_full=reject", scenario).empty());
  CHECK(unmet_of("deployment.queue.when_full=block", scenario) == "deployment.queue.when_full: block");
  CHECK(unmet_of("faults.*.abuse", scenario).empty());
  CHECK(unmet_of("faults.*.surge", scenario) == "an entry of faults with surge");
  CHECK(unmet_of("slo.others.yield", scenario).empty());  // a key with a dot in it
  // Of those that must all be there, what is missing; alternatives as a whole.
  CHECK(unmet_of("deployment.queue and deployment.auth", scenario) == "deployment.auth");
  CHECK(unmet_of("deployment.auth or deployment.usage", scenario) == "deployment.auth or deployment.usage");
  CHECK(unmet_of("deployment.auth or deployment.queue", scenario).empty());
  CHECK(unmet_of("deployment.auth or deployment.queue and deployment.api", scenario).empty());
  CHECK_FALSE(unmet_of("deployment.queue and deployment.auth or deployment.usage", scenario).empty());
}

TEST_CASE("one of a family needs its own") {
  const auto watched = tree("watch: [{group: worker, need: 3}, {group: api, need: 1}]");
  const metrics::MetricInfo& family = *find_metric("availability.api");
  CHECK(family.name == "availability.<group>");
  CHECK(unmet("availability.api", family, watched).empty());
  CHECK(unmet("availability.queue", family, watched) == "an entry of watch with group: queue");
  CHECK(metrics::MetricName(family, "api").name() == "availability.api");
}

TEST_CASE("each name is in its catalogue once, with unit and definition; reports know the names they print") {
  std::set<std::string_view> names;
  for (const metrics::MetricInfo& m : catalogue()) {
    INFO(m.name);
    CHECK(names.insert(m.name).second);
    CHECK_FALSE(m.unit.empty());
    CHECK_FALSE(m.definition.empty());
  }
  names.clear();
  for (const metrics::SeriesInfo& s : series_catalogue()) {
    INFO(s.name);
    CHECK(names.insert(s.name).second);
    CHECK_FALSE(s.unit.empty());
    CHECK_FALSE(s.definition.empty());
  }
  for (const std::string_view name : report::key_metric_names()) {
    INFO(name);
    CHECK(find_metric(name) != nullptr);
  }
}

TEST_CASE("what nobody has listed cannot be reported, nor anything twice") {
  metrics::ReplicationResult result;
  result.metrics.push_back({"availability.worker", 1.0, {}});
  result.metrics.push_back({"yield", 1.0, {}});
  result.series.columns.push_back({"queue.depth", false, {}});
  check_catalogued(result);
  CHECK(aborts([result]() mutable {
    result.metrics.push_back({"yeild", 1.0, {}});
    check_catalogued(result);
  }));
  CHECK(aborts([result]() mutable {
    result.series.columns.push_back({"queue.depht", false, {}});
    check_catalogued(result);
  }));
  CHECK(aborts([] {
    metrics::Series series(Duration::s(10));
    series.counter(metrics::SeriesInfo{"queue.depth", "count", ""});
    series.level(metrics::SeriesInfo{"queue.depth", "share", ""});
  }));
  CHECK(aborts([] {
    metrics::ResultBuilder builder(metrics::Window(TimePoint(), Duration::s(1)));
    builder.none(metrics::test::metric("yield"));
    builder.none(metrics::test::metric("yield"));
  }));
  CHECK(aborts([] { (void)metrics::MetricName(*find_metric("availability.api")).name(); }));
}

}  // namespace
}  // namespace headroom::study
