#include "sim/report/trace_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace headroom::report {
namespace {

using nlohmann::ordered_json;

// Numbers of processes. Viewers take thread numbers for unique in the whole file, and a thread with the
// number of its process for its main thread: that is each process's first lane.
constexpr std::uint64_t kRunProcess = 1;
constexpr std::uint64_t kFirstHost = 2;  ///< the clients', then the platform's

/// A bar in the picture: the request itself, or one of its spans.
struct Slice {
  const metrics::TracedRequest* request;
  const metrics::SpanRecord* span;  ///< null: the request itself
  TimePoint begin, end;
  std::size_t host;
  int level;
  std::size_t lane = 0;    ///< in its host's process
  std::uint64_t flow = 0;  ///< none
  bool flow_in = false, flow_out = false;

  /// Whether the other one is part of it.
  bool holds(const Slice& other) const {
    return request == other.request && level < other.level && other.end <= end &&
           (span == nullptr || span->attempt == other.span->attempt);
  }
};

std::vector<Slice> slices_of(const metrics::Trace& trace) {
  std::vector<Slice> slices;
  for (const metrics::TracedRequest& r : trace.requests) {
    slices.push_back({&r, nullptr, r.about.sent, r.about.ended, 0, 0});
    for (const metrics::SpanRecord& s : r.spans)
      slices.push_back({&r, &s, s.begin, s.end, s.host, metrics::info(s.step).level});
  }
  // What holds others comes before them.
  std::stable_sort(slices.begin(), slices.end(), [](const Slice& a, const Slice& b) {
    return std::tie(a.begin, a.level) < std::tie(b.begin, b.level);
  });
  return slices;
}

/// Gives each slice the first lane of its host in which it lies within what it is part of; else, the first
/// that is free. Returns how many lanes each host has.
std::vector<std::size_t> give_lanes(std::vector<Slice>& slices, std::size_t hosts) {
  std::vector<std::vector<std::vector<const Slice*>>> open(hosts);  // by host and lane: from the outermost on
  for (Slice& slice : slices) {
    auto& lanes = open[slice.host];
    const std::size_t none = lanes.size();
    std::size_t inside = none;
    std::size_t empty = none;
    for (std::size_t l = 0; l < lanes.size() && inside == none; ++l) {
      auto& stack = lanes[l];
      while (!stack.empty() && stack.back()->end <= slice.begin) stack.pop_back();
      if (stack.empty()) {
        if (empty == none) empty = l;
      } else if (stack.back()->holds(slice)) {
        inside = l;
      }
    }
    slice.lane = inside != none ? inside : empty;
    if (slice.lane == none) lanes.emplace_back();
    lanes[slice.lane].push_back(&slice);
  }
  std::vector<std::size_t> counts;
  for (const auto& lanes : open) counts.push_back(lanes.size());
  return counts;
}

/// A flow per attempt, along its stays, and one per conversion, along the hosts that it comes to.
void connect(std::vector<Slice>& slices) {
  using Key = std::tuple<const metrics::TracedRequest*, int, int>;
  std::map<Key, Slice*> latest;  // never iterated
  std::uint64_t flows = 0;
  for (Slice& slice : slices) {
    if (slice.span == nullptr || slice.span->attempt < 0) continue;
    if (slice.span->rendition < 0 && slice.level > 2) continue;
    Slice*& before = latest[{slice.request, slice.span->attempt, slice.span->rendition}];
    if (before != nullptr && before->host == slice.host) continue;
    if (before != nullptr) {
      if (before->flow == 0) before->flow = ++flows;
      before->flow_out = true;
      slice.flow = before->flow;
      slice.flow_in = true;
    }
    before = &slice;
  }
}

/// Microseconds, to the nanosecond. Viewers make nanoseconds of them through a binary fraction, and cut off:
/// where that would lose one, the number gets a tenth of a nanosecond more.
std::string microseconds(std::int64_t ns) {
  if (ns % 1000 == 0) return std::to_string(ns / 1000);
  std::string text = fmt::format("{}.{:03}", ns / 1000, ns % 1000);
  if (static_cast<std::int64_t>(static_cast<double>(ns) / 1000.0 * 1000.0) != ns) text += '1';
  return text;
}

std::string why(const metrics::TracedRequest& r) {
  std::string text;
  for (const auto& [is, name] : {std::pair(r.slowest, "slowest"), {r.failed, "failed"}, {r.drawn, "random"}})
    if (is) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

class File {
 public:
  File(const metrics::Trace& trace, const std::vector<std::size_t>& lanes) : trace_(trace) {
    std::uint64_t next = kFirstHost + trace.hosts.size();
    for (std::size_t host = 0; host < lanes.size(); ++host) {
      auto& numbers = threads_.emplace_back();
      numbers.push_back(kFirstHost + host);
      while (numbers.size() < lanes[host]) numbers.push_back(next++);
    }
  }

  void name(std::uint64_t process, const std::string& name, const std::vector<std::uint64_t>& threads,
            const std::string& thread_name) {
    meta(process, process, "process_name", "name", name);
    meta(process, process, "process_sort_index", "sort_index", process);
    for (std::size_t l = 0; l < threads.size(); ++l) {
      meta(process, threads[l], "thread_name", "name",
           threads.size() == 1 ? thread_name : thread_name + ' ' + std::to_string(l + 1));
      meta(process, threads[l], "thread_sort_index", "sort_index", l);
    }
  }
  void name_run() { name(kRunProcess, "run", {kRunProcess}, "events"); }
  void name_host(std::size_t host) { name(kFirstHost + host, trace_.hosts[host], threads_[host], "lane"); }

  void add(const Slice& slice) {
    const metrics::TracedRequest& r = *slice.request;
    ordered_json args = {{"request", r.about.number}};
    std::string name;
    std::string category;
    if (slice.span == nullptr) {
      name = "request " + std::to_string(r.about.number);
      category = "request";
      args["chosen"] = why(r);
      args["outcome"] = r.about.outcome;
      args["latency_ms"] = (slice.end - slice.begin).milliseconds();
      if (r.about.image_bytes > 0) args["image_bytes"] = r.about.image_bytes;
      args["renditions"] = r.about.renditions;
      args["delivered"] = r.about.delivered;
      args["user"] = r.about.user;
      if (r.left_out > 0) args["spans_left_out"] = r.left_out;
    } else {
      const metrics::StepInfo& step = metrics::info(slice.span->step);
      name = step.name;
      category = step.category;
      if (slice.span->step == metrics::Step::attempt) name += ' ' + std::to_string(slice.span->attempt + 1);
      if (slice.span->attempt >= 0) args["attempt"] = slice.span->attempt + 1;
      if (slice.span->rendition >= 0) args["rendition"] = slice.span->rendition + 1;
      if (slice.span->note != nullptr) args["ended"] = slice.span->note;
    }
    ordered_json rest = {{"pid", kFirstHost + slice.host},
                         {"tid", threads_[slice.host][slice.lane]},
                         {"name", name},
                         {"cat", category}};
    if (slice.flow != 0) {
      rest["bind_id"] = fmt::format("{:#x}", slice.flow);
      if (slice.flow_in) rest["flow_in"] = true;
      if (slice.flow_out) rest["flow_out"] = true;
    }
    rest["args"] = std::move(args);
    add("\"ph\":\"X\",\"ts\":" + microseconds(slice.begin.since_start().count_ns()) +
            ",\"dur\":" + microseconds((slice.end - slice.begin).count_ns()),
        rest);
  }

  /// `host`: none: of the run as a whole.
  void add(const metrics::Event& event, std::optional<std::size_t> host) {
    ordered_json args = {{"subject", event.subject}};
    for (const metrics::Field& field : event.details)
      args[field.name] = std::visit([](const auto& v) { return ordered_json(v); }, field.value);
    const std::uint64_t process = host ? kFirstHost + *host : kRunProcess;
    add("\"ph\":\"i\",\"ts\":" + microseconds(event.at.since_start().count_ns()),
        {{"pid", process},
         {"tid", process},
         {"s", host ? "p" : "g"},
         {"name", host || event.subject == "run" ? event.kind : event.kind + ": " + event.subject},
         {"cat", "journal"},
         {"args", std::move(args)}});
  }

  std::string close(const ordered_json& other) && {
    return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + text_ + "\n],\"otherData\":" + dump(other) +
           "}\n";
  }

 private:
  static std::string dump(const ordered_json& j) {
    return j.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  }
  void meta(std::uint64_t process, std::uint64_t thread, const char* what, const char* key,
            const ordered_json& value) {
    add("\"ph\":\"M\"", {{"pid", process}, {"tid", thread}, {"name", what}, {"args", {{key, value}}}});
  }
  void add(const std::string& begin, const ordered_json& rest) {
    text_ += (text_.empty() ? "{" : ",\n{") + begin + ',' + dump(rest).substr(1);
  }

  const metrics::Trace& trace_;
  std::vector<std::vector<std::uint64_t>> threads_;  // by host and lane
  std::string text_;
};

/// The host that an event is about; none: of the run as a whole.
std::optional<std::size_t> host_of(const metrics::Event& event,
                                   const std::map<std::string, std::size_t>& hosts) {
  constexpr std::string_view kPrefix = "host/";
  if (!event.subject.starts_with(kPrefix)) return std::nullopt;
  const auto found = hosts.find(event.subject.substr(kPrefix.size()));
  return found == hosts.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::string trace_json(const metrics::Trace& trace, const metrics::ReplicationResult& result,
                       const TraceOrigin& origin) {
  std::vector<Slice> slices = slices_of(trace);
  const std::vector<std::size_t> lanes = give_lanes(slices, trace.hosts.size());
  connect(slices);

  std::map<std::string, std::size_t> hosts;
  for (std::size_t h = 1; h < trace.hosts.size(); ++h) hosts.emplace(trace.hosts[h], h);
  std::vector<bool> shown(trace.hosts.size());
  for (std::size_t h = 0; h < lanes.size(); ++h) shown[h] = lanes[h] > 0;
  for (const metrics::Event& event : result.journal)
    if (const auto host = host_of(event, hosts)) shown[*host] = true;

  File file(trace, lanes);
  file.name_run();
  for (std::size_t h = 0; h < shown.size(); ++h)
    if (shown[h]) file.name_host(h);
  auto event = result.journal.begin();
  for (const Slice& slice : slices) {
    for (; event != result.journal.end() && event->at <= slice.begin; ++event)
      file.add(*event, host_of(*event, hosts));
    file.add(slice);
  }
  for (; event != result.journal.end(); ++event) file.add(*event, host_of(*event, hosts));

  const auto chosen = [&](bool metrics::TracedRequest::* why) {
    return std::count_if(trace.requests.begin(), trace.requests.end(),
                         [why](const metrics::TracedRequest& r) { return r.*why; });
  };
  return std::move(file).close({{"scenario", origin.scenario},
                                {"seed", origin.seed},
                                {"replication", origin.replication},
                                {"version", origin.version},
                                {"requests", trace.answered + trace.failed},
                                {"requests_failed", trace.failed},
                                {"slowest", chosen(&metrics::TracedRequest::slowest)},
                                {"failed", chosen(&metrics::TracedRequest::failed)},
                                {"random", chosen(&metrics::TracedRequest::drawn)},
                                {"journal_left_out", result.journal_left_out}});
}

}  // namespace headroom::report
