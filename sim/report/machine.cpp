#include "sim/report/machine.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "sim/metrics/whole.h"

namespace headroom::report {
namespace {

/// The name of the processor, as the kernel gives it.
std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

void add_part(Effort& all, const Effort& part) {
  all.cpu_s += part.cpu_s;
  all.wall_clock_s = std::max(all.wall_clock_s, part.wall_clock_s);
  all.peak_memory_mib = std::max(all.peak_memory_mib, part.peak_memory_mib);
}

nlohmann::ordered_json to_json(const Effort& effort) {
  return {{"wall_clock_s", effort.wall_clock_s},
          {"cpu_s", effort.cpu_s},
          {"peak_memory_mib", effort.peak_memory_mib}};
}

Effort effort_from(const nlohmann::ordered_json& j) {
  Effort effort;
  effort.wall_clock_s = j.at("wall_clock_s").get<double>();
  effort.cpu_s = j.at("cpu_s").get<double>();
  effort.peak_memory_mib = metrics::whole<std::int64_t>(j.at("peak_memory_mib"));
  return effort;
}

std::string machine_json(const Effort& effort) {
  utsname system{};
  uname(&system);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(now - day);
  nlohmann::ordered_json j;
  j["written"] = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                             static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                             time.hours().count(), time.minutes().count(), time.seconds().count());
  j["wall_clock_s"] = effort.wall_clock_s;
  j["cpu_s"] = effort.cpu_s;
  j["peak_memory_mib"] = effort.peak_memory_mib;
  j["simulated_s"] = effort.simulated_s;
  j["events"] = effort.events;
  j["host"] = system.nodename;
  j["system"] = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
  j["processor"] = processor();
  j["cores"] = std::thread::hardware_concurrency();
  j["versions"] = nlohmann::ordered_json::object();
  for (const auto& [name, version] : effort.versions) j["versions"][name] = version;
  return j.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace headroom::report
