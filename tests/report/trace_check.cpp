#include "tests/report/trace_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace headroom::report {
namespace {

using nlohmann::json;

bool is_number(const json& event, const char* key) {
  return event.contains(key) && event[key].is_number() && event[key].get<double>() >= 0;
}

/// As the importer does it.
std::int64_t nanoseconds(const json& us) {
  return us.is_number_integer() ? us.get<std::int64_t>() * 1000
                                : static_cast<std::int64_t>(us.get<double>() * 1000.0);
}

/// What Perfetto's importer checks of a thread's slices.
class Thread {
 public:
  /// What is wrong; empty: nothing.
  std::string add(const TraceSlice& slice) {
    std::string problem;
    while (!open_.empty() && open_.back().second <= slice.begin) open_.pop_back();
    if (slice.begin < latest_) problem = " begins before the one before it";
    latest_ = slice.begin;
    if (!open_.empty() && slice.end > open_.back().second) problem = " overlaps with " + open_.back().first;
    open_.emplace_back(slice.name, slice.end);
    return problem;
  }

 private:
  std::int64_t latest_ = 0;
  std::vector<std::pair<std::string, std::int64_t>> open_;
};

}  // namespace

TraceReading::TraceReading(const std::string& text) {
  const json file = json::parse(text, nullptr, false);
  const auto wrong = [this](const std::string& what) { problems.push_back(what); };
  if (!file.is_object() || !file.contains("traceEvents") || !file["traceEvents"].is_array()) {
    wrong("no JSON object with an array traceEvents");
    return;
  }
  if (file.value("displayTimeUnit", "") != "ms") wrong("displayTimeUnit is not ms");
  other = file.value("otherData", json::object());

  std::map<std::uint64_t, std::string> processes, threads;
  std::map<std::uint64_t, std::uint64_t> process_of;
  std::map<std::uint64_t, Thread> lanes;
  std::set<std::string> flows;
  std::int64_t n = 0;
  for (const json& e : file["traceEvents"]) {
    const std::string where = "event " + std::to_string(n++) + " ";
    if (!e.is_object() || !e.contains("ph") || !e["ph"].is_string() || !e.contains("name") ||
        !e["name"].is_string() || e["name"].get<std::string>().empty()) {
      wrong(where + "has no phase, or no name");
      continue;
    }
    if (!e.contains("pid") || !e["pid"].is_number_unsigned() || !e.contains("tid") ||
        !e["tid"].is_number_unsigned() || e["pid"] == 0 || e["tid"] == 0 || e["pid"] > 0xffffffffU ||
        e["tid"] > 0xffffffffU) {
      wrong(where + "has no process, or no thread");
      continue;
    }
    const auto pid = e["pid"].get<std::uint64_t>();
    const auto tid = e["tid"].get<std::uint64_t>();
    if (process_of.emplace(tid, pid).first->second != pid) wrong(where + "has a thread of another process");
    const std::string phase = e["ph"];
    const std::string name = e["name"];
    if (!e.contains("args") || !e["args"].is_object()) {
      wrong(where + "has no arguments");
      continue;
    }
    const json& args = e["args"];
    if (phase == "M") {
      const bool names = name.ends_with("_name");
      const bool of_process = name.starts_with("process_");
      if (name != std::string(of_process ? "process" : "thread") + (names ? "_name" : "_sort_index"))
        wrong(where + "is unknown metadata");
      if (names && (!args.contains("name") || !args["name"].is_string())) wrong(where + "names nothing");
      if (!names && (!args.contains("sort_index") || !args["sort_index"].is_number_integer()))
        wrong(where + "sorts nothing");
      if (names && !(of_process ? processes : threads).emplace(of_process ? pid : tid, args["name"]).second)
        wrong(where + "names something again");
      continue;
    }
    if (!processes.contains(pid) || !threads.contains(tid)) wrong(where + "is on something without a name");
    if (!e.contains("cat") || !e["cat"].is_string()) wrong(where + "has no category");
    if (!is_number(e, "ts")) {
      wrong(where + "has no time");
      continue;
    }
    const std::int64_t at = nanoseconds(e["ts"]);
    if (phase == "i") {
      const std::string scope = e.value("s", "");
      if (scope != "g" && scope != "p" && scope != "t") wrong(where + "has no scope");
      instants.push_back({name, processes[pid], at, scope, args});
    } else if (phase == "X") {
      if (!is_number(e, "dur")) {
        wrong(where + "has no length");
        continue;
      }
      slices.push_back(
          {name, e.value("cat", ""), processes[pid], pid, tid, at, at + nanoseconds(e["dur"]), args});
      if (const std::string problem = lanes[tid].add(slices.back()); !problem.empty())
        wrong(where + name + problem);
      const bool in = e.value("flow_in", false);
      const bool out = e.value("flow_out", false);
      if ((in || out) != e.contains("bind_id")) wrong(where + "has half a flow");
      if (!in && !out) continue;
      const std::string flow = e.value("bind_id", "");
      if (!flow.starts_with("0x")) wrong(where + "has no number of a flow");
      if (flows.insert(flow).second == in)
        wrong(where + "continues a flow that has not begun, or twice begins");
    } else {
      wrong(where + "has an unknown phase");
    }
  }
  std::set<std::string> names;
  for (const auto& [pid, name] : processes)
    if (!names.insert(name).second) wrong("two processes are named " + name);
}

std::vector<TraceSlice> TraceReading::of(std::uint64_t request) const {
  std::vector<TraceSlice> all;
  for (const TraceSlice& slice : slices)
    if (slice.args.value("request", std::uint64_t{0}) == request) all.push_back(slice);
  std::stable_sort(all.begin(), all.end(), [](const TraceSlice& a, const TraceSlice& b) {
    return (a.category == "request") > (b.category == "request");
  });
  return all;
}

std::vector<TraceSlice> TraceReading::requests() const {
  std::vector<TraceSlice> all;
  for (const TraceSlice& slice : slices)
    if (slice.category == "request") all.push_back(slice);
  return all;
}

}  // namespace headroom::report
