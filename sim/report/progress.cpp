#include "sim/report/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "sim/report/numbers.h"

namespace headroom::report {
namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

constexpr std::int64_t kRedraw = 100'000'000;  // ns

/// How fast, and how long it will take.
std::string pace(double share, double simulated_s, double elapsed_s) {
  std::string line;
  if (share > 0.01 && elapsed_s > 0) {
    if (simulated_s > 0)
      line += fmt::format("  {} x real time", significant(share * simulated_s / elapsed_s, 2));
    const double left = elapsed_s * (1 - share) / share;
    const auto seconds = static_cast<std::int64_t>(std::ceil(std::min(left, 1e9)));
    line += seconds < 3600
                ? fmt::format("  {}:{:02} left", seconds / 60, seconds % 60)
                : fmt::format("  {}:{:02}:{:02} left", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
  return line;
}

}  // namespace

std::string progress_line(const std::string& what, double share, double simulated_s, double elapsed_s) {
  constexpr int kWidth = 24;
  share = std::clamp(share, 0.0, 1.0);
  const int full = static_cast<int>(share * kWidth);
  return fmt::format("{}  [{}{}] {:3} %", what, std::string(static_cast<std::size_t>(full), '#'),
                     std::string(static_cast<std::size_t>(kWidth - full), '-'),
                     static_cast<int>(share * 100)) +
         pace(share, simulated_s, elapsed_s);
}

std::string plain_progress_line(const std::string& what, double share, double simulated_s, double elapsed_s) {
  share = std::clamp(share, 0.0, 1.0);
  return fmt::format("headroom: {}: {} % done", what, static_cast<int>(share * 100)) +
         pace(share, simulated_s, elapsed_s);
}

Progress::Progress(std::string what, double simulated_s, bool wanted, double plain_every_s)
    : what_(std::move(what)),
      simulated_s_(simulated_s),
      terminal_(isatty(STDERR_FILENO) == 1),
      on_(wanted),
      every_ns_(terminal_ ? kRedraw : static_cast<std::int64_t>(plain_every_s * 1e9)),
      started_ns_(now_ns()),
      shown_ns_(terminal_ ? started_ns_ - kRedraw : started_ns_) {}

Progress::~Progress() {
  hide();
}

void Progress::hide() {
  if (terminal_ && shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

void Progress::show(double share) {
  if (!on_) return;
  const std::int64_t now = now_ns();
  if (now - shown_ns_ < every_ns_) return;
  shown_ns_ = now;
  shown_ = true;
  const double elapsed = static_cast<double>(now - started_ns_) / 1e9;
  if (terminal_)
    std::fprintf(stderr, "\r%s\x1b[K", progress_line(what_, share, simulated_s_, elapsed).c_str());
  else
    std::fprintf(stderr, "%s\n", plain_progress_line(what_, share, simulated_s_, elapsed).c_str());
  std::fflush(stderr);
}

}  // namespace headroom::report
