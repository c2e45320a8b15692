#include "sim/report/verdicts.h"

#include <fmt/format.h>

#include "sim/metrics/resource.h"
#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

std::string share_text(std::string_view name, double share) {
  return fmt::format("{} % {}", significant(share * 100, 3), metrics::resource::state(name));
}

}  // namespace

std::string limit_text(const Summary::Limit& limit) {
  const std::size_t of = limit.alive.find(" of ");
  const bool missing = of != std::string::npos && limit.alive.substr(0, of) != limit.alive.substr(of + 4);
  if (!missing) return limit.name + ", " + share_text(limit.name, limit.share);
  const std::string who =
      limit.name + ": " + limit.alive + " " + std::string(metrics::resource::members(limit.name));
  return limit.alive.starts_with("0 of") ? who + " alive" : who + ", " + share_text(limit.name, limit.share);
}

std::string link_text(const Summary::Link& link) {
  return link.name + ", " + share_text(link.name, link.share);
}

std::string bottleneck(const Run& run) {
  const auto limit = metrics::bottleneck(run.limits);
  if (!limit) return {};
  std::string text = limit_text({limit->name, limit->share, metrics::alive_text(*limit), limit->at_s});
  if (run.window.length() > Duration::s(60))
    text += fmt::format(" in the worst minute (from {} s on)", significant(limit->at_s));
  return text;
}

std::string busiest_link(const Run& run) {
  const auto link = metrics::busiest_link(run.limits);
  return link ? link_text({link->name, link->share}) : std::string();
}

std::string unsettled(const Run& run) {
  return is_unsettled(run) ? run.settled->why : std::string();
}

bool is_unsettled(const Run& run) {
  return run.settled && !run.settled->settled;
}

std::string doubt(const Run& run, const metrics::Verdict& verdict) {
  if (!verdict.value) return "nothing was observed";
  if (is_unsettled(run)) return unsettled(run);
  return verdict.ci95 ? "the bound lies in the interval" : "the run is too short for an interval";
}

}  // namespace headroom::report
