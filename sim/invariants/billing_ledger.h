#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace headroom::invariants {

/// Checks that a bill accounts for every conversion, to the unit: what was done once = what is billed − what
/// is billed twice or more + what is lost, in records, nanoseconds of CPU and bytes; and that the books' own
/// figures of what is billed, lost and duplicated are those. It trusts nobody's counting: it keeps two marks
/// for every job, done and billed. A quarter of a byte per job, and somewhat more for the page that it is on.
class BillingLedger {
 public:
  struct Sum {
    std::int64_t records = 0;
    std::int64_t cpu_ns = 0;
    std::int64_t bytes = 0;
    void add(std::int64_t cpu, std::int64_t size) {
      ++records;
      cpu_ns += cpu;
      bytes += size;
    }
    friend bool operator==(const Sum&, const Sum&) = default;
    friend Sum operator-(const Sum& a, const Sum& b) {
      return {a.records - b.records, a.cpu_ns - b.cpu_ns, a.bytes - b.bytes};
    }
  };

  /// A worker did the job for the first time.
  void completed(std::uint64_t job, std::int64_t cpu_ns, std::int64_t bytes) {
    if (!mark(page(job).done, job)) ++impossible_;
    done_.add(cpu_ns, bytes);
  }
  /// A record of the job was put on the bill.
  void billed(std::uint64_t job, std::int64_t cpu_ns, std::int64_t bytes) {
    Page& p = page(job);
    if (!marked(p.done, job)) ++impossible_;
    (mark(p.billed, job) ? once_ : again_).add(cpu_ns, bytes);
  }
  /// The bill was torn up.
  void emptied() {
    for (auto& [number, p] : pages_) p.billed = {};
    once_ = again_ = {};
  }
  /// What the books say in the end: the sum of all invoices, what was done and is on none, and what is on one
  /// once more than it was done.
  void close(const Sum& invoiced, const Sum& lost, const Sum& duplicated) {
    invoiced_ = invoiced;
    lost_ = lost;
    duplicated_ = duplicated;
  }

  bool holds() const {
    return impossible_ == 0 && lost_ == done_ - once_ && duplicated_ == again_ && invoiced_ - again_ == once_;
  }
  std::int64_t checked() const { return done_.records; }
  std::string detail() const {
    if (holds()) return "";
    if (impossible_ > 0) return std::to_string(impossible_) + " records of conversions that were not done";
    const Sum lost = done_ - once_;
    return text("done", done_) + text("; invoiced", invoiced_) + text("; lost", lost) +
           text(", the books say", lost_) + text("; duplicated", again_) +
           text(", the books say", duplicated_);
  }

 private:
  static constexpr std::uint64_t kJobsPerPage = 512;
  using Marks = std::array<std::uint64_t, kJobsPerPage / 64>;
  struct Page {
    Marks done{}, billed{};
  };
  Page& page(std::uint64_t job) {
    const std::uint64_t number = place(job) / kJobsPerPage;
    if (last_ == nullptr || number != last_number_) {
      last_ = &pages_[number];
      last_number_ = number;
    }
    return *last_;
  }
  /// Jobs' identities are a request's number times 1024, plus the rendition: most pages would be all but
  /// empty.
  static std::uint64_t place(std::uint64_t job) {
    const std::uint64_t rendition = job % 1024;
    return rendition << 54 | job / 1024;
  }
  static std::uint64_t bit(std::uint64_t job) { return std::uint64_t{1} << place(job) % 64; }
  static std::size_t word(std::uint64_t job) {
    return static_cast<std::size_t>(place(job) % kJobsPerPage / 64);
  }
  static bool marked(const Marks& marks, std::uint64_t job) { return (marks[word(job)] & bit(job)) != 0; }
  /// Whether it was not marked.
  static bool mark(Marks& marks, std::uint64_t job) {
    const bool before = marked(marks, job);
    marks[word(job)] |= bit(job);
    return !before;
  }
  static std::string text(const std::string& what, const Sum& s) {
    return what + " " + std::to_string(s.records) + " (" + std::to_string(s.cpu_ns) + " ns, " +
           std::to_string(s.bytes) + " B)";
  }

  std::unordered_map<std::uint64_t, Page> pages_;
  Page* last_ = nullptr;
  std::uint64_t last_number_ = 0;
  std::int64_t impossible_ = 0;
  Sum done_, once_, again_;
  Sum invoiced_, lost_, duplicated_;
};

}  // namespace headroom::invariants
