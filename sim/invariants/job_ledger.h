#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace headroom::invariants {

/// Checks what a queue promises, without trusting it: it is told what became visible (a job is committed, its
/// sender is told so, it leaves for a worker, it ends) and finds what must not be.
///  - No acknowledged job is lost: each was committed, and has ended or is still there.
///  - First in, first out: jobs leave for the first time in the order in which they were committed; but for
///    those that were passed over to be dropped, which leave late if they leave at all.
///  - Conservation: a job that was committed has ended once, or is still there.
///  - What is sent again makes no second job (looked for among the last thousands that were sent).
/// Jobs count from 1 in the order in which they are committed. Memory grows with the jobs that have not
/// ended.
class JobLedger {
 public:
  /// `ticket` names what was sent, the same each time that it is sent: a well mixed number.
  void committed(std::uint64_t job, std::uint64_t ticket) {
    ++committed_;
    if (job != first_ + jobs_.size()) complain(job, "was committed out of turn");
    jobs_.push_back({});
    note(ticket, job);
  }
  /// What was sent needs no job of its own (an earlier one will do).
  void absorbed(std::uint64_t ticket) { note(ticket, 0); }
  /// Once per ticket.
  void acknowledged(std::uint64_t ticket) {
    const auto found = unacknowledged_.find(ticket);
    if (found == unacknowledged_.end()) {
      early_.insert(ticket);
      return;
    }
    if (Job* job = find(found->second)) job->acknowledged = true;
    unacknowledged_.erase(found);
  }
  /// It leaves for a worker.
  void delivered(std::uint64_t job) {
    Job* j = find(job);
    if (j == nullptr || std::exchange(j->delivered, true)) return;
    ++delivered_;
    if (job < last_delivered_) ++overtaken_;
    last_delivered_ = job;
  }
  /// It is to be dropped. That is no delivery: those before it may still be on their way out.
  void passed_over(std::uint64_t job) {
    if (Job* j = find(job)) j->delivered = true;
  }
  /// It was done, dropped, or given up.
  void ended(std::uint64_t job) {
    Job* j = find(job);
    if (j == nullptr || std::exchange(j->ended, true)) {
      complain(job, "ended twice");
      return;
    }
    ++ended_;
    while (!jobs_.empty() && jobs_.front().ended) {
      jobs_.pop_front();
      ++first_;
    }
  }

  std::int64_t open() const { return committed_ - ended_; }
  std::int64_t committed_jobs() const { return committed_; }
  std::int64_t first_deliveries() const { return delivered_; }

  bool in_order() const { return overtaken_ == 0; }
  std::string order_detail() const {
    return in_order() ? "" : std::to_string(overtaken_) + " jobs were overtaken before their first delivery";
  }

  struct Verdict {
    std::int64_t lost = 0;               ///< committed, not ended, and not there
    std::int64_t lost_acknowledged = 0;  ///< of these, and of those never committed: the sender was told
    std::string detail{};                ///< of what does not hold; empty: all holds
    bool holds() const { return detail.empty(); }
  };
  /// At the end of a run: `there` says whether the queue still has a job.
  Verdict balance(const std::function<bool(std::uint64_t)>& there, std::int64_t still_there) const {
    Verdict v;
    v.lost_acknowledged = static_cast<std::int64_t>(early_.size());
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (jobs_[i].ended || there(first_ + i)) continue;
      ++v.lost;
      if (jobs_[i].acknowledged) ++v.lost_acknowledged;
    }
    v.detail = complaint_;
    if (v.lost + v.lost_acknowledged > 0)
      v.detail += std::to_string(v.lost) + " committed jobs lost, " + std::to_string(v.lost_acknowledged) +
                  " acknowledged ones; ";
    if (open() != still_there + v.lost)
      v.detail += std::to_string(committed_) + " committed, " + std::to_string(ended_) + " ended, " +
                  std::to_string(still_there) + " still there; ";
    return v;
  }

 private:
  static constexpr std::size_t kRecent = 8192;
  struct Job {
    bool acknowledged = false;
    bool delivered = false;
    bool ended = false;
  };
  Job* find(std::uint64_t job) {
    return job < first_ || job >= first_ + jobs_.size() ? nullptr : &jobs_[job - first_];
  }
  void note(std::uint64_t ticket, std::uint64_t job) {
    if (early_.erase(ticket) > 0) {  // told before it was true
      complain(job, "was acknowledged before it was committed");
      return;
    }
    std::optional<std::uint64_t>& place = recent_[ticket % kRecent];
    if (place == ticket) complain(job, "is of what was sent and committed before");
    place = ticket;
    unacknowledged_.emplace(ticket, job);
  }
  void complain(std::uint64_t job, const char* what) {
    if (complaint_.empty()) complaint_ = "job " + std::to_string(job) + " " + what + "; ";
  }

  std::uint64_t first_ = 1;
  std::deque<Job> jobs_;                                             // from first_ on
  std::unordered_map<std::uint64_t, std::uint64_t> unacknowledged_;  // ticket → job; never iterated
  std::unordered_set<std::uint64_t> early_;                          // never iterated
  /// Tickets, by their last digits.
  std::vector<std::optional<std::uint64_t>> recent_ = std::vector<std::optional<std::uint64_t>>(kRecent);
  std::uint64_t last_delivered_ = 0;
  std::int64_t committed_ = 0;
  std::int64_t delivered_ = 0;
  std::int64_t ended_ = 0;
  std::int64_t overtaken_ = 0;
  std::string complaint_;
};

}  // namespace headroom::invariants
