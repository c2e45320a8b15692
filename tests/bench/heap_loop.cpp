// The smallest event loop that does the work of a bare queueing run, as a yardstick: Poisson arrivals at 10
// 000/s to 40 hosts × 32 slots, first come first served, exponential service of mean 100 ms, no metric but
// the mean latency.
//
//     heap_loop [random | least] [simulated seconds = 100]

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <pcg_random.hpp>
#include <queue>
#include <vector>

namespace {

struct Entry {
  double date;
  int host;  // −1: an arrival
  bool operator<(const Entry& other) const { return date > other.date; }
};

struct Waiting {
  double born;
  double service;
};

}  // namespace

int main(int argc, char** argv) {
  constexpr int kHosts = 40, kSlots = 32;
  constexpr double kRate = 10'000, kMean = 0.1;
  const bool least = argc > 1 && std::strcmp(argv[1], "least") == 0;
  const double end = argc > 2 ? std::atof(argv[2]) : 100;
  pcg64_oneseq random(1);
  const auto draw = [&](double mean) {
    return -mean * std::log1p(-static_cast<double>(random() >> 11) * 0x1p-53);
  };

  std::priority_queue<Entry> heap;
  std::vector<int> busy(kHosts, 0);
  std::vector<std::deque<Waiting>> waiting(kHosts);
  std::uint64_t finished = 0;
  double latency = 0;
  const auto begin_service = [&](int host, double now, const Waiting& job) {
    latency += now + job.service - job.born;
    heap.push({now + job.service, host});
  };

  const auto begin = std::clock();
  heap.push({draw(1 / kRate), -1});
  while (!heap.empty()) {
    const Entry entry = heap.top();
    heap.pop();
    if (entry.host >= 0) {
      ++finished;
      auto& queue = waiting[static_cast<std::size_t>(entry.host)];
      if (queue.empty()) {
        --busy[static_cast<std::size_t>(entry.host)];
      } else {
        begin_service(entry.host, entry.date, queue.front());
        queue.pop_front();
      }
      continue;
    }
    const auto load = [&](int host) {
      return static_cast<std::size_t>(busy[static_cast<std::size_t>(host)]) +
             waiting[static_cast<std::size_t>(host)].size();
    };
    int host = static_cast<int>(random() % kHosts);
    if (least)
      for (int i = 0, first = host; i < kHosts; ++i)
        if (const int other = (first + i) % kHosts; load(other) < load(host)) host = other;
    const Waiting job{entry.date, draw(kMean)};
    if (busy[static_cast<std::size_t>(host)] < kSlots) {
      ++busy[static_cast<std::size_t>(host)];
      begin_service(host, entry.date, job);
    } else {
      waiting[static_cast<std::size_t>(host)].push_back(job);
    }
    if (const double next = entry.date + draw(1 / kRate); next < end) heap.push({next, -1});
  }
  const double cpu_s = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("%llu requests in %.2f s of CPU time: %.2f M requests/s; mean latency %.3f ms\n",
              static_cast<unsigned long long>(finished), cpu_s, static_cast<double>(finished) / cpu_s / 1e6,
              latency / static_cast<double>(finished) * 1e3);
}
